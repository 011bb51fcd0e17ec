//! The designs: what a core does for a task that wants a connection, or gives one back, act by act.
//!
//! An act happens in one place, a lock or an atomic word, that one core has at a time; between two acts of a core,
//! others may act.

mod borrowing;
mod fast_path;
mod locked;

use std::fmt::Debug;

use latebind::ConnId;

pub use self::borrowing::Borrowing;
pub use self::fast_path::FastPath;
pub use self::locked::Locked;
use super::judge::{Figures, Judge};
use super::machine::Machine;
use super::shard::{Shard, Tell};
use super::trial::{Course, Trial};
use super::workload::Scale;
use super::world::World;

/// A connection on lease, from the pool it belongs to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Lease {
    /// Which pool.
    pub shard: u32,
    /// The pool's name of it.
    pub conn: ConnId,
    /// What it leads to.
    pub key: u32,
}

/// What is told beside the tasks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Report {
    /// A dial has succeeded.
    Dialed,
    /// A connection has been closed, as it was told.
    Closed,
}

/// How cores share a pool.
pub trait Design {
    /// One thing that a core does in one place.
    type Act: Copy + Ord + Debug;

    /// How many places there are: locks and words.
    fn lines(&self) -> usize;

    /// Whether the place is a word that is compared and swapped, not a lock.
    fn is_word(&self, line: usize) -> bool;

    /// The first act for a task that wants a connection.
    fn get(&self, core: u32, task: u32, key: u32) -> Self::Act;

    /// The first act for a connection that comes back.
    fn give_back(&self, core: u32, lease: Lease) -> Self::Act;

    /// The act for a report.
    fn report(&self, lease: Lease, report: Report) -> Self::Act;

    /// Where the act happens; `None`: nothing that others write is changed.
    fn place(&self, act: Self::Act) -> Option<usize>;

    /// Does it, at once; the next act of the same job, if there is one.
    fn perform(&mut self, act: Self::Act, desk: &mut Desk<'_>) -> Option<Self::Act>;
}

/// What an act finds, and what it leaves to be done.
pub struct Desk<'a> {
    /// When, in nanoseconds.
    pub now: u64,
    /// Who.
    pub core: u32,
    /// What things cost.
    pub machine: &'a Machine,
    /// Told of everything.
    pub judge: &'a mut Judge,
    /// How long it takes, so far.
    pub spent: u64,
    /// To tasks, in the order of service.
    pub deliveries: Vec<(u32, Lease)>,
    /// Dials that begin.
    pub dials: Vec<Lease>,
    /// Connections that close.
    pub closes: Vec<Lease>,
}

impl<'a> Desk<'a> {
    /// A clean one.
    pub fn new(now: u64, core: u32, machine: &'a Machine, judge: &'a mut Judge) -> Self {
        judge.now = now;
        let (deliveries, dials, closes) = (Vec::new(), Vec::new(), Vec::new());
        Self { now, core, machine, judge, spent: 0, deliveries, dials, closes }
    }

    /// The act takes so many instructions more.
    pub fn run(&mut self, instructions: u64) {
        self.spent += self.machine.run(instructions);
    }

    /// The task has the connection.
    pub fn deliver(&mut self, task: u32, lease: Lease) {
        self.judge.delivered(task, lease.key);
        self.deliveries.push((task, lease));
    }
}

/// The designs that are compared.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Sharing {
    /// One pool, one lock: the driver as it is.
    OneLock,
    /// A pool for each core, keys by their hash; the limit in all is split.
    ByKey,
    /// The same, with one limit in all for all pools.
    ByKeyLimitShared,
    /// A pool for each core, which all have connections of each key, and borrow.
    ByCore,
    /// One pool, and the idle connections of each key in a stack before it.
    OneStack,
    /// The same, with a stack for each core.
    StackPerCore,
    /// A pool for each core, keys by their hash, one limit in all, and a stack before it for each key.
    ByKeyWithStack,
}

impl Sharing {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::OneLock,
        Self::ByKey,
        Self::ByKeyLimitShared,
        Self::ByCore,
        Self::OneStack,
        Self::StackPerCore,
        Self::ByKeyWithStack,
    ];

    /// What it is called in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::OneLock => "one lock",
            Self::ByKey => "by key, split",
            Self::ByKeyLimitShared => "by key, shared",
            Self::ByCore => "by core, lending",
            Self::OneStack => "one stack",
            Self::StackPerCore => "stack per core",
            Self::ByKeyWithStack => "by key + stack",
        }
    }

    /// Lets it run.
    pub fn run(self, trial: &Trial, machine: &Machine, course: &Course) -> Figures {
        let Trial { cores, workload } = *trial;
        let scale = workload.on(cores);
        let shards =
            |parts, splits_total, splits_keys| Shard::split(parts, &scale, splits_total, splits_keys);
        let run = Runner { machine, course, cores, scale };
        match self {
            Self::OneLock => run.run(Locked::new(shards(1, false, false))),
            Self::ByKey => run.run(Locked::new(shards(cores, true, false))),
            Self::ByKeyLimitShared => run.run(Locked::new(shards(cores, false, false))),
            Self::ByCore => {
                let parts = cores.min(scale.max_connections_per_key);
                run.run(Borrowing::new(shards(parts, true, true), cores, scale.keys))
            }
            Self::OneStack => run.run(FastPath::new(shards(1, false, false), cores, scale.keys, 1)),
            Self::StackPerCore => run.run(FastPath::new(shards(1, false, false), cores, scale.keys, cores)),
            Self::ByKeyWithStack => run.run(FastPath::new(shards(cores, false, false), cores, scale.keys, 1)),
        }
    }
}

struct Runner<'a> {
    machine: &'a Machine,
    course: &'a Course,
    cores: u32,
    scale: Scale,
}

impl Runner<'_> {
    fn run(self, design: impl Design) -> Figures {
        World::new(self.machine, self.course, self.cores, self.scale, design).run()
    }
}

/// Which of so many shards has the key: by a multiplication that mixes (Knuth's constant).
fn shard_of(key: u32, shards: usize) -> u32 {
    let mixed = key.wrapping_add(1).wrapping_mul(2_654_435_769);
    ((u64::from(mixed) * shards as u64) >> 32) as u32
}

impl Report {
    fn of(self, lease: Lease) -> Tell {
        match self {
            Self::Dialed => Tell::Dialed(lease.conn),
            Self::Closed => Tell::Closed(lease.conn),
        }
    }
}
