//! Ending a generation of connections.

use latebind::{Event, Waiters};

/// Which connections [`Pool::clear`](crate::Pool::clear) ends, and what becomes of those who use or await them
/// (R19).
///
/// Idle connections and those under check close, dials are stopped. By default, waiters are kept and get new
/// dials, and leases live on; their connections close when they come back.
#[derive(Debug)]
#[must_use = "it clears nothing until it is given to `Pool::clear`"]
pub struct Clear<'k, K> {
    key: Option<&'k K>,
    waiters: Waiters,
    interrupt: bool,
}

// By hand: a derive would ask for `K: Copy`, and only `&K` is stored.
impl<K> Clone for Clear<'_, K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K> Copy for Clear<'_, K> {}

impl<'k, K> Clear<'k, K> {
    /// Those of all keys. Costs O(keys + connections).
    pub fn all() -> Self {
        Self { key: None, waiters: Waiters::Keep, interrupt: false }
    }

    /// Those of one key.
    pub fn key(key: &'k K) -> Self {
        Self { key: Some(key), ..Self::all() }
    }

    /// Those who wait fail with [`Error::Cleared`](crate::Error::Cleared).
    pub fn fail_waiters(mut self) -> Self {
        self.waiters = Waiters::Fail;
        self
    }

    /// Connections on lease close now, too. Who holds an exclusive one keeps it until the lease ends, is told by
    /// [`Lease::cleared`](crate::Lease::cleared), and it holds its place in the limits until then (R9). Of a
    /// shared one the pool's own handle closes at once.
    pub fn interrupt(mut self) -> Self {
        self.interrupt = true;
        self
    }

    pub(crate) fn event(&self) -> Event<'k, K> {
        Event::Clear { key: self.key, waiters: self.waiters, interrupt: self.interrupt }
    }
}
