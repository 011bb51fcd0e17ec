//! Many tasks on two workers that hold, cancel, discard, clear and fail at random, while the invariants are checked.

mod chaos;
mod tally;

use std::future::Future;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use chaos::{Chaos, shuffle, turns};
use latebind_tokio::{Binding, Clear, Config, Error, IdleOrder, Newcomers, Pool, Surplus};
use tally::{Tally, Told, adds_up};
use tokio::task::{JoinHandle, yield_now};

const TASKS: u64 = 64;
const ROUNDS: u64 = 150;
const KEYS: u64 = 4;

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

/// What an operator may do to a running pool, every now and then.
fn meddle(pool: &Pool<Chaos>, turn: u64) {
    let dice = shuffle(turn);
    let key = dice % KEYS;
    match turn % 64 {
        0 => pool.clear(Clear::key(&key)),
        16 => pool.clear(Clear::key(&key).interrupt()),
        24 => pool.pause(Newcomers::Hold),
        26 => pool.resume(),
        40 => pool.keep(&key, (dice % 3) as u32),
        44 => pool.limit_dials(&key, NonZeroU32::new((dice % 3) as u32)),
        48 => pool.preconnect(&key, 2),
        56 if dice.is_multiple_of(8) => pool.clear(Clear::all().interrupt()),
        _ => {}
    }
}

async fn stress(config: Config, leases: Option<u32>, recycles: bool) {
    let alive = Arc::<AtomicUsize>::default();
    let chaos = Chaos { dice: AtomicU64::new(0), alive: Arc::clone(&alive), leases, recycles };
    let capacity = leases.map_or(1, |leases| leases as usize);
    let told = Arc::<Told>::default();
    let hears = Arc::clone(&told);
    let pool = Pool::builder(chaos)
        .config(config)
        .seed(7)
        .observe(move |_, notice| hears.hear(notice))
        .build()
        .expect("a sound config, on a runtime");
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
    let mut turn = 0;
    while !tasks.iter().all(JoinHandle::is_finished) {
        assert_eq!(pool.check_invariants(), Ok(()));
        meddle(&pool, turn);
        turn += 1;
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
    let stats = pool.stats();
    assert_eq!((stats.waiters, stats.connections(), stats.keys), (0, 0, 0), "nothing is left");
    adds_up(&stats.counters, &told, &tally);
    assert_eq!(told.closed.load(Ordering::SeqCst), stats.counters.opened, "each was told as closed, once");
    assert_eq!(alive.load(Ordering::SeqCst), 0, "not even a handle");
}

async fn in_time(work: impl Future<Output = ()>) {
    tokio::time::timeout(Duration::from_secs(120), work).await.expect("nothing hangs");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exclusive_connections_head_first() {
    let config = Config::default().max_connections(7).max_connections_per_key(3).request_timeout(None);
    in_time(stress(config, None, false)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exclusive_connections_own_first_with_every_policy_turned_round() {
    let config = Config::default()
        .binding(Binding::OwnFirst)
        .surplus(Surplus::Cancel)
        .idle_order(IdleOrder::Fifo)
        .max_connections(5)
        .max_connections_per_key(3)
        .max_dials_per_key(2)
        .max_idle_per_key(1)
        .max_uses(9)
        .idle_timeout(Duration::from_millis(2))
        .request_timeout(None);
    in_time(stress(config, None, true)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exclusive_connections_checked_and_recycled() {
    let config = Config::default()
        .check_after_idle(Duration::ZERO)
        .backup_dial_after(Duration::from_millis(1))
        .dial_delay(Duration::from_millis(1))
        .lease_warn_after(Duration::from_millis(1))
        .max_connections(48)
        .max_connections_per_key(24)
        .request_timeout(None);
    in_time(stress(config, None, true)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shared_connections() {
    let config = Config::default()
        .max_connections(6)
        .max_connections_per_key(4)
        .max_uses(50)
        .check_after_idle(Duration::ZERO)
        .request_timeout(None);
    in_time(stress(config, Some(4), false)).await;
}
