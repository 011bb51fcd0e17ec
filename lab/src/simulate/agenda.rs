//! What is going to happen, in the order of time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use latebind::{ConnId, DialError, Opened, Time};

use super::key::Key;

/// Something that happens at its time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Happening {
    /// The next user, or the next few, come.
    Arrival,
    /// A user has waited long enough.
    GivesUp(u64),
    /// A waiter becomes more or less urgent.
    Reprioritizes(u64),
    /// A dial ends; only the newest plan for it counts.
    DialEnds(ConnId, u32),
    /// A check ends.
    CheckEnds(ConnId, bool),
    /// A lease ends, by a return or with the connection.
    LeaseEnds(ConnId, End),
    /// A connection is closed, as it was told.
    Closed(ConnId),
    /// The peer closes a connection: whether somebody watches it.
    PeerCloses(ConnId, bool),
    /// The peer says GOAWAY.
    Goaway(ConnId),
    /// The peer changes the number of streams.
    CapacityChanges(ConnId),
    /// A host goes down for a while.
    Outage(Key),
    /// Somebody operates the pool.
    Operation,
    /// A pause has lasted long enough.
    Resume,
    /// Something is reported that is not true, or not news.
    Mischief,
    /// The pool's timer rings, if it is still this one.
    Tick(u64),
}

/// How a lease ends.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum End {
    /// The connection is given back.
    Returned,
    /// It cannot be used again.
    Broken,
}

/// How a dial is going to end.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Whether this is the newest plan.
    pub number: u32,
    /// What is reported.
    pub outcome: Result<Opened, DialError>,
}

/// Happenings by time, and those of one time in the order in which they were planned.
#[derive(Default, Debug)]
pub struct Agenda {
    heap: BinaryHeap<Reverse<(Time, u64, Happening)>>,
    planned: u64,
}

impl Agenda {
    /// Plans something.
    pub fn plan(&mut self, at: Time, happening: Happening) {
        self.planned += 1;
        self.heap.push(Reverse((at, self.planned, happening)));
    }

    /// What comes next, and when.
    pub fn take_next(&mut self) -> Option<(Time, Happening)> {
        self.heap.pop().map(|Reverse((at, _, happening))| (at, happening))
    }

    /// Nothing is planned any more.
    pub fn clear(&mut self) {
        self.heap.clear();
    }
}
