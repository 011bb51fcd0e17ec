//! The third part of a step: the pool settles (R4, R5, R10, R13, R16, R17, R20).

use latebind::{Action, RequestId, Surplus, Time};

use super::conn::{Purpose, Stop};
use super::state::{Key, Waiter};
use super::time::end;
use super::{Model, State};

impl<K: Clone + Eq> Model<K> {
    /// Does what comes first of all that can be done, until there is nothing.
    pub(super) fn settle(&mut self) {
        while self.stop_needless()
            || self.start_check()
            || self.dial_for_waiter()
            || self.make_room()
            || self.dial_ahead()
            || self.make_room_ahead()
            || self.dial_backup()
            || self.fill_floor()
        {}
        self.forget();
        if self.shut_down && self.conns.is_empty() && !self.drained {
            self.drained = true;
            self.actions.push(Action::Drained);
        }
    }

    /// Keys with nothing left are forgotten (I7).
    pub(super) fn forget(&mut self) {
        let (waiters, conns) = (&self.waiters, &self.conns);
        self.keys.retain(|key| {
            key.min_idle > 0
                || key.preconnects > 0
                || key.backoff.until.is_some()
                || waiters.iter().any(|waiter| waiter.key == key.name)
                || conns.iter().any(|conn| conn.key == key.name)
        });
    }

    /// R5, where the policy says so.
    fn stop_needless(&mut self) -> bool {
        let mut stops = self.keys.iter().map(|key| &key.name).filter(|name| self.stops_surplus(name));
        let Some(dial) = stops.find_map(|name| self.needless_dial(name)) else { return false };
        self.stop(dial, Stop::Needless);
        true
    }

    /// Whether the key's surplus dials stop (R5).
    fn stops_surplus(&self, key: &K) -> bool {
        match self.config.surplus {
            Surplus::Cancel => true,
            Surplus::CancelIfShared => self.conns.iter().any(|conn| conn.key == *key && conn.is_shared()),
            _ => false,
        }
    }

    /// A free slot goes to the first waiter without cover among all keys.
    fn dial_for_waiter(&mut self) -> bool {
        let places = self.keys.iter().filter_map(|key| Some((self.first_to_dial_for(&key.name)?, &key.name)));
        let first = places.min_by_key(|(place, _)| *place).map(|(_, name)| name.clone());
        let Some(key) = first.filter(|_| self.free_room() > 0) else { return false };
        let owner = self.queue(&key).into_iter().map(|waiter| waiter.id).find(|id| !self.has_dial(*id));
        self.start_dial(&key, Purpose::Deficit, owner);
        true
    }

    fn has_dial(&self, waiter: RequestId) -> bool {
        self.conns.iter().any(|conn| conn.owner == Some(waiter) && conn.purpose != Purpose::Backup)
    }

    /// Preconnects, in the order in which they were said. What the key itself may not dial is dropped.
    fn dial_ahead(&mut self) -> bool {
        for name in self.names() {
            let most = if self.may_dial(&name) { self.room_of_key(&name) } else { 0 };
            let key = self.key_mut(&name);
            key.preconnects = key.preconnects.min(u32::try_from(most).unwrap_or(u32::MAX));
        }
        let first = self.preconnecting().into_iter().next();
        let Some(key) = first.filter(|_| self.free_room() > 0) else { return false };
        self.start_dial(&key, Purpose::Stock, None);
        true
    }

    /// The keys with preconnects beyond what the dials of their waiters will serve, in the order of those.
    pub(super) fn preconnecting(&self) -> Vec<K> {
        let is_ahead = |key: &&Key<K>| key.preconnects as usize > self.need(&key.name);
        let mut keys: Vec<_> = self.keys.iter().filter(is_ahead).collect();
        keys.sort_by_key(|key| key.preconnected);
        keys.into_iter().map(|key| key.name.clone()).collect()
    }

    /// The waiter of the key that gets the next backup, and when (R13).
    pub(super) fn next_backup(&self, key: &K) -> Option<(RequestId, Time)> {
        let waiting = self.waiters.iter().filter(|waiter| waiter.key == *key && !waiter.had_backup);
        let waiter = waiting.min_by_key(|waiter| waiter.arrived)?;
        let newest = *self.ids(Some(key), |state| state == State::Dialing).last()?;
        let young = waiter.arrived.at.max(self.conn(newest)?.started.at);
        Some((waiter.id, end(young, self.config.backup_dial_after)))
    }

    fn dial_backup(&mut self) -> bool {
        let due = self.keys.iter().map(|key| &key.name).filter_map(|name| {
            let (waiter, due) = self.next_backup(name)?;
            let may = self.may_dial(name) && self.room_of_key(name) > 0 && self.is_due(due);
            may.then(|| (self.waiter(waiter).map(Waiter::place), waiter, name.clone()))
        });
        let first = due.min_by_key(|(place, ..)| *place);
        let Some((_, waiter, key)) = first.filter(|_| self.free_room() > 0) else { return false };
        for found in self.waiters.iter_mut().filter(|found| found.id == waiter) {
            found.had_backup = true;
        }
        self.start_dial(&key, Purpose::Backup, Some(waiter));
        true
    }

    /// One dial more for the first floor that is not reached, in the order of their `Keep`.
    fn fill_floor(&mut self) -> bool {
        let misses = |key: &&Key<K>| {
            self.may_dial(&key.name) && key.floor_backoff.until.is_none() && self.is_below_floor(&key.name)
        };
        let first = self.keys.iter().filter(misses).min_by_key(|key| key.kept).map(|key| key.name.clone());
        let may = self.free_room() > 0 && self.may_have_more_idle();
        let Some(key) = first.filter(|_| may) else { return false };
        self.start_dial(&key, Purpose::Stock, None);
        true
    }
}
