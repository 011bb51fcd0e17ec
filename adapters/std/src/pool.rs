//! The pool as plain threads use it.

use std::fmt;
use std::num::NonZeroU32;
use std::ops::Deref;
use std::time::Duration;

use latebind_driver::{Error, Get, Priority};

use crate::block_on::block_on;
use crate::{Blocking, Builder, Lease, Manager, Threads};

/// A pool of connections for plain threads; cheap to clone, each clone is a handle to the same pool.
///
/// Dereferences to the [driver's pool](latebind_driver::Pool), which has the rest: `stats`, `clear`, `pause`, `keep`
/// and so on. When the last handle is dropped, the pool shuts down (A5). Leases keep their connections until they end.
pub struct Pool<M: Manager>(latebind_driver::Pool<Blocking<M>, Threads>);

impl<M: Manager> Pool<M> {
    /// Begins to build a pool of the manager's connections.
    pub fn builder(manager: M) -> Builder<M> {
        Builder::new(Blocking(manager))
    }

    /// A connection of `key`: blocks this thread until there is one, for `Config::request_timeout` at most.
    ///
    /// # Errors
    ///
    /// No connection in time, a failed dial, too many waiters, the pool is closed.
    pub fn get(&self, key: &M::Key) -> Result<Lease<M>, Error<M::Error>> {
        self.request(key).wait()
    }

    /// As [`get`](Self::get), for `timeout` at most; zero: what is there now, or an error, and no dial (R12).
    ///
    /// # Errors
    ///
    /// As those of [`get`](Self::get).
    pub fn get_timeout(&self, key: &M::Key, timeout: Duration) -> Result<Lease<M>, Error<M::Error>> {
        self.request(key).timeout(timeout).wait()
    }

    /// A connection of `key`, with what there is to say of the request; ends in [`wait`](Request::wait).
    pub fn request<'k>(&self, key: &'k M::Key) -> Request<'k, M> {
        Request(self.0.get(key))
    }

    /// Blocks this thread until the pool was shut down, by whomever, and its last connection is gone. Does not shut
    /// it down.
    pub fn closed(&self) {
        block_on(self.0.closed());
    }

    /// Shuts the pool down (R21), and blocks this thread until nothing is left of it: also the leases have to end, and
    /// the manager's functions, so that it is not for those to call.
    pub fn shutdown(&self) {
        block_on(self.0.shutdown());
    }
}

/// A request that was not made yet. Made by [`Pool::request`].
#[must_use = "nothing is asked for until it waits"]
pub struct Request<'k, M: Manager>(Get<'k, Blocking<M>, Threads>);

impl<M: Manager> Request<'_, M> {
    /// How urgent it is: greater is served first (R2).
    pub fn priority(self, priority: Priority) -> Self {
        Self(self.0.priority(priority))
    }

    /// How long it waits: replaces `Config::request_timeout`. `None`: for ever; zero: it is served at once or fails,
    /// and starts no dial (R12).
    pub fn timeout(self, timeout: impl Into<Option<Duration>>) -> Self {
        Self(self.0.timeout(timeout))
    }

    /// Lets so many dials of the key be in progress at once, from this request on (R8); see
    /// [`Get::max_dials`].
    pub fn max_dials(self, max_dials: NonZeroU32) -> Self {
        Self(self.0.max_dials(max_dials))
    }

    /// Blocks this thread until there is a connection.
    ///
    /// # Errors
    ///
    /// As those of [`Pool::get`].
    pub fn wait(self) -> Result<Lease<M>, Error<M::Error>> {
        block_on(self.0)
    }
}

impl<M: Manager> From<latebind_driver::Pool<Blocking<M>, Threads>> for Pool<M> {
    fn from(pool: latebind_driver::Pool<Blocking<M>, Threads>) -> Self {
        Self(pool)
    }
}

impl<M: Manager> Deref for Pool<M> {
    type Target = latebind_driver::Pool<Blocking<M>, Threads>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<M: Manager> Clone for Pool<M> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<M: Manager> fmt::Debug for Pool<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<M: Manager> fmt::Debug for Request<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").finish_non_exhaustive()
    }
}
