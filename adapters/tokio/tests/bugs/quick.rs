//! Connections that are there at once, and count themselves: for threads that need no peer.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use latebind_tokio::{Capacity, Config, Manager, Pool};
use tokio::sync::Semaphore;

#[derive(Clone)]
pub(crate) struct Quick {
    pub(crate) tally: Arc<Tally>,
    leases: Option<u32>,
    /// A permit for each connection that may end.
    ends: Option<Arc<Semaphore>>,
}

/// What there was of the connections of a pool; handles to shared ones are not counted.
#[derive(Default)]
pub(crate) struct Tally {
    opened: AtomicUsize,
    closed: AtomicUsize,
    alive: AtomicUsize,
    most_alive: AtomicUsize,
}

/// A connection, or a handle to it, which has no tally.
pub(crate) struct Conn(Option<Arc<Tally>>);

impl Tally {
    pub(crate) fn opened(&self) -> usize {
        self.opened.load(Ordering::SeqCst)
    }

    pub(crate) fn closed(&self) -> usize {
        self.closed.load(Ordering::SeqCst)
    }

    pub(crate) fn alive(&self) -> usize {
        self.alive.load(Ordering::SeqCst)
    }

    /// How many there were at once, at most.
    pub(crate) fn most_alive(&self) -> usize {
        self.most_alive.load(Ordering::SeqCst)
    }
}

impl Quick {
    /// Connections for one lease at a time.
    pub(crate) fn exclusive() -> Self {
        Self { tally: Arc::default(), leases: None, ends: None }
    }

    /// Connections for so many leases at once.
    pub(crate) fn shared(leases: u32) -> Self {
        Self { leases: Some(leases), ..Self::exclusive() }
    }

    /// Their closes take until somebody permits them, one permit for each.
    pub(crate) fn with_slow_ends(mut self) -> (Self, Arc<Semaphore>) {
        let ends = Arc::new(Semaphore::new(0));
        self.ends = Some(Arc::clone(&ends));
        (self, ends)
    }

    /// A pool of so many connections for each key; to be built on a runtime.
    pub(crate) fn pool(&self, connections: u32) -> Pool<Self> {
        let config = Config::default().max_connections_per_key(connections);
        Pool::builder(self.clone())
            .config(config)
            .seed(1)
            .build()
            .expect("the config is sound, and this is a runtime")
    }
}

impl Manager for Quick {
    type Key = ();
    type Connection = Conn;
    type Error = Infallible;

    async fn connect(&self, (): &()) -> Result<Conn, Infallible> {
        self.tally.opened.fetch_add(1, Ordering::SeqCst);
        let alive = 1 + self.tally.alive.fetch_add(1, Ordering::SeqCst);
        self.tally.most_alive.fetch_max(alive, Ordering::SeqCst);
        Ok(Conn(Some(Arc::clone(&self.tally))))
    }

    fn capacity(&self, _: &Conn) -> Capacity<Conn> {
        self.leases.map_or_else(Capacity::exclusive, |leases| Capacity::shared_with(leases, || Conn(None)))
    }

    async fn close(&self, connection: Conn) {
        if let Some(ends) = &self.ends {
            ends.acquire().await.expect("it is never closed").forget();
        }
        self.tally.closed.fetch_add(1, Ordering::SeqCst);
        drop(connection);
    }
}

impl Drop for Conn {
    fn drop(&mut self) {
        if let Some(tally) = &self.0 {
            tally.alive.fetch_sub(1, Ordering::SeqCst);
        }
    }
}
