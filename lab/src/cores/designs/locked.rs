//! One pool behind one lock, or several that have a part of the keys each.

use super::{Design, Desk, Lease, Report, shard_of};
use crate::cores::shard::{Shard, Tell};

/// Pools side by side that know nothing of each other.
pub struct Locked(Vec<Shard>);

impl Locked {
    /// One lock for each.
    pub fn new(shards: Vec<Shard>) -> Self {
        Self(shards)
    }
}

impl Design for Locked {
    /// To which shard, and what it is told.
    type Act = (u32, Tell);

    fn lines(&self) -> usize {
        self.0.len()
    }

    fn is_word(&self, _line: usize) -> bool {
        false
    }

    fn get(&self, _core: u32, task: u32, key: u32) -> Self::Act {
        (shard_of(key, self.0.len()), Tell::Request(task, key))
    }

    fn give_back(&self, _core: u32, lease: Lease) -> Self::Act {
        (lease.shard, Tell::Idle(lease.conn))
    }

    fn report(&self, lease: Lease, report: Report) -> Self::Act {
        (lease.shard, report.of(lease))
    }

    fn place(&self, (shard, _): Self::Act) -> Option<usize> {
        Some(shard as usize)
    }

    fn perform(&mut self, (shard, tell): Self::Act, desk: &mut Desk<'_>) -> Option<Self::Act> {
        self.0[shard as usize].tell(tell, desk);
        None
    }
}
