//! What the machine knows of a key.

use alloc::vec::Vec;
use core::ops::{Index, IndexMut};

use super::conn::{Conn, ENDING, InKey, InRoomy, State};
use super::waiter::{InBereft, InQueue, InUndialed, Request};
use crate::structure::{Arena, Heap, List, NIL, Queue, Slotted};
use crate::{ConnId, Time};

/// A key with a waiter, a connection or a backoff (I7).
#[derive(Debug)]
pub(super) struct Key {
    /// All waiters, in the order of service (R2).
    queue: Queue<InQueue>,
    /// Those that never had a dial of their own (R3), in the same order.
    undialed: Queue<InUndialed>,
    /// Those that had one and lost it, in the same order: it failed, was stopped, or served another waiter.
    bereft: Heap<InBereft>,
    /// The first waiter without cover (R4), or [`NIL`].
    // Invariant: it stands at place number `cover()` of `queue`, counted from 0.
    uncovered: u32,
    /// Its connections.
    connections: u32,
    /// How many of them are in each state.
    counts: [u32; State::COUNT],
    /// Those in the states that are looked through, in the order of coming there.
    lists: [List<InKey>; State::LISTED],
    /// Shared ones in use with room, the one delivered last first (R18).
    roomy: Heap<InRoomy>,
    pub(super) backoff: Backoff,
    /// The last dial that failed with no success since (R7).
    pub(super) last_failure: Option<ConnId>,
    /// Stands among those to look after in this step.
    pub(super) touched: bool,
    stalled_slot: u32,
    backoff_slot: u32,
}

/// Rounds of failed dials under `DialFailure::Retry` (R7).
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Backoff {
    /// Rounds in a row, with no success since the first.
    pub(super) rounds: u32,
    /// When the last round began, in the order of events.
    pub(super) began: u64,
    /// Until when no dial starts, if it has not come yet.
    pub(super) until: Option<Time>,
}

impl Default for Key {
    fn default() -> Self {
        Self {
            queue: Queue::default(),
            undialed: Queue::default(),
            bereft: Heap::default(),
            uncovered: NIL,
            connections: 0,
            counts: [0; State::COUNT],
            lists: Default::default(),
            roomy: Heap::default(),
            backoff: Backoff::default(),
            last_failure: None,
            touched: false,
            stalled_slot: NIL,
            backoff_slot: NIL,
        }
    }
}

impl Key {
    pub(super) fn waiters(&self) -> u32 {
        self.queue.len()
    }

    /// The first waiter in the order of service, or [`NIL`].
    pub(super) fn first_waiter(&self) -> u32 {
        self.queue.front()
    }

    /// The first waiter that took its place before `order` (R7), or [`NIL`].
    pub(super) fn first_waiter_before(&self, requests: &Arena<Request>, order: u64) -> u32 {
        self.queue.first_before(requests, order)
    }

    /// The first waiter without cover, or [`NIL`].
    pub(super) fn uncovered(&self) -> u32 {
        self.uncovered
    }

    pub(super) fn join(&mut self, requests: &mut Arena<Request>, waiter: u32) {
        self.queue.push_back(requests, waiter);
        if self.uncovered == NIL {
            if self.waiters() > self.cover() {
                self.uncovered = self.queue.back();
            }
        } else if requests[waiter].place.rank() < requests[self.uncovered].place.rank() {
            self.uncovered = List::<InQueue>::prev(requests, self.uncovered);
        }
        self.undialed.push_back(requests, waiter);
    }

    pub(super) fn leave(&mut self, requests: &mut Arena<Request>, waiter: u32) {
        if self.uncovered != NIL && requests[waiter].place.rank() <= requests[self.uncovered].place.rank() {
            self.uncovered = List::<InQueue>::next(requests, self.uncovered);
        }
        self.queue.remove(requests, waiter);
        if requests[waiter].dial == NIL {
            self.take_out_of_undialed(requests, waiter);
        }
    }

    /// How many waiters have no dial of their own.
    pub(super) fn undialed(&self) -> u32 {
        self.undialed.len() + self.bereft.len()
    }

    /// The first waiter without a dial of its own (R3), or [`NIL`].
    pub(super) fn first_undialed(&self, requests: &Arena<Request>) -> u32 {
        let (never, lost) = (self.undialed.front(), self.bereft.first());
        let is_lost_first =
            lost != NIL && (never == NIL || requests[lost].place.rank() < requests[never].place.rank());
        if is_lost_first { lost } else { never }
    }

    pub(super) fn give_dial(&mut self, requests: &mut Arena<Request>, waiter: u32, dial: u32) {
        self.take_out_of_undialed(requests, waiter);
        requests[waiter].dial = dial;
    }

    pub(super) fn lose_dial(&mut self, requests: &mut Arena<Request>, waiter: u32) {
        requests[waiter].dial = NIL;
        let rank = requests[waiter].place.rank();
        self.bereft.set(requests, waiter, rank);
    }

    fn take_out_of_undialed(&mut self, requests: &mut Arena<Request>, waiter: u32) {
        if self.bereft.contains(requests, waiter) {
            self.bereft.remove(requests, waiter);
        } else {
            self.undialed.remove(requests, waiter);
        }
    }

    /// Dials in progress that may still serve waiters, and connections whose capacity is to come back.
    pub(super) fn cover(&self) -> u32 {
        self.count(State::Dialing) + self.count(State::Dormant) + self.count(State::Hollow)
    }

    pub(super) fn count(&self, state: State) -> u32 {
        self.counts[state as usize]
    }

    pub(super) fn connections(&self) -> u32 {
        self.connections
    }

    /// Connections that are not on their way out (R21).
    pub(super) fn remaining(&self) -> u32 {
        self.connections() - ENDING.map(|state| self.count(state)).iter().sum::<u32>()
    }

    pub(super) fn dials(&self) -> u32 {
        self.count(State::Dialing) + self.count(State::Stopping)
    }

    pub(super) fn idle(&self) -> u32 {
        self.count(State::Fresh) + self.count(State::Used)
    }

    /// The connection that came into `state` first, or [`NIL`]; of a state that is listed.
    pub(super) fn oldest(&self, state: State) -> u32 {
        self.list(state).map_or(NIL, List::front)
    }

    /// The connection that came into `state` last, or [`NIL`]; of a state that is listed.
    pub(super) fn youngest(&self, state: State) -> u32 {
        self.list(state).map_or(NIL, List::back)
    }

    fn list(&self, state: State) -> Option<&List<InKey>> {
        self.lists.get(state as usize)
    }

    /// A dial has begun: one connection more, about to `enter`.
    pub(super) fn add(&mut self) {
        self.connections += 1;
    }

    /// A connection is gone, after its `exit`.
    pub(super) fn subtract(&mut self) {
        self.connections -= 1;
    }

    /// The shared connection with room that was delivered last, or [`NIL`].
    pub(super) fn roomiest(&self) -> u32 {
        self.roomy.first()
    }

    /// Takes `conn` into its present state.
    pub(super) fn enter(&mut self, conns: &mut Arena<Conn>, requests: &Arena<Request>, conn: u32) {
        let state = conns[conn].state;
        self.counts[state as usize] += 1;
        if let Some(list) = self.lists.get_mut(state as usize) {
            list.push_back(conns, conn);
        } else if state == State::Roomy {
            let last_delivered_first = u64::MAX - conns[conn].order;
            self.roomy.set(conns, conn, last_delivered_first);
        }
        if state.is_cover() && self.uncovered != NIL {
            self.uncovered = List::<InQueue>::next(requests, self.uncovered);
        }
    }

    /// Takes `conn` out of its present state.
    pub(super) fn exit(&mut self, conns: &mut Arena<Conn>, requests: &Arena<Request>, conn: u32) {
        let state = conns[conn].state;
        self.counts[state as usize] -= 1;
        if let Some(list) = self.lists.get_mut(state as usize) {
            list.remove(conns, conn);
        } else if state == State::Roomy {
            self.roomy.remove(conns, conn);
        }
        if state.is_cover() {
            if self.uncovered != NIL {
                self.uncovered = List::<InQueue>::prev(requests, self.uncovered);
            } else if self.waiters() > self.cover() {
                self.uncovered = self.queue.back();
            }
        }
    }

    /// How many connections stand in the list of a state, if it is listed: for the check of the invariants.
    pub(super) fn listed(&self, state: State) -> Option<u32> {
        if state == State::Roomy { Some(self.roomy.len()) } else { self.list(state).map(List::len) }
    }

    /// All waiters in the order of service: for the check of the invariants.
    pub(super) fn queued(&self, requests: &Arena<Request>) -> Vec<u32> {
        let mut queued = Vec::new();
        let mut waiter = self.queue.front();
        while waiter != NIL {
            queued.push(waiter);
            waiter = List::<InQueue>::next(requests, waiter);
        }
        queued
    }

    /// Makes it as new, for the next key of its index.
    pub(super) fn forget(&mut self) {
        self.backoff = Backoff::default();
        self.last_failure = None;
    }

    /// Nothing is left of it (I7).
    pub(super) fn is_over(&self) -> bool {
        self.waiters() == 0 && self.backoff.until.is_none() && self.connections() == 0
    }
}

/// The keys, under the indices that the pool's names have.
#[derive(Debug, Default)]
pub(super) struct Keys(Vec<Key>);

impl Keys {
    /// Makes room for the key `index`.
    pub(super) fn reach(&mut self, index: u32) {
        if self.0.len() <= index as usize {
            self.0.resize_with(index as usize + 1, Key::default);
        }
    }

    /// The number of keys that ever were known at once.
    pub(super) fn len(&self) -> u32 {
        self.0.len() as u32
    }
}

impl Index<u32> for Keys {
    type Output = Key;

    fn index(&self, index: u32) -> &Key {
        &self.0[index as usize]
    }
}

impl IndexMut<u32> for Keys {
    fn index_mut(&mut self, index: u32) -> &mut Key {
        &mut self.0[index as usize]
    }
}

/// The heap of keys that could dial if there were room.
#[derive(Debug)]
pub(super) struct InStalled;
/// One of the two heaps of backoffs.
#[derive(Debug)]
pub(super) struct InBackoffs;

impl Slotted<InStalled> for Key {
    fn slot(&self) -> u32 {
        self.stalled_slot
    }

    fn slot_mut(&mut self) -> &mut u32 {
        &mut self.stalled_slot
    }
}

impl Slotted<InBackoffs> for Key {
    fn slot(&self) -> u32 {
        self.backoff_slot
    }

    fn slot_mut(&mut self) -> &mut u32 {
        &mut self.backoff_slot
    }
}
