//! Idle connections of each key in lock-free stacks before the pool, one or one for each core, and a gate before each
//! stack: closed while anybody waits.
//!
//! To the pool, what lies in a stack is on lease. The gate is a bit of the stack's own word: a push or a pop of one who
//! saw it open fails if it was closed meanwhile, so nothing is left in a closed stack, and no waiter is missed.

use std::ops::Range;

use super::{Design, Desk, Lease, Report, shard_of};
use crate::cores::machine::Word;
use crate::cores::shard::{Shard, Tell};

/// Pools that have a part of the keys each, with stacks before them for each key.
pub struct FastPath {
    shards: Vec<Shard>,
    cores: u32,
    /// How many for a key; each serves as many cores.
    per_key: u32,
    /// Those of a key stand together.
    stacks: Vec<Stack>,
}

struct Stack {
    is_open: bool,
    /// What is looked at before it is swapped.
    word: Word,
    idle: Vec<Lease>,
}

/// What a core does.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Act {
    /// A look at a stack's word, for a task that wants a connection of a key.
    LookToTake { stack: u32, task: u32, key: u32 },
    /// The same, for a connection that comes back.
    LookToPut { stack: u32, lease: Lease },
    /// Takes one from the stack, if there is one.
    Pop { stack: u32, task: u32, key: u32 },
    /// Puts one into the stack, if the gate is open.
    Push { stack: u32, lease: Lease },
    /// Under the lock: if the pool has none, closes the gates, and takes all that is behind them to the pool; then asks it.
    Ask { task: u32, key: u32 },
    /// Under the lock: tells the pool of a connection of a key.
    Tell(u32, Tell),
}

impl FastPath {
    /// All gates are open. So many stacks for each key, at most one for each core.
    pub fn new(shards: Vec<Shard>, cores: u32, keys: u32, per_key: u32) -> Self {
        let stack = || Stack { is_open: true, word: Word::new(cores), idle: Vec::new() };
        let stacks = std::iter::repeat_with(stack).take((keys * per_key) as usize).collect();
        Self { shards, cores, per_key, stacks }
    }

    fn shard(&self, key: u32) -> usize {
        shard_of(key, self.shards.len()) as usize
    }

    fn stack(&self, core: u32, key: u32) -> u32 {
        key * self.per_key + core * self.per_key / self.cores
    }

    fn stacks(&self, key: u32) -> Range<usize> {
        let first = (key * self.per_key) as usize;
        first..first + self.per_key as usize
    }

    fn ask(&mut self, task: u32, key: u32, desk: &mut Desk<'_>) {
        let (number, stacks) = (self.shard(key), self.stacks(key));
        let shard = &mut self.shards[number];
        if shard.idle(key) == 0 {
            for stack in &mut self.stacks[stacks] {
                stack.close(desk);
                for lease in stack.idle.drain(..) {
                    desk.judge.taken(key);
                    shard.tell(Tell::Idle(lease.conn), desk);
                }
            }
        }
        self.tell(key, Tell::Request(task, key), desk);
    }

    fn tell(&mut self, key: u32, tell: Tell, desk: &mut Desk<'_>) {
        let (number, stacks) = (self.shard(key), self.stacks(key));
        self.shards[number].tell(tell, desk);
        if self.shards[number].waiters(key) == 0 {
            self.stacks[stacks].iter_mut().for_each(|stack| stack.open(desk));
        }
    }
}

impl Stack {
    fn close(&mut self, desk: &mut Desk<'_>) {
        if self.is_open {
            self.is_open = false;
            desk.spent += self.word.write(desk.core, desk.machine);
        }
    }

    /// Nobody waits any more: only who has the lock may say so.
    fn open(&mut self, desk: &mut Desk<'_>) {
        if !self.is_open {
            self.is_open = true;
            desk.spent += self.word.write(desk.core, desk.machine);
        }
    }

    fn look(&mut self, desk: &mut Desk<'_>) -> bool {
        desk.spent += self.word.read(desk.core, desk.machine);
        self.is_open
    }

    /// The swap itself; that the line comes to the core is the place's affair.
    fn swapped(&mut self, desk: &mut Desk<'_>) {
        let _counted_by_the_place = self.word.write(desk.core, desk.machine);
        desk.spent += desk.machine.atomic;
    }
}

impl Design for FastPath {
    type Act = Act;

    fn lines(&self) -> usize {
        self.shards.len() + self.stacks.len()
    }

    fn is_word(&self, line: usize) -> bool {
        line >= self.shards.len()
    }

    fn get(&self, core: u32, task: u32, key: u32) -> Act {
        Act::LookToTake { stack: self.stack(core, key), task, key }
    }

    fn give_back(&self, core: u32, lease: Lease) -> Act {
        Act::LookToPut { stack: self.stack(core, lease.key), lease }
    }

    fn report(&self, lease: Lease, report: Report) -> Act {
        Act::Tell(lease.key, report.of(lease))
    }

    fn place(&self, act: Act) -> Option<usize> {
        match act {
            Act::LookToTake { .. } | Act::LookToPut { .. } => None,
            Act::Pop { stack, .. } | Act::Push { stack, .. } => Some(self.shards.len() + stack as usize),
            Act::Ask { key, .. } | Act::Tell(key, _) => Some(self.shard(key)),
        }
    }

    fn perform(&mut self, act: Act, desk: &mut Desk<'_>) -> Option<Act> {
        let put = |lease: Lease| Act::Tell(lease.key, Tell::Idle(lease.conn));
        match act {
            Act::LookToTake { stack, task, key } => {
                let is_open = self.stacks[stack as usize].look(desk);
                Some(if is_open { Act::Pop { stack, task, key } } else { Act::Ask { task, key } })
            }
            Act::LookToPut { stack, lease } => {
                let is_open = self.stacks[stack as usize].look(desk);
                Some(if is_open { Act::Push { stack, lease } } else { put(lease) })
            }
            Act::Pop { stack, task, key } => {
                let stack = &mut self.stacks[stack as usize];
                let Some(lease) = stack.idle.pop() else { return Some(Act::Ask { task, key }) };
                stack.swapped(desk);
                desk.judge.taken(key);
                desk.deliver(task, lease);
                None
            }
            Act::Push { stack, lease } => {
                let stack = &mut self.stacks[stack as usize];
                if !stack.is_open {
                    return Some(put(lease));
                }
                stack.swapped(desk);
                desk.judge.parked(lease.key);
                stack.idle.push(lease);
                None
            }
            Act::Ask { task, key } => {
                self.ask(task, key, desk);
                None
            }
            Act::Tell(key, tell) => {
                self.tell(key, tell, desk);
                None
            }
        }
    }
}
