//! A pool for each core, or for a few of them, and the limits split among them. All have connections of every key; where
//! one has none idle, another may.
//!
//! A connection stays with its pool; what travels is the request that takes one elsewhere, and the lease that serves a
//! waiter of elsewhere. For each key one word, read by all, tells which pools have something idle, and which have waiters.
//! Who waits looks at it once more when it stands in its queue, and who gives back looks before it parks: one of the
//! two sees the other.

use super::{Design, Desk, Lease, Report};
use crate::cores::machine::Word;
use crate::cores::shard::{Shard, Tell, WHOEVER};

/// Pools that borrow from each other.
pub struct Borrowing {
    shards: Vec<Shard>,
    cores: u32,
    /// For each key: what its shards have.
    words: Vec<Word>,
    /// For each key and shard, as written in its word.
    written: Vec<Vec<Summary>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Default)]
struct Summary {
    has_idle: bool,
    has_waiters: bool,
}

/// What a core does.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Act {
    /// Asks its own shard, if that has something idle, or nobody has.
    Ask { home: u32, task: u32, key: u32 },
    /// Asks a shard that had something idle.
    Borrow { from: u32, home: u32, task: u32, key: u32 },
    /// Stands in its own shard's queue, unless it is served now.
    Enqueue { home: u32, task: u32, key: u32 },
    /// Looks whether something has become idle elsewhere, now that it stands there.
    LookAgain { home: u32, key: u32 },
    /// Takes it, for whoever waits first at home.
    Fetch { from: u32, home: u32, key: u32 },
    /// Gives a lease to the first waiter of a shard.
    Lend { to: u32, lease: Lease },
    /// Gives a connection back to its own shard: to a waiter there, to one elsewhere, or to be parked.
    Return(Lease),
    /// Tells its shard of a connection, whoever waits elsewhere.
    Tell { shard: u32, key: u32, tell: Tell },
}

impl Borrowing {
    /// Each of the shards serves as many cores; none has a limit of 0.
    pub fn new(shards: Vec<Shard>, cores: u32, keys: u32) -> Self {
        let nothing = vec![Summary::default(); shards.len()];
        let words = vec![Word::new(cores); keys as usize];
        Self { shards, cores, words, written: vec![nothing; keys as usize] }
    }

    fn home(&self, core: u32) -> u32 {
        (u64::from(core) * self.shards.len() as u64 / u64::from(self.cores)) as u32
    }

    /// The next shard after `home` of which the key's word says so.
    fn next(
        &mut self,
        home: u32,
        key: u32,
        desk: &mut Desk<'_>,
        wanted: impl Fn(&Summary) -> bool,
    ) -> Option<u32> {
        desk.spent += self.words[key as usize].read(desk.core, desk.machine);
        let count = self.shards.len() as u32;
        let others = (1..count).map(|distance| (home + distance) % count);
        let written = &self.written[key as usize];
        others.into_iter().find(|shard| wanted(&written[*shard as usize]))
    }

    fn tell(&mut self, shard: u32, key: u32, tell: Tell, desk: &mut Desk<'_>) -> Option<Lease> {
        let taken = self.shards[shard as usize].tell(tell, desk);
        self.write(shard, key, desk);
        taken
    }

    /// Only what has changed is written, before the lock is released.
    fn write(&mut self, shard: u32, key: u32, desk: &mut Desk<'_>) {
        let of_shard = &self.shards[shard as usize];
        let summary = Summary { has_idle: of_shard.idle(key) > 0, has_waiters: of_shard.waiters(key) > 0 };
        let written = &mut self.written[key as usize][shard as usize];
        if *written != summary {
            *written = summary;
            desk.spent += self.words[key as usize].write(desk.core, desk.machine);
        }
    }

    fn ask(&mut self, home: u32, task: u32, key: u32, desk: &mut Desk<'_>) -> Option<Act> {
        if self.shards[home as usize].idle(key) == 0
            && let Some(from) = self.next(home, key, desk, |summary| summary.has_idle)
        {
            return Some(Act::Borrow { from, home, task, key });
        }
        self.enqueue(home, task, key, desk)
    }

    fn enqueue(&mut self, home: u32, task: u32, key: u32, desk: &mut Desk<'_>) -> Option<Act> {
        let served = desk.deliveries.len();
        self.tell(home, key, Tell::Request(task, key), desk);
        (desk.deliveries.len() == served).then_some(Act::LookAgain { home, key })
    }
}

impl Design for Borrowing {
    type Act = Act;

    fn lines(&self) -> usize {
        self.shards.len()
    }

    fn is_word(&self, _line: usize) -> bool {
        false
    }

    fn get(&self, core: u32, task: u32, key: u32) -> Act {
        Act::Ask { home: self.home(core), task, key }
    }

    fn give_back(&self, _core: u32, lease: Lease) -> Act {
        Act::Return(lease)
    }

    fn report(&self, lease: Lease, report: Report) -> Act {
        Act::Tell { shard: lease.shard, key: lease.key, tell: report.of(lease) }
    }

    fn place(&self, act: Act) -> Option<usize> {
        let shard = match act {
            Act::LookAgain { .. } => return None,
            Act::Ask { home, .. } | Act::Enqueue { home, .. } => home,
            Act::Borrow { from, .. } | Act::Fetch { from, .. } => from,
            Act::Lend { to, .. } => to,
            Act::Return(lease) => lease.shard,
            Act::Tell { shard, .. } => shard,
        };
        Some(shard as usize)
    }

    fn perform(&mut self, act: Act, desk: &mut Desk<'_>) -> Option<Act> {
        match act {
            Act::Ask { home, task, key } => self.ask(home, task, key, desk),
            Act::Borrow { from, home, task, key } => {
                self.tell(from, key, Tell::Try(task, key), desk);
                desk.deliveries.is_empty().then_some(Act::Enqueue { home, task, key })
            }
            Act::Enqueue { home, task, key } => self.enqueue(home, task, key, desk),
            Act::LookAgain { home, key } => {
                let from = self.next(home, key, desk, |summary| summary.has_idle)?;
                Some(Act::Fetch { from, home, key })
            }
            Act::Fetch { from, home, key } => {
                let lease = self.tell(from, key, Tell::Try(WHOEVER, key), desk)?;
                Some(Act::Lend { to: home, lease })
            }
            Act::Lend { to, lease } => {
                let task = self.shards[to as usize].call_off(lease.key, desk);
                self.write(to, lease.key, desk);
                let Some(task) = task else { return Some(Act::Return(lease)) };
                desk.deliver(task, lease);
                None
            }
            Act::Return(lease) => {
                if self.shards[lease.shard as usize].waiters(lease.key) == 0
                    && let Some(to) = self.next(lease.shard, lease.key, desk, |summary| summary.has_waiters)
                {
                    return Some(Act::Lend { to, lease });
                }
                self.tell(lease.shard, lease.key, Tell::Idle(lease.conn), desk);
                None
            }
            Act::Tell { shard, key, tell } => {
                self.tell(shard, key, tell, desk);
                None
            }
        }
    }
}
