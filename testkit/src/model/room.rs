//! Room: who may dial, what is closed for whom (R8 to R11).

use core::cmp::Reverse;

use latebind::{CloseReason, ConnId, Priority};

use super::conn::{Purpose, Stop};
use super::time::end;
use super::{Model, State};

/// What a limit leaves; the greatest number if there is none.
fn left(limit: Option<u32>, used: usize) -> usize {
    limit.map_or(usize::MAX, |limit| (limit as usize).saturating_sub(used))
}

impl<K: Clone + Eq> Model<K> {
    /// How many dials the key's own limits allow.
    pub(super) fn room_of_key(&self, key: &K) -> usize {
        let connections = left(self.config.max_connections_per_key, self.count(Some(key), |_| true));
        connections.min(left(self.max_dials_of(key), self.count(Some(key), State::is_dial)))
    }

    /// How many dials the pool's limit of dials allows.
    pub(super) fn room_for_dials(&self) -> usize {
        left(self.config.max_dials, self.count(None, State::is_dial))
    }

    /// How many dials could start now.
    pub(super) fn free_room(&self) -> usize {
        left(self.config.max_connections, self.count(None, |_| true)).min(self.room_for_dials())
    }

    /// How many connections there may be more, once those on their way out are gone.
    fn room_to_come(&self) -> usize {
        let leaving = |state| matches!(state, State::Stopping | State::Closing);
        left(self.config.max_connections, self.count(None, |state| !leaving(state)))
    }

    /// Whether nothing but room could keep the key from dialing.
    pub(super) fn may_dial(&self, key: &K) -> bool {
        self.is_serving() && self.key(key).backoff.until.is_none()
    }

    /// Whether a connection of the key is on lease, and may come back (R14).
    pub(super) fn hopes_for_a_return(&self, key: &K) -> bool {
        let may_come_back = |state: State| state.is_leased() && state != State::Leaving;
        self.config.dial_delay.is_some() && self.count(Some(key), may_come_back) > 0
    }

    /// The first waiter without cover for whom a dial may start, room permitting.
    pub(super) fn first_to_dial_for(&self, key: &K) -> Option<(Reverse<Priority>, u64)> {
        let uncovered = self.uncovered(key);
        let first = uncovered.first().filter(|_| self.may_dial(key) && self.room_of_key(key) > 0)?;
        let held =
            self.hopes_for_a_return(key) && !self.is_due(end(first.arrived.at, self.config.dial_delay));
        (!held).then(|| first.place())
    }

    /// How many dials the waiters of the key would start if the pool had room.
    pub(super) fn need(&self, key: &K) -> usize {
        let uncovered = self.first_to_dial_for(key).map_or(0, |_| self.uncovered(key).len());
        uncovered.min(self.room_of_key(key))
    }

    /// The same with its preconnects; the dials of its waiters serve those, too.
    fn need_ahead(&self, key: &K) -> usize {
        let preconnects = if self.may_dial(key) { self.key(key).preconnects as usize } else { 0 };
        self.need(key).max(preconnects.min(self.room_of_key(key)))
    }

    /// What the keys other than `but` need together.
    fn needed(&self, but: Option<&K>, need: impl Fn(&Self, &K) -> usize) -> usize {
        let others = self.keys.iter().map(|key| &key.name).filter(|name| Some(*name) != but);
        others.fold(0, |sum, name| sum.saturating_add(need(self, name)))
    }

    /// Whether the keys other than `but` need more room than there will be, as far as they may dial.
    fn is_short_of_room(&self, but: Option<&K>, need: impl Fn(&Self, &K) -> usize) -> bool {
        self.needed(but, need).min(self.room_for_dials()) > self.room_to_come()
    }

    /// R10: whether a connection of the key that nobody takes would be closed at once for another key.
    pub(super) fn others_need_room(&self, key: &K) -> bool {
        self.is_short_of_room(Some(key), Self::need_ahead)
    }

    /// R10: a parked connection of another key is closed for waiters or, if there is none, a surplus dial stops.
    pub(super) fn make_room(&mut self) -> bool {
        let helps = |key: &K| self.is_short_of_room(Some(key), Self::need);
        if self.is_short_of_room(None, Self::need)
            && let Some(id) = self.first_to_go(helps)
        {
            self.close(id, CloseReason::Evicted);
        } else if self.is_short_of_places()
            && let Some(id) = self.surplus_dial()
        {
            self.stop(id, Stop::Needless);
        } else {
            return false;
        }
        true
    }

    /// Whether waiters need more room than there will be, and a dial that stops gives one of them a place among the
    /// dials, too.
    fn is_short_of_places(&self) -> bool {
        let dials_to_come = left(self.config.max_dials, self.count(None, |state| state == State::Dialing));
        self.needed(None, Self::need) > self.room_to_come() && dials_to_come >= self.room_to_come()
    }

    /// R20: a preconnect closes parked connections only, and what finds no room is dropped.
    pub(super) fn make_room_ahead(&mut self) -> bool {
        let Some(last) = self.preconnecting().pop() else { return false };
        if !self.is_short_of_room(None, Self::need_ahead) {
            return false;
        }
        let helps = |key: &K| self.is_short_of_room(Some(key), Self::need_ahead);
        if let Some(id) = self.first_to_go(helps) {
            self.close(id, CloseReason::Evicted);
        } else {
            let excess = self.needed(None, Self::need_ahead) - self.room_to_come();
            let ahead = self.need_ahead(&last) - self.need(&last);
            self.key_mut(&last).preconnects -= ahead.min(excess) as u32;
        }
        true
    }

    /// The parked connection that goes first, of those keys that it may be taken from: the longest-parked, those
    /// within a floor after all others.
    pub(super) fn first_to_go(&self, may: impl Fn(&K) -> bool) -> Option<ConnId> {
        let parked = self.conns.iter().filter(|conn| conn.state().is_parked() && may(&conn.key));
        let within_floor = |key| self.count(Some(key), State::is_parked) <= self.key(key).min_idle as usize;
        parked.min_by_key(|conn| (within_floor(&conn.key), conn.parked)).map(|conn| conn.id)
    }

    /// The youngest dial of a key with more cover than waiters; the backups of waiters are not counted, and stay.
    fn surplus_dial(&self) -> Option<ConnId> {
        let dials = self.ids(None, |state| state == State::Dialing);
        let has_surplus = |key: &K| {
            let backups = dials.iter().filter(|id| self.is_backup(**id));
            let backups = backups.filter(|id| self.conn(**id).is_some_and(|conn| conn.key == *key));
            self.cover(key) - backups.count() > self.queue(key).len()
        };
        let is_surplus = |id: &&ConnId| {
            !self.is_backup(**id) && self.conn(**id).is_some_and(|conn| has_surplus(&conn.key))
        };
        dials.iter().rev().find(is_surplus).copied()
    }

    /// Whether the dial is the backup of somebody who waits.
    fn is_backup(&self, id: ConnId) -> bool {
        self.conn(id).is_some_and(|conn| conn.purpose == Purpose::Backup && conn.owner.is_some())
    }

    /// R5: the youngest dial that stops now, where surplus dials do.
    pub(super) fn needless_dial(&self, key: &K) -> Option<ConnId> {
        let dials = self.ids(Some(key), |state| state == State::Dialing);
        let spared = |id: &ConnId| {
            self.is_backup(*id) || self.conn(*id).is_some_and(|conn| conn.purpose == Purpose::Stock)
        };
        let (spared, others): (Vec<_>, Vec<_>) = dials.into_iter().partition(spared);
        let is_surplus = self.cover(key) - spared.len() > self.queue(key).len();
        others.last().copied().filter(|_| is_surplus)
    }
}
