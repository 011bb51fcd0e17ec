//! What a driver of tests may see, so that it can pick the subjects of its events.

use core::num::NonZeroU32;

use latebind::{ConnId, Event, RequestId, Time};

use super::{Model, State};

/// A connection that has not ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ConnView<'a, K> {
    /// Its name.
    pub id: ConnId,
    /// What it leads to.
    pub key: &'a K,
    /// What `docs/STATES.md` calls its state.
    pub state: State,
    /// How many leases it can carry; 0 for a dial.
    pub capacity: u32,
    /// How many it carries.
    pub leases: u32,
}

/// A request that waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WaiterView<'a, K> {
    /// Its name.
    pub id: RequestId,
    /// The requester's own correlation.
    pub token: u64,
    /// What it wants.
    pub key: &'a K,
}

impl<K: Clone + Eq> Model<K> {
    /// The connections that have not ended, in the order of their dials.
    pub fn conns(&self) -> impl Iterator<Item = ConnView<'_, K>> {
        self.conns.iter().map(|conn| ConnView {
            id: conn.id,
            key: &conn.key,
            state: conn.state(),
            capacity: conn.capacity,
            leases: conn.leases,
        })
    }

    /// The requests that wait, in the order of service (R2), over all keys.
    pub fn waiters(&self) -> impl Iterator<Item = WaiterView<'_, K>> {
        let mut waiters: Vec<_> = self.waiters.iter().collect();
        waiters.sort_by_key(|waiter| waiter.place());
        waiters.into_iter().map(|waiter| WaiterView { id: waiter.id, token: waiter.token, key: &waiter.key })
    }

    /// The latest time that was told.
    pub fn now(&self) -> Time {
        self.now
    }

    /// The keys that are known (I7).
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.keys.iter().map(|key| &key.name)
    }

    /// How many dials of a key may be in progress at once, if there is a limit: its own, or that of all keys (R8).
    pub fn max_dials_of(&self, key: &K) -> Option<u32> {
        let own = self.keys.iter().find(|known| known.name == *key).and_then(|known| known.max_dials);
        own.map(NonZeroU32::get).or(self.config.max_dials_per_key)
    }

    /// The key of a connection that has not ended: what `Pool::key` must tell.
    pub fn key_of(&self, id: ConnId) -> Option<&K> {
        self.conn(id).map(|conn| &conn.key)
    }

    /// Whether the event would do no more than a [`Tick`](Event::Tick) at the same time: a lost race (R24), or
    /// nothing to change.
    pub fn is_lost(&self, event: &Event<'_, K>) -> bool {
        if self.refuse(event).is_err() {
            return false;
        }
        match *event {
            Event::Tick => true,
            Event::Cancel { request } => self.waiter(request).is_none(),
            Event::Reprioritize { request, priority } => {
                self.waiter(request).is_none_or(|waiter| waiter.priority == priority)
            }
            Event::ConnClosed { conn } | Event::DialDone { conn, .. } if self.conn(conn).is_none() => true,
            Event::DialDone { conn, .. }
            | Event::ConnIdle { conn }
            | Event::CheckDone { conn, .. }
            | Event::Capacity { conn, .. }
            | Event::Draining { conn } => self.conn(conn).is_none_or(|conn| conn.state() == State::Closing),
            Event::Preconnect { .. } => self.shut_down || self.paused.is_some(),
            Event::Keep { key, min_idle } => {
                self.shut_down
                    || self.keys.iter().find(|known| known.name == *key).map_or(0, |key| key.min_idle)
                        == min_idle
            }
            Event::LimitDials { key, max_dials } => self
                .keys
                .iter()
                .find(|known| known.name == *key)
                .is_none_or(|known| known.max_dials == max_dials),
            Event::Clear { key, .. } => match key {
                Some(key) => self.keys.iter().all(|known| known.name != *key),
                None => self.keys.is_empty(),
            },
            Event::Pause { newcomers } => self.shut_down || self.paused == Some(newcomers),
            Event::Resume => self.paused.is_none(),
            Event::Shutdown => self.shut_down,
            _ => false,
        }
    }
}
