//! Waiters and keys, and what can be counted in the plain state.

use core::cmp::Reverse;
use core::num::NonZeroU32;

use latebind::{ConnId, Counters, Priority, RequestId, Time};

use super::conn::Conn;
use super::{Model, State};

/// A point in the order of events, and its time: "before" and "after" mean the order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Moment {
    pub(super) order: u64,
    pub(super) at: Time,
}

/// A request that waits.
#[derive(Clone, Debug)]
pub(super) struct Waiter<K> {
    pub(super) id: RequestId,
    pub(super) token: u64,
    pub(super) key: K,
    pub(super) priority: Priority,
    pub(super) arrived: Moment,
    /// When it took its place among those of its priority.
    pub(super) placed: Moment,
    /// The deadline that it brought.
    pub(super) deadline: Option<Time>,
    pub(super) had_backup: bool,
}

impl<K> Waiter<K> {
    /// Where it stands: less is first (R2).
    pub(super) fn place(&self) -> (Reverse<Priority>, u64) {
        (Reverse(self.priority), self.placed.order)
    }
}

/// A row of failures, and the hold that it brings (R7, R20).
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Backoff {
    pub(super) until: Option<Time>,
    pub(super) rounds: u32,
    /// When the last round began: only the failure of a dial started since makes a new one.
    pub(super) began: u64,
}

/// What is known of a key beside its waiters and connections.
#[derive(Clone, Debug)]
pub(super) struct Key<K> {
    pub(super) name: K,
    pub(super) backoff: Backoff,
    /// The last dial that failed, with no success since.
    pub(super) failed_dial: Option<ConnId>,
    /// When an idle connection was last found dead: those parked before are suspect (R17).
    pub(super) found_dead: Option<u64>,
    /// How many connections should be idle; 0: no floor (R20).
    pub(super) min_idle: u32,
    /// When it was said first.
    pub(super) kept: u64,
    pub(super) floor_backoff: Backoff,
    /// A limit of dials in place of the config's (R8).
    pub(super) max_dials: Option<NonZeroU32>,
    /// Dials that a preconnect still wants, and when it was said (R20).
    pub(super) preconnects: u32,
    pub(super) preconnected: u64,
    pub(super) counters: Counters,
}

impl<K> Key<K> {
    pub(super) fn new(name: K) -> Self {
        Self {
            name,
            backoff: Backoff::default(),
            failed_dial: None,
            found_dead: None,
            min_idle: 0,
            kept: 0,
            floor_backoff: Backoff::default(),
            max_dials: None,
            preconnects: 0,
            preconnected: 0,
            counters: Counters::default(),
        }
    }
}

impl<K: Clone + Eq> Model<K> {
    /// The next point in the order of events.
    pub(super) fn moment(&mut self) -> Moment {
        self.order += 1;
        Moment { order: self.order, at: self.now }
    }

    pub(super) fn key(&self, name: &K) -> &Key<K> {
        self.keys.iter().find(|key| key.name == *name).expect("a key that is known")
    }

    /// The key, which is known from now on until it is forgotten.
    pub(super) fn key_mut(&mut self, name: &K) -> &mut Key<K> {
        let place = self.keys.iter().position(|key| key.name == *name).unwrap_or_else(|| {
            self.keys.push(Key::new(name.clone()));
            self.keys.len() - 1
        });
        &mut self.keys[place]
    }

    /// The names of all keys.
    pub(super) fn names(&self) -> Vec<K> {
        self.keys.iter().map(|key| key.name.clone()).collect()
    }

    pub(super) fn conn(&self, id: ConnId) -> Option<&Conn<K>> {
        self.conns.iter().find(|conn| conn.id == id)
    }

    pub(super) fn conn_mut(&mut self, id: ConnId) -> &mut Conn<K> {
        self.conns.iter_mut().find(|conn| conn.id == id).expect("a connection that has not ended")
    }

    pub(super) fn waiter(&self, id: RequestId) -> Option<&Waiter<K>> {
        self.waiters.iter().find(|waiter| waiter.id == id)
    }

    /// The waiters of a key in the order of service (R2).
    pub(super) fn queue(&self, key: &K) -> Vec<&Waiter<K>> {
        let mut queue: Vec<_> = self.waiters.iter().filter(|waiter| waiter.key == *key).collect();
        queue.sort_by_key(|waiter| waiter.place());
        queue
    }

    /// How many connections of a key, or of all, are in such a state.
    pub(super) fn count(&self, key: Option<&K>, wanted: impl Fn(State) -> bool) -> usize {
        let of_key = self.conns.iter().filter(|conn| key.is_none_or(|key| conn.key == *key));
        of_key.filter(|conn| wanted(conn.state())).count()
    }

    /// What the waiters of the key may hope for.
    pub(super) fn cover(&self, key: &K) -> usize {
        self.conns.iter().filter(|conn| conn.key == *key).map(Conn::cover).sum()
    }

    /// The waiters of the key that nothing covers, in their order.
    pub(super) fn uncovered(&self, key: &K) -> Vec<&Waiter<K>> {
        self.queue(key).into_iter().skip(self.cover(key)).collect()
    }

    /// The connections of a key, or of all, that are in such a state, as they were parked or started.
    pub(super) fn ids(&self, key: Option<&K>, wanted: impl Fn(State) -> bool) -> Vec<ConnId> {
        let of_key = self.conns.iter().filter(|conn| key.is_none_or(|key| conn.key == *key));
        let mut found: Vec<_> = of_key.filter(|conn| wanted(conn.state())).collect();
        found.sort_by_key(|conn| conn.parked.unwrap_or(conn.started));
        found.into_iter().map(|conn| conn.id).collect()
    }
}
