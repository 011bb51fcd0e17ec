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
    pub(super) token: u64,
    pub(super) place: QueuePlace,
    pub(super) arrived: Time,
    /// When that was, in the order of events; the order of `place` is later if it was reprioritized.
    pub(super) arrival: u64,
    pub(super) key: u32,
    /// Its own dial (R3), or [`NIL`].
    pub(super) dial: u32,
    /// Its backup dial (R13), or [`NIL`].
    pub(super) backup: u32,
    pub(super) patience: Patience,
    pub(super) in_queue: Links,
    pub(super) in_arrivals: Links,
    /// Its place among those that never had a dial, or its slot among those that lost theirs.
    pub(super) in_undialed: Links,
    /// Its place among those under the default timeout, or its slot among the deadlines.
    pub(super) in_patience: Links,
}

/// What ends a request's patience.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Patience {
    /// The pool's default timeout: stands in the list of arrivals.
    Default,
    /// Its own deadline: stands in the heap of deadlines.
    Deadline,
    /// Its end is just being reported.
    Over,
}

impl Request {
    /// Of no key, and in no queue.
    pub(super) const BLANK: Self = Self {
        token: 0,
        place: QueuePlace::FIRST,
        arrived: Time::ZERO,
        arrival: 0,
        key: NIL,
        dial: NIL,
        backup: NIL,
        patience: Patience::Default,
        in_queue: Links::NONE,
        in_arrivals: Links::NONE,
        in_undialed: Links::NONE,
        in_patience: Links::NONE,
    };

    /// A blank becomes a waiter of `key`.
    #[inline]
    pub(super) fn arrive(&mut self, key: u32, wish: Wish, arrived: Time, order: u64) {
        self.token = wish.token;
        self.place = QueuePlace::new(wish.priority, order);
        self.arrived = arrived;
        self.arrival = order;
        self.key = key;
        if wish.deadline.is_some() {
            self.patience = Patience::Deadline;
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
        self.in_patience.slot()
    }

    fn slot_mut(&mut self) -> &mut u32 {
        self.in_patience.slot_mut()
    }
}

impl Slotted<InBereft> for Request {
    fn slot(&self) -> u32 {
        self.in_undialed.slot()
    }

    fn slot_mut(&mut self) -> &mut u32 {
        self.in_undialed.slot_mut()
    }
}
