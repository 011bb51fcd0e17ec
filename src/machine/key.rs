//! What the machine knows of a key.

use alloc::vec::Vec;
use core::num::NonZeroU32;

use super::conn::{Conn, ENDING, InAll, InKey, InRoomy, LEASED, State};
use super::floor::Floor;
use super::keys::Slots;
use super::waiter::{InArrivals, InBereft, InQueue, InUndialed, Request};
use crate::structure::{Arena, Heap, Links, List, NIL, Queue};
use crate::{ConnId, Counters, Time};

/// A key with a waiter, a connection, a floor or a backoff (I7). Laid out as written, for the reason that
/// [`Machine`](super::Machine) is.
#[derive(Clone, Debug)]
#[repr(C)]
pub(super) struct Key {
    /// A waiter more or less makes no difference to what it starts, as was found when it was filed.
    pub(super) is_full: bool,
    /// Stands among those to look after in this step.
    pub(super) touched: bool,
    /// The first waiter without cover (R4), or [`NIL`].
    // Invariant: it stands at place number `cover` of `queue`, counted from 0.
    uncovered: u32,
    /// How many waiters may hope for a dial, a check, or a capacity that comes back.
    cover: u64,
    /// The first in the order of arrival that had no backup dial so far, or [`NIL`] (R13): backups are given in
    /// that order, so those behind it had none either.
    unbacked: u32,
    /// All waiters in the order of arrival (R7).
    arrivals: List<InArrivals>,
    /// The same in the order of service (R2).
    queue: Queue<InQueue>,
    /// Those that never had a dial of their own (R3), in the same order.
    undialed: Queue<InUndialed>,
    /// The counter of that name, in nanoseconds.
    pub(super) waited_for: u64,
    pub(super) counters: Counters,
    /// How many connections are in each state.
    counts: [u32; State::COUNT],
    /// Those in the states that are looked through, in the order of coming there.
    lists: [List<InKey>; State::LISTED],
    /// All its connections.
    pub(super) all: List<InAll>,
    pub(super) floor: Floor,

    /// Those that had a dial and lost it, in the order of service: it failed, was stopped, or served another waiter.
    bereft: Heap<InBereft>,
    /// Shared ones in use with room, the one delivered last first (R18).
    roomy: Heap<InRoomy>,
    /// How many connections are shared, and in service (R5).
    shared: u32,
    /// Dials in progress for floors and preconnects, which `Surplus::Cancel` leaves alone (R5).
    stock: u32,
    /// The same, of those that are backups of waiters.
    pub(super) backups: u32,
    pub(super) backoff: Backoff,
    pub(super) dial_limit: DialLimit,
    /// Connections parked before are suspect (R17), in the order of events.
    pub(super) suspect_before: u64,
    /// Dials that are still to be started for `Preconnect`, in room that is being made (R20).
    pub(super) preconnects: u32,
    /// When the first of those was said, in the order of events.
    pub(super) preconnected: u64,
    /// How many of those need a dial beside those of its waiters, as it was filed.
    pub(super) ahead: u32,
    /// How many dials it would start if the pool had room, as it was filed (R10).
    pub(super) need: u32,
    /// Dials and checks beyond its waiters, as they were filed (R20).
    pub(super) expected: u64,
    /// The last dial that failed with no success since (R7).
    pub(super) last_failure: Option<ConnId>,
    pub(super) slots: Slots,
}

/// Rounds of failed dials (R7).
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Backoff {
    /// Rounds in a row, with no success since the first.
    pub(super) rounds: u32,
    /// When the last round began, in the order of events.
    pub(super) began: u64,
    /// Until when no dial starts, if it has not come yet.
    pub(super) until: Option<Time>,
}

/// What `LimitDials` says of a key (R8).
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct DialLimit {
    /// Holds in place of the config's.
    pub(super) own: Option<NonZeroU32>,
    /// How many dials were in progress when that was said: what invariant I2 can promise of a lower limit.
    pub(super) before: u32,
}

impl Default for Key {
    fn default() -> Self {
        Self {
            queue: Queue::default(),
            arrivals: List::default(),
            undialed: Queue::default(),
            unbacked: NIL,
            bereft: Heap::default(),
            uncovered: NIL,
            cover: 0,
            is_full: false,
            stock: 0,
            backups: 0,
            all: List::default(),
            counts: [0; State::COUNT],
            lists: Default::default(),
            shared: 0,
            roomy: Heap::default(),
            backoff: Backoff::default(),
            floor: Floor::default(),
            dial_limit: DialLimit::default(),
            suspect_before: 0,
            preconnects: 0,
            preconnected: 0,
            ahead: 0,
            need: 0,
            expected: 0,
            last_failure: None,
            counters: Counters::default(),
            waited_for: 0,
            touched: false,
            slots: Slots::default(),
        }
    }
}

impl Key {
    #[inline]
    pub(super) fn waiters(&self) -> u32 {
        self.queue.len()
    }

    /// The first waiter in the order of service, or [`NIL`].
    pub(super) fn first_waiter(&self) -> u32 {
        self.queue.front()
    }

    /// The first waiter that was there at `order` (R7), or [`NIL`]: by its place or, if all of them were
    /// reprioritized since, by its arrival.
    pub(super) fn first_waiter_at(&self, requests: &Arena<Request>, order: u64) -> u32 {
        match self.queue.first_before(requests, order) {
            NIL => self.oldest_waiter_at(requests, order),
            first => first,
        }
    }

    /// The waiter that arrived first, if it was there at `order`, or [`NIL`].
    pub(super) fn oldest_waiter_at(&self, requests: &Arena<Request>, order: u64) -> u32 {
        let oldest = self.arrivals.front();
        if oldest != NIL && requests[oldest].arrival < order { oldest } else { NIL }
    }

    /// A new waiter.
    pub(super) fn arrive(&mut self, requests: &mut Arena<Request>, waiter: u32) {
        self.arrivals.push_back(requests, waiter);
        if self.unbacked == NIL {
            self.unbacked = waiter;
        }
        self.join(requests, waiter);
    }

    /// A waiter has gone.
    #[inline]
    pub(super) fn depart(&mut self, requests: &mut Arena<Request>, waiter: u32) {
        self.leave(requests, waiter);
        if self.unbacked == waiter {
            self.back(requests);
        }
        self.arrivals.remove(requests, waiter);
    }

    /// Whose turn it is to get a backup dial (R13), or [`NIL`].
    pub(super) fn unbacked(&self) -> u32 {
        self.unbacked
    }

    /// That one has had its turn.
    pub(super) fn back(&mut self, requests: &Arena<Request>) {
        self.unbacked = List::<InArrivals>::next(requests, self.unbacked);
    }

    /// The first waiter without cover, or [`NIL`].
    pub(super) fn uncovered(&self) -> u32 {
        self.uncovered
    }

    /// Takes its place in the queue.
    #[inline]
    pub(super) fn join(&mut self, requests: &mut Arena<Request>, waiter: u32) {
        self.queue.push(requests, waiter);
        if self.uncovered == NIL {
            if u64::from(self.waiters()) > self.cover {
                self.uncovered = self.queue.back();
            }
        } else if requests[waiter].place < requests[self.uncovered].place {
            self.uncovered = List::<InQueue>::prev(requests, self.uncovered);
        }
        if requests[waiter].dial == NIL {
            self.undialed.push(requests, waiter);
        }
    }

    /// Leaves its place in the queue.
    #[inline]
    pub(super) fn leave(&mut self, requests: &mut Arena<Request>, waiter: u32) {
        let Request { place, dial, .. } = requests[waiter];
        if self.uncovered == waiter || self.uncovered != NIL && place < requests[self.uncovered].place {
            self.uncovered = List::<InQueue>::next(requests, self.uncovered);
        }
        self.queue.remove(requests, waiter);
        if dial == NIL {
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
        let is_lost_first = lost != NIL && (never == NIL || requests[lost].place < requests[never].place);
        if is_lost_first { lost } else { never }
    }

    pub(super) fn give_dial(&mut self, requests: &mut Arena<Request>, waiter: u32, dial: u32) {
        self.take_out_of_undialed(requests, waiter);
        // From now on it is a slot.
        requests[waiter].in_undialed = Links::NONE;
        requests[waiter].dial = dial;
    }

    pub(super) fn lose_dial(&mut self, requests: &mut Arena<Request>, waiter: u32) {
        requests[waiter].dial = NIL;
        let rank = requests[waiter].place.rank();
        self.bereft.set(requests, waiter, rank);
    }

    #[inline]
    fn take_out_of_undialed(&mut self, requests: &mut Arena<Request>, waiter: u32) {
        if self.bereft.contains(requests, waiter) {
            self.bereft.remove(requests, waiter);
        } else {
            self.undialed.remove(requests, waiter);
        }
    }

    pub(super) fn cover(&self) -> u64 {
        self.cover
    }

    /// Moves the first waiter without cover along. Costs as many steps as the cover changes by: more than one
    /// only for the capacity of a shared connection under check.
    pub(super) fn set_cover(&mut self, requests: &Arena<Request>, cover: u64) {
        self.is_full = false;
        while self.cover < cover && self.uncovered != NIL {
            self.uncovered = List::<InQueue>::next(requests, self.uncovered);
            self.cover += 1;
        }
        if self.uncovered == NIL && u64::from(self.waiters()) > cover {
            self.uncovered = self.queue.back();
            self.cover = u64::from(self.waiters()) - 1;
        }
        while self.cover > cover && self.uncovered != NIL {
            self.uncovered = List::<InQueue>::prev(requests, self.uncovered);
            self.cover -= 1;
        }
        self.cover = cover;
    }

    /// Dials in progress that `Surplus::Cancel` leaves alone (R5).
    pub(super) fn aside(&self) -> u32 {
        self.stock + self.backups
    }

    /// Connections in service that are shared, for `Surplus::CancelIfShared` (R5).
    pub(super) fn shared(&self) -> u32 {
        self.shared
    }

    /// The capacity of one of them has changed, and with that whether it is shared.
    pub(super) fn set_shared(&mut self, is_shared: bool) {
        self.shared = if is_shared { self.shared + 1 } else { self.shared - 1 };
    }

    /// More cover than there are waiters, backups of those who wait aside: what R10 takes from.
    pub(super) fn has_surplus(&self) -> bool {
        self.cover > u64::from(self.waiters()) + u64::from(self.backups)
    }

    #[inline]
    pub(super) fn count(&self, state: State) -> u32 {
        self.counts[state as usize]
    }

    #[inline]
    pub(super) fn connections(&self) -> u32 {
        self.all.len()
    }

    /// Connections that are not on their way out (R21).
    pub(super) fn remaining(&self) -> u32 {
        self.connections() - ENDING.map(|state| self.count(state)).iter().sum::<u32>()
    }

    pub(super) fn dials(&self) -> u32 {
        self.count(State::Dialing) + self.count(State::Stopping)
    }

    /// How many dials it may have at once: its own limit, or that of all keys.
    pub(super) fn max_dials(&self, of_all_keys: u32) -> u32 {
        self.dial_limit.own.map_or(of_all_keys, NonZeroU32::get)
    }

    #[inline]
    pub(super) fn idle(&self) -> u32 {
        self.count(State::Fresh) + self.count(State::Used)
    }

    pub(super) fn leased(&self) -> u32 {
        LEASED.map(|state| self.count(state)).iter().sum()
    }

    /// The connection that came into `state` first, or [`NIL`]; of a state that is listed.
    #[inline]
    pub(super) fn oldest(&self, state: State) -> u32 {
        self.list(state).map_or(NIL, List::front)
    }

    /// The connection that came into `state` last, or [`NIL`]; of a state that is listed.
    #[inline]
    pub(super) fn youngest(&self, state: State) -> u32 {
        self.list(state).map_or(NIL, List::back)
    }

    #[inline]
    fn list(&self, state: State) -> Option<&List<InKey>> {
        self.lists.get(state as usize)
    }

    /// The shared connection with room that was delivered last, or [`NIL`].
    pub(super) fn roomiest(&self) -> u32 {
        self.roomy.first()
    }

    /// Nobody waits, and nothing but used connections serves.
    #[inline]
    pub(super) fn is_quick(&self) -> bool {
        self.waiters() == 0 && self.roomy.first() == NIL && !self.floor.is_listed
    }

    /// A parked connection that was used before becomes busy.
    #[inline]
    pub(super) fn begin_lease(&mut self, conns: &mut Arena<Conn>, conn: u32) {
        self.lists[State::Used as usize].remove(conns, conn);
        self.counts[State::Used as usize] -= 1;
        self.counts[State::Busy as usize] += 1;
    }

    /// And back.
    #[inline]
    pub(super) fn end_lease(&mut self, conns: &mut Arena<Conn>, conn: u32) {
        self.lists[State::Used as usize].push_back(conns, conn);
        self.counts[State::Busy as usize] -= 1;
        self.counts[State::Used as usize] += 1;
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
        let conn = &conns[conn];
        if state == State::Dialing {
            self.stock += u32::from(conn.is_stock());
            self.backups += u32::from(conn.is_wanted_backup());
        }
        self.shared += u32::from(conn.is_shared());
        if conn.cover() > 0 {
            self.set_cover(requests, self.cover + u64::from(conn.cover()));
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
        let conn = &conns[conn];
        if state == State::Dialing {
            self.stock -= u32::from(conn.is_stock());
            self.backups -= u32::from(conn.is_wanted_backup());
        }
        self.shared -= u32::from(conn.is_shared());
        if conn.cover() > 0 {
            self.set_cover(requests, self.cover - u64::from(conn.cover()));
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
        self.floor = Floor::default();
        self.dial_limit = DialLimit::default();
        self.suspect_before = 0;
        self.last_failure = None;
        self.counters = Counters::default();
        self.waited_for = 0;
    }

    /// Nothing is left of it (I7).
    pub(super) fn is_over(&self) -> bool {
        self.waiters() == 0
            && self.connections() == 0
            && self.floor.min_idle == 0
            && self.preconnects == 0
            && self.backoff.until.is_none()
    }
}
