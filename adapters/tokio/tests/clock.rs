//! A pool reads its clock only where something has a duration, and what was there before does not age by that.

mod support;

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Waker};
use std::time::Duration;

use latebind_driver::{Get, Pool};
use latebind_tokio::{Config, Error, Runtime, Time, TokioRuntime};
use support::{Net, Peer, net, until};
use tokio::time::advance;

const HOUR: Duration = Duration::from_secs(3600);
const SECOND: Duration = Duration::from_secs(1);

/// Tokio's runtime, with a clock that counts its readings.
#[derive(Clone)]
struct Counted {
    tokio: TokioRuntime,
    readings: Arc<AtomicU64>,
}

impl Counted {
    fn here() -> Self {
        let tokio = TokioRuntime::new(tokio::runtime::Handle::current());
        Self { tokio, readings: Arc::default() }
    }

    /// Since the last call.
    fn readings(&self) -> u64 {
        self.readings.swap(0, Ordering::Relaxed)
    }
}

impl Runtime for Counted {
    fn current() -> Option<Self> {
        None
    }

    fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        self.tokio.spawn(future);
    }

    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send + 'static {
        self.tokio.sleep(duration)
    }

    fn now(&self) -> Time {
        self.readings.fetch_add(1, Ordering::Relaxed);
        self.tokio.now()
    }
}

/// Nothing has a duration.
fn timeless() -> Config {
    Config::default().request_timeout(None).dial_timeout(None).check_timeout(None).idle_timeout(None)
}

/// A pool of one connection, which is parked, and an hour has passed since.
async fn quiet(config: Config) -> (Pool<Net, Counted>, Peer, Counted) {
    let (net, mut peer) = net();
    let runtime = Counted::here();
    let config = config.max_connections_per_key(1);
    let pool = Pool::builder(net).config(config).seed(1).runtime(runtime.clone()).build().expect("sound");
    let (lease, _switch) = tokio::join!(pool.get(&"host"), async { peer.dial().await.connect() });
    drop(lease.expect("served"));
    advance(HOUR).await;
    (pool, peer, runtime)
}

fn waits(get: &mut Get<'_, Net, Counted>) {
    assert!(Pin::new(get).poll(&mut Context::from_waker(Waker::noop())).is_pending());
}

fn idle(pool: &Pool<Net, Counted>) -> u32 {
    assert_eq!(pool.check_invariants(), Ok(()));
    pool.stats().idle
}

#[tokio::test(start_paused = true)]
async fn without_durations_the_clock_is_never_read() {
    let (pool, _peer, runtime) = quiet(timeless()).await;
    let first = pool.get(&"host").await.expect("idle");
    let mut second = pool.get(&"host");
    waits(&mut second);
    let mut third = pool.get(&"host");
    waits(&mut third);
    drop(first);
    drop(third);
    drop(second.await.expect("handed over"));
    pool.reconfigure(&timeless().max_idle(1)).expect("sound");
    pool.keep(&"host", 0);
    assert_eq!((runtime.readings(), idle(&pool)), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn with_a_duration_each_step_reads_the_clock_once() {
    let (pool, _peer, runtime) = quiet(timeless().lease_warn_after(2 * HOUR)).await;
    runtime.readings();
    let lease = pool.get(&"host").await.expect("idle");
    assert_eq!(runtime.readings(), 1);
    let mut waiter = pool.get(&"host");
    waits(&mut waiter);
    assert_eq!(runtime.readings(), 1);
    drop(lease);
    assert_eq!(runtime.readings(), 1);
    let lease = waiter.await.expect("handed over");
    assert_eq!(runtime.readings(), 0, "what was delivered is only picked up");
    drop(lease);
    assert_eq!(runtime.readings(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_idle_timeout_that_comes_late_counts_from_then_on() {
    let (pool, _peer, _) = quiet(timeless()).await;
    pool.reconfigure(&timeless().idle_timeout(60 * SECOND)).expect("sound");
    assert_eq!(idle(&pool), 1, "the hour that has passed was not counted");
    advance(59 * SECOND).await;
    assert_eq!(idle(&pool), 1);
    advance(SECOND).await;
    until("it is closed", || idle(&pool) == 0).await;
}

#[tokio::test(start_paused = true)]
async fn a_lifetime_that_comes_late_counts_from_then_on() {
    let (pool, _peer, _) = quiet(timeless()).await;
    let lease = pool.get(&"host").await.expect("idle");
    pool.reconfigure(&timeless().max_lifetime(60 * SECOND)).expect("sound");
    drop(lease);
    assert_eq!(idle(&pool), 1);
    let lease = pool.get(&"host").await.expect("idle");
    advance(60 * SECOND).await;
    drop(lease);
    assert_eq!(idle(&pool), 0);
}

#[tokio::test(start_paused = true)]
async fn a_request_with_a_timeout_starts_the_clock() {
    let (pool, _peer, runtime) = quiet(timeless()).await;
    let lease = pool.get(&"host").await.expect("idle");
    advance(HOUR).await;
    let begun = runtime.tokio.now();
    let refused = pool.get(&"host").timeout(SECOND).await;
    let Err(Error::Timeout(timeout)) = refused else { panic!("it should time out, but got {refused:?}") };
    assert_eq!(timeout.waited, SECOND);
    assert!(runtime.tokio.now().since(begun) < 2 * SECOND);
    drop(lease);
    assert_eq!(idle(&pool), 1);
}

#[tokio::test(start_paused = true)]
async fn a_floor_starts_the_clock() {
    let (pool, mut peer, _) = quiet(timeless().max_connections(2)).await;
    pool.keep(&"other", 1);
    peer.dial().await.fail("refused");
    until("it backs off", || pool.stats().dialing == 0).await;
    assert!(peer.is_quiet());
    advance(2 * SECOND).await;
    peer.dial().await.connect();
    until("it is refilled", || idle(&pool) == 2).await;
}
