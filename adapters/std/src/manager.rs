//! How connections are made, judged and closed, by functions that block.

use std::hash::Hash;

use latebind_driver::{Capacity, DialError};

/// Makes connections, and knows what they can do: the [driver's manager](latebind_driver::Manager) for plain threads.
/// Only [`connect`](Self::connect) has no default.
///
/// `connect`, `check`, `recycle` and `close` run on the pool's worker threads, and may block; they should not do so
/// without bound, for a thread cannot be stopped. The others run where they are needed. None runs under the pool's
/// lock, so they may use the pool (A2), but one that waits for a connection on a worker thread may wait for itself.
///
/// A panic in one of them is contained, as the driver's manager says.
pub trait Manager: Send + Sync + 'static {
    /// What makes two connections interchangeable: an address, or `()` for a single database.
    ///
    /// Its `Clone`, `Eq`, `Hash` and `Drop` run under the pool's lock: they must not use the pool, nor panic.
    type Key: Clone + Eq + Hash + Send + Sync + 'static;

    /// What is lent.
    type Connection: Send + 'static;

    /// Why a dial failed. If it is a [`std::error::Error`], so is [`Error`](crate::Error).
    type Error: Send + Sync + 'static;

    /// Opens a connection, the dial. When it takes longer than `Config::dial_timeout`, its waiters do not wait for it
    /// any more, but its worker is busy, and its place taken, until it returns (R9); a connection that it brings then
    /// is welcome. A time limit of its own ends it for good, such as that of
    /// [`TcpStream::connect_timeout`](std::net::TcpStream::connect_timeout).
    ///
    /// # Errors
    ///
    /// Whatever keeps it from connecting; see [`classify`](Self::classify) for what follows.
    fn connect(&self, key: &Self::Key) -> Result<Self::Connection, Self::Error>;

    /// How many leases a new connection can carry at once (R18). Default: one.
    fn capacity(&self, connection: &Self::Connection) -> Capacity<Self::Connection> {
        let _ = connection;
        Capacity::exclusive()
    }

    /// Whether a connection that comes back can be used again; asked on every return, on the thread that ends the
    /// lease, so it should be quick. Default: yes. For a shared connection it is asked of the lease's own handle.
    fn is_reusable(&self, connection: &mut Self::Connection) -> bool {
        let _ = connection;
        true
    }

    /// Whether a connection that was idle for longer than `Config::check_after_idle` is still alive (R16): a ping.
    /// Requests do not depend on it: they take whatever comes first. Default: yes.
    ///
    /// Taken as no when it takes longer than `Config::check_timeout`; the connection's place is free when it returns.
    /// Of a shared connection the pool's own handle is checked, the one that [`connect`](Self::connect) returned.
    fn check(&self, connection: &mut Self::Connection) -> bool {
        let _ = connection;
        true
    }

    /// Whether [`recycle`](Self::recycle) does anything; asked once, when the pool is built. Default: no, and a
    /// lease goes back without a worker in between.
    fn recycles(&self) -> bool {
        false
    }

    /// Makes an exclusive connection fit for the next lease when one has ended (rolls back a transaction, resets
    /// a session), if [`recycles`](Self::recycles) says so. It counts as leased meanwhile (R9).
    ///
    /// # Errors
    ///
    /// Whatever makes it unfit: it is closed. The error is told to nobody.
    fn recycle(&self, connection: &mut Self::Connection) -> Result<(), Self::Error> {
        let _ = connection;
        Ok(())
    }

    /// Ends a connection, whole or broken: called once for every one that was opened, unless it was lost in a panic
    /// of the manager's. Default: drops it. Until it returns, the connection counts against the limits (R9).
    fn close(&self, connection: Self::Connection) {
        drop(connection);
    }

    /// Whether another dial may do better (R7). Default: [`DialError::Transient`], it may.
    fn classify(&self, error: &Self::Error) -> DialError {
        let _ = error;
        DialError::Transient
    }
}

/// A [`Manager`] as the driver wants it: each of its futures blocks the worker that polls it, once.
#[derive(Clone, Copy, Debug)]
pub struct Blocking<M>(pub(crate) M);

impl<M: Manager> latebind_driver::Manager for Blocking<M> {
    type Key = M::Key;
    type Connection = M::Connection;
    type Error = M::Error;

    async fn connect(&self, key: &M::Key) -> Result<M::Connection, M::Error> {
        self.0.connect(key)
    }

    fn capacity(&self, connection: &M::Connection) -> Capacity<M::Connection> {
        self.0.capacity(connection)
    }

    fn is_reusable(&self, connection: &mut M::Connection) -> bool {
        self.0.is_reusable(connection)
    }

    async fn check(&self, connection: &mut M::Connection) -> bool {
        self.0.check(connection)
    }

    fn recycles(&self) -> bool {
        self.0.recycles()
    }

    async fn recycle(&self, connection: &mut M::Connection) -> Result<(), M::Error> {
        self.0.recycle(connection)
    }

    async fn close(&self, connection: M::Connection) {
        self.0.close(connection);
    }

    fn classify(&self, error: &M::Error) -> DialError {
        self.0.classify(error)
    }
}
