//! A network where everything goes wrong now and then, at random.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use latebind_tokio::{Capacity, Manager};
use tokio::task::yield_now;

/// Dials take a few turns, and one in ten fails.
pub(super) struct Chaos {
    pub(super) dice: AtomicU64,
    pub(super) alive: Arc<AtomicUsize>,
    pub(super) leases: Option<u32>,
    pub(super) recycles: bool,
}

/// Knows how many hold it at once.
pub(super) struct Conn {
    pub(super) holders: Arc<AtomicUsize>,
    /// Set by the peer, at random, when it is parked.
    pub(super) closed: Arc<AtomicBool>,
    pub(super) alive: Arc<AtomicUsize>,
}

impl Conn {
    fn new(alive: &Arc<AtomicUsize>) -> Self {
        alive.fetch_add(1, Ordering::SeqCst);
        Self { holders: Arc::default(), closed: Arc::default(), alive: Arc::clone(alive) }
    }
}

impl Clone for Conn {
    fn clone(&self) -> Self {
        self.alive.fetch_add(1, Ordering::SeqCst);
        let (holders, closed) = (Arc::clone(&self.holders), Arc::clone(&self.closed));
        Self { holders, closed, alive: Arc::clone(&self.alive) }
    }
}

impl Drop for Conn {
    fn drop(&mut self) {
        self.alive.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Manager for Chaos {
    type Key = u64;
    type Connection = Conn;
    type Error = &'static str;

    async fn connect(&self, _: &u64) -> Result<Conn, &'static str> {
        let dice = shuffle(self.dice.fetch_add(1, Ordering::Relaxed));
        turns(dice % 8).await;
        if dice.is_multiple_of(10) { Err("refused") } else { Ok(Conn::new(&self.alive)) }
    }

    fn capacity(&self, connection: &Conn) -> Capacity<Conn> {
        self.leases.map_or_else(Capacity::exclusive, |leases| Capacity::shared(leases, connection.clone()))
    }

    fn watches_closed(&self) -> bool {
        true
    }

    async fn closed(&self, connection: &mut Conn) {
        let dice = shuffle(self.dice.fetch_add(1, Ordering::Relaxed));
        if !dice.is_multiple_of(4) {
            std::future::pending::<()>().await;
        }
        turns(dice % 16).await;
        connection.closed.store(true, Ordering::SeqCst);
    }

    async fn check(&self, _: &mut Conn) -> bool {
        let dice = shuffle(self.dice.fetch_add(1, Ordering::Relaxed));
        turns(dice % 6).await;
        !dice.is_multiple_of(5)
    }

    fn recycles(&self) -> bool {
        self.recycles
    }

    async fn recycle(&self, _: &mut Conn) -> Result<(), &'static str> {
        let dice = shuffle(self.dice.fetch_add(1, Ordering::Relaxed));
        turns(dice % 4).await;
        if dice.is_multiple_of(13) { Err("not to be reset") } else { Ok(()) }
    }

    async fn close(&self, connection: Conn) {
        yield_now().await;
        drop(connection);
    }
}

/// A few bits of chance out of a count.
pub(super) fn shuffle(count: u64) -> u64 {
    let mut bits = count.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    bits ^= bits >> 31;
    bits.wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 20
}

pub(super) async fn turns(count: u64) {
    for _ in 0..count {
        yield_now().await;
    }
}
