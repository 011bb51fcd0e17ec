//! The handle that users hold.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::num::NonZeroU32;
use std::sync::Arc;

use latebind::{Config, ConfigError, ConnId, Event, Newcomers, Stats};

use crate::clock::has_duration;
use crate::closed::Closed;
use crate::engine::Engine;
use crate::state::State;
use crate::{Builder, Clear, Get, Manager, Runtime};

/// A pool of connections; cheap to clone, each clone is a handle to the same pool.
///
/// When the last handle is dropped, the pool shuts down as by [`close`](Self::close) (A5). Leases keep their
/// connections until they end.
pub struct Pool<M: Manager, R: Runtime> {
    handle: Arc<Handle<M, R>>,
}

/// Held by the pool's users only: never by tasks, requests or leases.
struct Handle<M: Manager, R: Runtime> {
    engine: Arc<Engine<M, R>>,
}

impl<M: Manager, R: Runtime> Pool<M, R> {
    /// Begins to build a pool of the manager's connections.
    pub fn builder(manager: M) -> Builder<M, R> {
        Builder::new(manager)
    }

    pub(crate) fn new(engine: Engine<M, R>) -> Self {
        Self { handle: Arc::new(Handle { engine: Arc::new(engine) }) }
    }

    /// Asks for a connection of `key`; see [`Get`] for priority and timeout.
    ///
    /// # Errors
    ///
    /// The future's: no connection in time, a failed dial, too many waiters, the pool is closed.
    pub fn get<'k>(&self, key: &'k M::Key) -> Get<'k, M, R> {
        Get::new(Arc::clone(&self.handle.engine), Cow::Borrowed(key))
    }

    /// As [`get`](Self::get), for a future that borrows nothing.
    ///
    /// # Errors
    ///
    /// As those of [`get`](Self::get).
    pub fn get_owned(&self, key: M::Key) -> Get<'static, M, R> {
        Get::new(Arc::clone(&self.handle.engine), Cow::Owned(key))
    }

    /// Ends a generation of connections (R19), as after a failover: none of those that are there now, and of the
    /// dials in progress, serves a request any more.
    pub fn clear(&self, clear: Clear<'_, M::Key>) {
        self.handle.engine.step(|state, now, effects| state.apply(now, clear.event(), effects));
    }

    /// Stops delivering, dialing and checking until [`resume`](Self::resume) (R19). Those who wait keep waiting,
    /// with their timeouts; newcomers wait too, or fail with [`Error::Paused`](crate::Error::Paused).
    pub fn pause(&self, newcomers: Newcomers) {
        let event = Event::Pause { newcomers };
        self.handle.engine.step(|state, now, effects| state.apply(now, event, effects));
    }

    /// Ends a pause, also that of `Config::start_paused`; without one, does nothing (R19).
    pub fn resume(&self) {
        self.handle.engine.step(|state, now, effects| state.apply(now, Event::Resume, effects));
    }

    /// Keeps `min_idle` connections of `key` idle or on their way, beyond what is in use, as far as the limits
    /// permit (R20). Replaces what was said of the key before; 0 ends it. Failed dials are tried again after a
    /// backoff.
    pub fn keep(&self, key: &M::Key, min_idle: u32) {
        let event = Event::Keep { key, min_idle };
        if min_idle > 0 {
            // Its failed dials back off.
            self.handle.engine.start_clock();
        }
        self.handle.engine.step(|state, now, effects| state.apply(now, event, effects));
    }

    /// Sees to it once that there are `count` connections of `key`, counting those that are there or on their way,
    /// in use or not (R20). What finds no room is dropped.
    pub fn preconnect(&self, key: &M::Key, count: u32) {
        let event = Event::Preconnect { key, count };
        self.handle.engine.step(|state, now, effects| state.apply(now, event, effects));
    }

    /// Lets so many dials of `key` be in progress at once, instead of `Config::max_dials_per_key`: fewer, or more (R8).
    /// A lowered limit is approached, a raised one starts dials at once; `None` ends it. It holds for as long as the pool
    /// knows the key: while there is a connection, a dial, a request that waits, or a [`keep`](Self::keep). To
    /// say it with a request, there is [`Get::max_dials`].
    ///
    /// If a key's connections turn out not to be shared after all, end its limit, or its dials come one after the
    /// other.
    pub fn limit_dials(&self, key: &M::Key, max_dials: impl Into<Option<NonZeroU32>>) {
        let event = Event::LimitDials { key, max_dials: max_dials.into() };
        self.handle.engine.step(|state, now, effects| state.apply(now, event, effects));
    }

    /// A shared connection can carry so many leases from now on, as [`Lease::set_capacity`](crate::Lease::set_capacity)
    /// says, for those who hold none: a connection of capacity 0 whose last lease has ended, or which was born so, is
    /// in nobody's hands, counts as on its way for one waiter, and serves again when this gives it room (R18). If it
    /// will never have room again, [`drain`](Self::drain) it.
    ///
    /// Does nothing to an exclusive connection, or to one that has ended. Its [`ConnId`] is told by
    /// [`Lease::id`](crate::Lease::id) and by [`Notice::DialOpened`](crate::Notice::DialOpened).
    pub fn set_capacity(&self, conn: ConnId, capacity: u32) {
        self.handle.engine.step(|state, now, effects| state.set_capacity(now, conn, capacity, effects));
    }

    /// The peer wants to end a connection (GOAWAY), as [`Lease::drain`](crate::Lease::drain) says, for those who hold
    /// no lease: nobody gets it any more, and it closes when its last lease ends, or now (R18). Does nothing to a dial,
    /// or to a connection that has ended.
    pub fn drain(&self, conn: ConnId) {
        self.handle.engine.step(|state, now, effects| state.drain(now, conn, effects));
    }

    /// Closes the connections that are parked now; those of a floor (R20) are dialed anew. Costs O(keys + connections).
    pub fn close_idle(&self) {
        self.handle.engine.step(State::close_idle);
    }

    /// What the whole pool holds at the moment, and what it has done so far. O(1).
    pub fn stats(&self) -> Stats {
        self.handle.engine.lock().pool.stats()
    }

    /// The same of one key; all zero if it knows nothing of it. O(1).
    pub fn key_stats(&self, key: &M::Key) -> Stats {
        self.handle.engine.lock().pool.key_stats(key).unwrap_or_default()
    }

    /// Shuts the pool down (R21): waiters and new requests fail with [`Error::Closed`](crate::Error::Closed), dials
    /// stop, idle connections close, leased ones close when they come back. Does not wait for that.
    pub fn close(&self) {
        self.handle.engine.step(State::shut_down);
    }

    /// Completes when the pool was shut down, by whomever, and its last connection is gone. Holds no handle, so
    /// it may outlive the pool; does not shut it down.
    pub fn closed(&self) -> impl Future<Output = ()> + Send + 'static + use<M, R> {
        Closed::new(Arc::clone(&self.handle.engine))
    }

    /// [`close`](Self::close), and then [`closed`](Self::closed): returns when nothing is left.
    pub async fn shutdown(&self) {
        self.close();
        self.closed().await;
    }

    /// New limits and durations for the running pool (R21): a lowered limit is approached as connections come
    /// back, and durations apply to what exists. Costs O(keys + connections).
    ///
    /// # Errors
    ///
    /// A config that contradicts itself; nothing has changed then.
    pub fn reconfigure(&self, config: &Config) -> Result<(), ConfigError> {
        if has_duration(config) {
            self.handle.engine.start_clock();
        }
        self.handle.engine.step(|state, now, effects| state.reconfigure(now, config, effects))
    }

    /// Checks the invariants of the pool, and that the driver's tables agree with it. For tests: O(everything),
    /// under the lock.
    ///
    /// # Errors
    ///
    /// Names the invariant that broke, which is a bug of this library.
    pub fn check_invariants(&self) -> Result<(), String> {
        self.handle.engine.lock().check_invariants()
    }
}

impl<M: Manager, R: Runtime> Clone for Pool<M, R> {
    fn clone(&self) -> Self {
        Self { handle: Arc::clone(&self.handle) }
    }
}

impl<M: Manager, R: Runtime> fmt::Debug for Pool<M, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("stats", &self.stats()).finish_non_exhaustive()
    }
}

impl<M: Manager, R: Runtime> Drop for Handle<M, R> {
    fn drop(&mut self) {
        self.engine.step(State::shut_down);
    }
}
