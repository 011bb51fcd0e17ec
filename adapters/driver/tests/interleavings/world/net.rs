//! A network that does what a scenario says.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use latebind_driver::{Capacity, Manager};

use super::Gate;

/// Makes connections, at once unless told otherwise, and counts them.
///
/// The counts are no part of what the model checker looks at: they are compared when the threads have ended.
#[derive(Clone)]
pub(crate) struct Net {
    wire: Arc<Wire>,
    leases: Option<u32>,
    watches: bool,
    recycles: bool,
}

struct Wire {
    opened: AtomicUsize,
    closes: AtomicUsize,
    alive: AtomicUsize,
    /// The most that were alive at once.
    most: AtomicUsize,
    hung_up: AtomicBool,
    refuses: AtomicBool,
    /// The peer closes the first connection when it opens; the others live on.
    hang_up: Gate,
    /// Checks pass.
    check: Gate,
    /// Recycling ends.
    recycle: Gate,
}

/// A connection, or a handle to a shared one.
pub(crate) struct Conn {
    /// In the order of opening, from 0.
    pub(crate) name: usize,
    is_handle: bool,
    wire: Arc<Wire>,
}

impl Net {
    pub(crate) fn new() -> Self {
        let wire = Wire {
            opened: AtomicUsize::new(0),
            closes: AtomicUsize::new(0),
            alive: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
            hung_up: AtomicBool::new(false),
            refuses: AtomicBool::new(false),
            hang_up: Gate::default(),
            check: Gate::default(),
            recycle: Gate::default(),
        };
        Self { wire: Arc::new(wire), leases: None, watches: false, recycles: false }
    }

    /// Its connections carry so many leases at once.
    pub(crate) fn shared(&mut self, leases: u32) {
        self.leases = Some(leases);
    }

    /// Its connections tell when their peer closes them.
    pub(crate) fn watching(&mut self) {
        self.watches = true;
    }

    /// Its connections are recycled after each lease, once [`recycled`](Self::recycled) says so.
    pub(crate) fn recycling(&mut self) {
        self.recycles = true;
    }

    /// From now on dials fail.
    pub(crate) fn refuse(&self) {
        self.wire.refuses.store(true, Ordering::SeqCst);
    }

    /// The peer closes the first connection.
    pub(crate) fn hang_up(&self) {
        self.wire.hung_up.store(true, Ordering::SeqCst);
        self.wire.hang_up.open();
    }

    /// Something has happened to the first connection that is not its end: its watch has a task from now on.
    pub(crate) fn stir(&self) {
        self.wire.hang_up.stir();
    }

    /// Checks pass.
    pub(crate) fn checked(&self) {
        self.wire.check.open();
    }

    /// Recycling ends.
    pub(crate) fn recycled(&self) {
        self.wire.recycle.open();
    }

    pub(crate) fn opened(&self) -> usize {
        self.wire.opened.load(Ordering::SeqCst)
    }

    pub(crate) fn closes(&self) -> usize {
        self.wire.closes.load(Ordering::SeqCst)
    }

    /// R8, R9: the most connections that were alive at once, but for what a peer has closed, which counts no more.
    pub(crate) fn most(&self) -> usize {
        let no_more = usize::from(self.wire.hung_up.load(Ordering::SeqCst));
        self.wire.most.load(Ordering::SeqCst).saturating_sub(no_more)
    }

    pub(crate) fn alive(&self) -> usize {
        self.wire.alive.load(Ordering::SeqCst)
    }
}

impl Manager for Net {
    type Key = ();
    type Connection = Conn;
    type Error = &'static str;

    async fn connect(&self, (): &()) -> Result<Conn, &'static str> {
        if self.wire.refuses.load(Ordering::SeqCst) {
            return Err("refused");
        }
        let name = self.wire.opened.fetch_add(1, Ordering::SeqCst);
        let alive = 1 + self.wire.alive.fetch_add(1, Ordering::SeqCst);
        self.wire.most.fetch_max(alive, Ordering::SeqCst);
        Ok(Conn { name, is_handle: false, wire: Arc::clone(&self.wire) })
    }

    fn capacity(&self, connection: &Conn) -> Capacity<Conn> {
        let Some(leases) = self.leases else { return Capacity::exclusive() };
        let (name, wire) = (connection.name, Arc::clone(&connection.wire));
        Capacity::shared_with(leases, move || Conn { name, is_handle: true, wire: Arc::clone(&wire) })
    }

    fn watches_closed(&self) -> bool {
        self.watches
    }

    async fn closed(&self, connection: &mut Conn) {
        if connection.name > 0 {
            return std::future::pending().await;
        }
        self.wire.hang_up.passed().await;
    }

    async fn check(&self, _: &mut Conn) -> bool {
        self.wire.check.passed().await;
        true
    }

    fn recycles(&self) -> bool {
        self.recycles
    }

    async fn recycle(&self, _: &mut Conn) -> Result<(), &'static str> {
        self.wire.recycle.passed().await;
        Ok(())
    }

    async fn close(&self, connection: Conn) {
        self.wire.closes.fetch_add(1, Ordering::SeqCst);
        drop(connection);
    }
}

impl Drop for Conn {
    fn drop(&mut self) {
        if !self.is_handle {
            self.wire.alive.fetch_sub(1, Ordering::SeqCst);
        }
    }
}
