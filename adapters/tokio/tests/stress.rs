//! Many tasks on two workers that hold, cancel, discard and fail at random, while the invariants are checked.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use latebind_tokio::{Binding, Capacity, Config, Error, IdleOrder, Manager, Pool, Surplus};
use tokio::task::{JoinHandle, yield_now};

const TASKS: u64 = 64;
const ROUNDS: u64 = 150;
const KEYS: u64 = 4;

/// Dials take a few turns, and one in ten fails.
struct Chaos {
    dice: AtomicU64,
    alive: Arc<AtomicUsize>,
    leases: Option<u32>,
}

/// Knows how many hold it at once.
struct Conn {
    holders: Arc<AtomicUsize>,
    /// Set by the peer, at random, when it is parked.
    closed: Arc<AtomicBool>,
    alive: Arc<AtomicUsize>,
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

    async fn close(&self, connection: Conn) {
        yield_now().await;
        drop(connection);
    }
}

/// A few bits of chance out of a count.
fn shuffle(count: u64) -> u64 {
    let mut bits = count.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    bits ^= bits >> 31;
    bits.wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 20
}

async fn turns(count: u64) {
    for _ in 0..count {
        yield_now().await;
    }
}

#[derive(Default)]
struct Tally {
    served: AtomicU64,
    cancelled: AtomicU64,
    failed: AtomicU64,
}

impl Tally {
    fn total(&self) -> u64 {
        [&self.served, &self.cancelled, &self.failed].map(|count| count.load(Ordering::SeqCst)).iter().sum()
    }
}

/// One request, from the wish to its end.
async fn round(pool: &Pool<Chaos>, dice: u64, capacity: usize, tally: &Tally) {
    let get = pool.get_owned(dice % KEYS);
    let answer = if dice.is_multiple_of(5) {
        tokio::select! {
            biased;
            answer = get => answer,
            () = turns(dice % 7) => {
                tally.cancelled.fetch_add(1, Ordering::SeqCst);
                return;
            }
        }
    } else {
        get.await
    };
    let lease = match answer {
        Ok(lease) => lease,
        Err(Error::Dial(_)) => {
            tally.failed.fetch_add(1, Ordering::SeqCst);
            return;
        }
        Err(error) => panic!("only dials fail here, but got {error}"),
    };
    let holders = Arc::clone(&lease.holders);
    assert!(holders.fetch_add(1, Ordering::SeqCst) < capacity, "lent to more than it can carry");
    if capacity == 1 {
        assert!(!lease.closed.load(Ordering::SeqCst), "closed by its peer, and lent");
    }
    turns(dice % 3).await;
    holders.fetch_sub(1, Ordering::SeqCst);
    if dice.is_multiple_of(11) {
        lease.discard();
    }
    tally.served.fetch_add(1, Ordering::SeqCst);
}

async fn stress(config: Config, leases: Option<u32>) {
    let alive = Arc::<AtomicUsize>::default();
    let chaos = Chaos { dice: AtomicU64::new(0), alive: Arc::clone(&alive), leases };
    let capacity = leases.map_or(1, |leases| leases as usize);
    let pool = Pool::builder(chaos).config(config).seed(7).build().expect("a sound config, on a runtime");
    let tally = Arc::<Tally>::default();

    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let (pool, tally) = (pool.clone(), Arc::clone(&tally));
            tokio::spawn(async move {
                for number in 0..ROUNDS {
                    round(&pool, shuffle(task * ROUNDS + number), capacity, &tally).await;
                }
            })
        })
        .collect();
    while !tasks.iter().all(JoinHandle::is_finished) {
        assert_eq!(pool.check_invariants(), Ok(()));
        yield_now().await;
    }
    for task in tasks {
        task.await.expect("no task panicked");
    }
    assert_eq!(tally.total(), TASKS * ROUNDS, "every request has ended");
    assert!(tally.served.load(Ordering::SeqCst) > TASKS * ROUNDS / 4, "and many were served");

    // Some that were discarded may still be closing.
    assert_eq!(pool.stats().waiters, 0);
    pool.shutdown().await;
    assert_eq!(pool.check_invariants(), Ok(()));
    assert_eq!(pool.stats(), latebind_tokio::Stats::default(), "nothing is left");
    assert_eq!(alive.load(Ordering::SeqCst), 0, "not even a handle");
}

async fn in_time(work: impl Future<Output = ()>) {
    tokio::time::timeout(Duration::from_secs(120), work).await.expect("nothing hangs");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exclusive_connections_head_first() {
    let config = Config::default().max_connections_per_key(3).request_timeout(None);
    in_time(stress(config, None)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exclusive_connections_own_first_with_every_policy_turned_round() {
    let config = Config::default()
        .binding(Binding::OwnFirst)
        .surplus(Surplus::Cancel)
        .idle_order(IdleOrder::Fifo)
        .max_connections_per_key(3)
        .max_dials_per_key(2)
        .max_idle_per_key(1)
        .max_uses(9)
        .idle_timeout(Duration::from_millis(2))
        .request_timeout(None);
    in_time(stress(config, None)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shared_connections() {
    let config = Config::default().max_connections_per_key(2).max_uses(50).request_timeout(None);
    in_time(stress(config, Some(4))).await;
}
