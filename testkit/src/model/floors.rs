//! Connections ahead of requests: floors and preconnects (R20).

use core::time::Duration;

use super::conn::Conn;
use super::state::Backoff;
use super::{Model, State};

impl<K: Clone + Eq> Model<K> {
    pub(super) fn keep(&mut self, name: &K, min_idle: u32) {
        if self.shut_down {
            return;
        }
        let order = self.moment().order;
        let key = self.key_mut(name);
        if key.min_idle == 0 {
            key.kept = order;
        }
        key.min_idle = min_idle;
        if min_idle == 0 {
            key.floor_backoff = Backoff::default();
        }
        // What only the floor kept may have been parked for too long.
        self.end_idle(name);
    }

    pub(super) fn preconnect(&mut self, name: &K, count: u32) {
        if !self.is_serving() {
            return;
        }
        let missing = (count as usize).saturating_sub(self.count(Some(name), State::stays)) as u32;
        let order = self.moment().order;
        let key = self.key_mut(name);
        if key.preconnects == 0 {
            key.preconnected = order;
        }
        key.preconnects = key.preconnects.max(missing);
    }

    /// What is idle, or will be when those who wait are served.
    fn stock(&self, key: &K) -> usize {
        let coming = self.count(Some(key), |state| state == State::Dialing || state.is_checking());
        let waiting = self.queue(key).len();
        self.count(Some(key), State::is_parked) + coming.saturating_sub(waiting)
    }

    /// Whether the key has less idle than it keeps, and room of its own.
    pub(super) fn is_below_floor(&self, key: &K) -> bool {
        let limit = self.config.max_idle_per_key.unwrap_or(u32::MAX);
        self.stock(key) < self.key(key).min_idle.min(limit) as usize && self.room_of_key(key) > 0
    }

    /// Whether all that will be idle is less than may be.
    pub(super) fn may_have_more_idle(&self) -> bool {
        let all: usize = self.keys.iter().map(|key| self.stock(&key.name)).sum();
        self.config.max_idle.is_none_or(|limit| all < limit as usize)
    }

    /// After any failed dial of a key with a floor, the floor waits: for a second at first, for a minute at most.
    pub(super) fn back_floor_off(&mut self, dial: &Conn<K>) {
        if self.key(&dial.key).min_idle > 0 {
            let mut state = self.key(&dial.key).floor_backoff;
            self.back_off(&mut state, dial, Duration::from_secs(1), Duration::from_secs(60));
            self.key_mut(&dial.key).floor_backoff = state;
        }
    }
}
