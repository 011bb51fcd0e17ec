//! Gauges, which are counted, and counters, which are kept.

use latebind::{Counters, Stats};

use super::{Model, State};

impl<K: Clone + Eq> Model<K> {
    /// Counts something that has happened to a key, and to the pool.
    pub(super) fn tally(&mut self, key: &K, count: impl Fn(&mut Counters)) {
        count(&mut self.counters);
        count(&mut self.key_mut(key).counters);
    }

    /// The gauges and counters of a key, or of all.
    pub(super) fn gauges(&self, key: Option<&K>) -> Stats {
        let count = |wanted: fn(State) -> bool| self.count(key, wanted) as u32;
        let mut stats = Stats::default();
        stats.waiters =
            self.waiters.iter().filter(|waiter| key.is_none_or(|key| waiter.key == *key)).count() as u32;
        stats.dialing = count(State::is_dial);
        stats.leased = count(State::is_leased);
        stats.idle = count(State::is_parked);
        stats.checking = count(State::is_checking);
        stats.dormant = count(|state| state == State::Dormant);
        stats.closing = count(|state| state == State::Closing);
        stats.keys = key.map_or(self.keys.len() as u32, |_| 1);
        stats.counters = key.map_or(self.counters, |key| self.key(key).counters);
        stats
    }
}
