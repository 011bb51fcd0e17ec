//! How connections are made, judged and closed: the user's part.

use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::sync::Arc;

use latebind::DialError;

/// Makes connections, and knows what they can do. Only [`connect`](Self::connect) has no default.
///
/// None of these functions runs under the pool's lock, so they may use the pool (A2). Implement those that return
/// a future as `async fn`.
///
/// A panic in one of them is contained: in `connect` and `capacity` it is a failed dial
/// ([`ConnectError::Panicked`](crate::ConnectError::Panicked)), in `is_reusable`, `closed`, `check` and `recycle` the
/// connection is closed, in `close` the connection counts as closed, and in `classify` the error counts as
/// [`DialError::Transient`].
pub trait Manager: Send + Sync + 'static {
    /// What makes two connections interchangeable: an address, or `()` for a single database.
    ///
    /// Its `Clone`, `Eq`, `Hash` and `Drop` run under the pool's lock: they must not use the pool, nor panic.
    type Key: Clone + Eq + Hash + Send + Sync + 'static;

    /// What is lent.
    type Connection: Send + 'static;

    /// Why a dial failed. If it is a [`std::error::Error`], so is [`Error`](crate::Error).
    type Error: Send + Sync + 'static;

    /// Opens a connection, the dial. Dropped if the pool has no use for it any more, or when it takes longer than
    /// `Config::dial_timeout`.
    ///
    /// # Errors
    ///
    /// Whatever keeps it from connecting; see [`classify`](Self::classify) for what follows.
    fn connect(&self, key: &Self::Key) -> impl Future<Output = Result<Self::Connection, Self::Error>> + Send;

    /// How many leases a new connection can carry at once (R18). Default: one.
    fn capacity(&self, connection: &Self::Connection) -> Capacity<Self::Connection> {
        let _ = connection;
        Capacity::exclusive()
    }

    /// Whether a connection that comes back can be used again; asked on every return, so it should be quick.
    /// Default: yes. For a shared connection it is asked of the lease's own handle.
    fn is_reusable(&self, connection: &mut Self::Connection) -> bool {
        let _ = connection;
        true
    }

    /// Whether [`closed`](Self::closed) is worth polling; asked once, when the pool is built. Default: no.
    fn watches_closed(&self) -> bool {
        false
    }

    /// Completes when the peer has closed the connection, or has spoken out of turn; polled while it is parked,
    /// if [`watches_closed`](Self::watches_closed) says so (A7). Default: never.
    ///
    /// Who parks the connection polls it first; a task does when something has woken it. The future is dropped when the connection is wanted: it must not lose what it read. A shared connection is
    /// watched from its first parking on, in use or not.
    fn closed(&self, connection: &mut Self::Connection) -> impl Future<Output = ()> + Send {
        let _ = connection;
        std::future::pending()
    }

    /// Whether a connection that was idle for longer than `Config::check_after_idle` is still alive (R16): a ping.
    /// Requests do not depend on it: they take whatever comes first. Default: yes.
    ///
    /// Dropped, and taken as no, when it takes longer than `Config::check_timeout`. Of a shared connection the
    /// pool's own handle is checked, the one that [`connect`](Self::connect) returned. The connection is not
    /// [watched](Self::closed) meanwhile.
    fn check(&self, connection: &mut Self::Connection) -> impl Future<Output = bool> + Send {
        let _ = connection;
        std::future::ready(true)
    }

    /// Whether [`recycle`](Self::recycle) does anything; asked once, when the pool is built. Default: no, and a
    /// lease goes back without a task in between.
    fn recycles(&self) -> bool {
        false
    }

    /// Makes an exclusive connection fit for the next lease when one has ended (rolls back a transaction, resets
    /// a session), if [`recycles`](Self::recycles) says so. It counts as leased meanwhile (R9), so this should not
    /// wait for a peer without bound. Dropped, and the connection closed, when the pool shuts down or a
    /// [`Clear`](crate::Clear) interrupts.
    ///
    /// # Errors
    ///
    /// Whatever makes it unfit: it is closed. The error is told to nobody.
    fn recycle(
        &self,
        connection: &mut Self::Connection,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send {
        let _ = connection;
        std::future::ready(Ok(()))
    }

    /// Ends a connection, whole or broken: called once for every one that was opened, unless it was lost in a panic
    /// of the manager's or with the runtime. Default: drops it.
    ///
    /// Until this completes, the connection counts against the limits (R9), so it should not wait for a peer without
    /// bound. One that its peer has [closed](Self::closed) does not count any more: its slot was free as soon as that
    /// was found, and [`Pool::shutdown`](crate::Pool::shutdown) does not wait for it.
    fn close(&self, connection: Self::Connection) -> impl Future<Output = ()> + Send {
        async move { drop(connection) }
    }

    /// Whether another dial may do better (R7). Default: [`DialError::Transient`], it may.
    fn classify(&self, error: &Self::Error) -> DialError {
        let _ = error;
        DialError::Transient
    }
}

/// How many leases a connection can carry at once: what [`Manager::capacity`] answers (R18).
pub struct Capacity<C>(pub(crate) Option<Sharing<C>>);

/// A connection that can be shared: how often, and how its leases get their handles.
pub(crate) struct Sharing<C> {
    pub(crate) leases: u32,
    pub(crate) maker: Maker<C>,
}

/// Makes one more handle to a shared connection. User code: never called under the lock.
pub(crate) type Maker<C> = Arc<dyn Fn() -> C + Send + Sync>;

impl<C> Capacity<C> {
    /// One lease at a time, which holds the connection itself.
    pub fn exclusive() -> Self {
        Self(None)
    }

    /// Up to `leases` at once, each holding a clone of `handle`. With 0, the connection takes leases once
    /// [`Pool::set_capacity`](crate::Pool::set_capacity) says so, and counts as on its way for one waiter until then:
    /// somebody has to, or to [`drain`](crate::Pool::drain) it.
    pub fn shared(leases: u32, handle: C) -> Self
    where
        C: Clone + Send + Sync + 'static,
    {
        Self::shared_with(leases, move || handle.clone())
    }

    /// Up to `leases` at once, each holding what `handle` returns: for connections that are not `Clone`.
    pub fn shared_with(leases: u32, handle: impl Fn() -> C + Send + Sync + 'static) -> Self {
        Self(Some(Sharing { leases, maker: Arc::new(handle) }))
    }
}

impl<C> fmt::Debug for Capacity<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            None => f.write_str("Capacity::exclusive()"),
            Some(sharing) => write!(f, "Capacity::shared({}, ..)", sharing.leases),
        }
    }
}
