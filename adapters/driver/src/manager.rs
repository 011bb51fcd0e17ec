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
/// ([`ConnectError::Panicked`](crate::ConnectError::Panicked)), in `is_reusable` and `closed` the connection is
/// closed, in `close` the connection counts as closed, and in `classify` the error counts as
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
    /// The future is dropped when the connection is wanted: it must not lose what it read. A shared connection is
    /// watched from its first parking on, in use or not.
    fn closed(&self, connection: &mut Self::Connection) -> impl Future<Output = ()> + Send {
        let _ = connection;
        std::future::pending()
    }

    /// Ends a connection, whole or broken; until this completes, it counts against the limits (R9), so it should
    /// not wait for a peer without bound. Default: drops it.
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
    /// [`Lease::set_capacity`](crate::Lease::set_capacity) or a later event says so.
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
