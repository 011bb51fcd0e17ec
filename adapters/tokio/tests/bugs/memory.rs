//! What is left behind of requests and keys that are gone.

use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use latebind_tokio::{Config, DialFailure, Manager, Pool};

use crate::support::{config, leased, net, served, sound, tasks, until, waits};

/// golang/go#76784: each cancelled request to a black hole left a hanging dial behind.
#[tokio::test]
async fn b63_requests_that_are_dropped_leave_one_dial_and_no_task_each() {
    let (net, mut peer) = net();
    let pool = net.pool(config().max_connections_per_key(None));
    for _ in 0..1_000 {
        let mut get = pool.get(&"black hole");
        waits(&mut get);
    }
    let dial = peer.dial().await;
    tokio::task::yield_now().await;
    assert!(peer.is_quiet(), "the one dial is cover for all who come later (R4)");
    assert!(tasks() <= 2, "the dial and the timer, not {}", tasks());
    assert_eq!((pool.stats().waiters, pool.stats().dialing), (0, 1));
    sound(&pool);
    dial.fail("timed out");
    until("nothing is left", || pool.stats().keys == 0).await;
}

/// golang/go#76784: only the front of the queue was purged, and the front waited for long.
#[tokio::test]
async fn b63_requests_that_are_dropped_leave_the_middle_of_the_queue() {
    let (net, mut peer) = net();
    let pool = net.pool(config().max_connections_per_key(1));
    let lease = leased(&pool, &mut peer).await;
    let mut first = pool.get(&"host");
    waits(&mut first);
    for _ in 0..1_000 {
        waits(&mut pool.get(&"host"));
        assert_eq!(pool.stats().waiters, 1);
    }
    sound(&pool);
    drop(lease);
    assert_eq!(served(&mut first).name, 0);
}

/// A key that counts its copies.
struct Key {
    number: u32,
    copies: Arc<AtomicUsize>,
}

impl Key {
    fn new(number: u32, copies: &Arc<AtomicUsize>) -> Self {
        copies.fetch_add(1, Ordering::SeqCst);
        Self { number, copies: Arc::clone(copies) }
    }
}

impl Clone for Key {
    fn clone(&self) -> Self {
        Self::new(self.number, &self.copies)
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        self.copies.fetch_sub(1, Ordering::SeqCst);
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.number.hash(state);
    }
}

/// What the dials of a key come to: one in four is refused, one in four hangs.
struct Fates;

impl Manager for Fates {
    type Key = Key;
    type Connection = u32;
    type Error = &'static str;

    async fn connect(&self, key: &Key) -> Result<u32, &'static str> {
        match key.number % 4 {
            0 => Err("refused"),
            1 => std::future::pending().await,
            _ => Ok(key.number),
        }
    }
}

/// cloudflare/pingora, commit 0f12481: a key's entry stayed in some table when its last connection had gone.
#[tokio::test(start_paused = true)]
async fn b65_no_copy_of_a_key_is_left_in_any_table() {
    no_copy_is_left(DialFailure::FailFirst).await;
}

/// cloudflare/pingora, commit 0f12481, where keys are known for a while after their last dial has failed.
#[tokio::test(start_paused = true)]
async fn b65_no_copy_of_a_key_outlives_its_backoff() {
    let backoff = Duration::from_millis(100);
    no_copy_is_left(DialFailure::Retry { backoff, backoff_max: backoff, attempts: 1 }).await;
}

async fn no_copy_is_left(policy: DialFailure) {
    let second = Duration::from_secs(1);
    let copies = Arc::<AtomicUsize>::default();
    let pool = Pool::builder(Fates)
        .config(Config::default().idle_timeout(10 * second).dial_timeout(5 * second).dial_failure(policy))
        .build()
        .expect("sound");
    for number in 0..2_000 {
        let key = Key::new(number, &copies);
        let get = pool.get(&key).timeout(second);
        match number % 8 {
            0 | 1 | 4 => assert!(get.await.is_err(), "refused, or too late"),
            2 | 6 => get.await.expect("served").discard(),
            3 | 7 => drop(get.await.expect("served")),
            _ => assert!(tokio::time::timeout(second / 2, get).await.is_err(), "dropped while it waits"),
        }
        // Only what is going on has copies, those that hang for five seconds and are idle for ten, and the last few
        // that failed.
        let going_on = pool.stats().keys as usize;
        let kept = copies.load(Ordering::SeqCst);
        assert!(kept <= 100, "{kept} copies of {going_on} keys");
    }
    tokio::time::sleep(60 * second).await;
    assert_eq!(pool.stats().keys, 0);
    assert!(copies.load(Ordering::SeqCst) <= 100, "a few are swept with the next failure, not {copies:?}");
    assert_eq!(pool.check_invariants(), Ok(()));
    drop(pool);
    until("no task is left", || tasks() == 0).await;
    assert_eq!(copies.load(Ordering::SeqCst), 0);
}
