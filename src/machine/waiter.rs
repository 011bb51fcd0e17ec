//! What the machine knows of a waiter: requests that were answered at once leave no trace.

use crate::structure::{Linked, Links, NIL, QueuePlace, Queued, Slotted};
use crate::{Priority, Time};

/// What a request brings along.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wish {
    pub(crate) token: u64,
    pub(crate) priority: Priority,
    pub(crate) deadline: Option<Time>,
}

#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) key: u32,
    pub(super) token: u64,
    pub(super) place: QueuePlace,
    pub(super) arrived: Time,
    /// When that was, in the order of events; the order of `place` is later if it was reprioritized.
    pub(super) arrival: u64,
    pub(super) patience: Patience,
    /// Its own dial (R3), or [`NIL`].
    pub(super) dial: u32,
    /// Its backup dial (R13), or [`NIL`].
    pub(super) backup: u32,
    /// It had a backup dial.
    pub(super) is_backed: bool,
    in_queue: Links,
    in_arrivals: Links,
    in_undialed: Links,
    in_backups: Links,
    in_patience: Links,
    deadline_slot: u32,
    bereft_slot: u32,
}

/// What ends a request's patience.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Patience {
    /// The pool's default timeout: stands in the list of arrivals.
    Default,
    /// Its own deadline: stands in the heap of deadlines.
    Deadline(Time),
    /// Its end is just being reported.
    Over,
}

impl Request {
    pub(super) fn new(key: u32, wish: Wish, arrived: Time, order: u64) -> Self {
        Self {
            key,
            token: wish.token,
            place: QueuePlace { priority: wish.priority, order },
            arrived,
            arrival: order,
            patience: wish.deadline.map_or(Patience::Default, Patience::Deadline),
            dial: NIL,
            backup: NIL,
            is_backed: false,
            in_queue: Links::NONE,
            in_arrivals: Links::NONE,
            in_undialed: Links::NONE,
            in_backups: Links::NONE,
            in_patience: Links::NONE,
            deadline_slot: NIL,
            bereft_slot: NIL,
        }
    }
}

/// The queue of all waiters of a key.
#[derive(Clone, Debug)]
pub(super) struct InQueue;
/// The list of all waiters of a key in the order of arrival.
#[derive(Clone, Debug)]
pub(super) struct InArrivals;
/// The queue of those that never had a dial of their own.
#[derive(Clone, Debug)]
pub(super) struct InUndialed;
/// The list of those that had no backup dial, in order of arrival.
#[derive(Clone, Debug)]
pub(super) struct InBackups;
/// The heap of those that lost their dial.
#[derive(Clone, Debug)]
pub(super) struct InBereft;
/// The list of those under the default timeout, in order of arrival.
#[derive(Clone, Debug)]
pub(super) struct InPatience;
/// The heap of deadlines.
#[derive(Clone, Debug)]
pub(super) struct InDeadlines;

impl Linked<InQueue> for Request {
    fn links(&self) -> &Links {
        &self.in_queue
    }

    fn links_mut(&mut self) -> &mut Links {
        &mut self.in_queue
    }
}

impl Queued<InQueue> for Request {
    fn place(&self) -> QueuePlace {
        self.place
    }
}

impl Linked<InArrivals> for Request {
    fn links(&self) -> &Links {
        &self.in_arrivals
    }

    fn links_mut(&mut self) -> &mut Links {
        &mut self.in_arrivals
    }
}

impl Linked<InUndialed> for Request {
    fn links(&self) -> &Links {
        &self.in_undialed
    }

    fn links_mut(&mut self) -> &mut Links {
        &mut self.in_undialed
    }
}

impl Queued<InUndialed> for Request {
    fn place(&self) -> QueuePlace {
        self.place
    }
}

impl Linked<InBackups> for Request {
    fn links(&self) -> &Links {
        &self.in_backups
    }

    fn links_mut(&mut self) -> &mut Links {
        &mut self.in_backups
    }
}

impl Linked<InPatience> for Request {
    fn links(&self) -> &Links {
        &self.in_patience
    }

    fn links_mut(&mut self) -> &mut Links {
        &mut self.in_patience
    }
}

impl Slotted<InDeadlines> for Request {
    fn slot(&self) -> u32 {
        self.deadline_slot
    }

    fn slot_mut(&mut self) -> &mut u32 {
        &mut self.deadline_slot
    }
}

impl Slotted<InBereft> for Request {
    fn slot(&self) -> u32 {
        self.bereft_slot
    }

    fn slot_mut(&mut self) -> &mut u32 {
        &mut self.bereft_slot
    }
}
