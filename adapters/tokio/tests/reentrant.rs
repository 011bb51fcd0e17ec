//! A2: none of the user's code runs under the lock. Here all of it uses the pool, which would deadlock.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

use latebind_tokio::{Capacity, Clear, Config, DialError, DialFailure, Get, Manager, Pool, Surplus};
use tokio::task::yield_now;

/// Uses the pool, wherever it is called from, and counts it.
#[derive(Clone, Default)]
struct Visitor {
    pool: Arc<Mutex<Option<Pool<Nosy>>>>,
    visits: Arc<AtomicU32>,
}

impl Visitor {
    fn visit(&self) {
        // Taken out of the mutex first, so that the test's own lock is not held either.
        let pool = self.pool.lock().ok().and_then(|pool| pool.clone());
        if let Some(pool) = pool {
            assert_eq!(pool.check_invariants(), Ok(()));
            self.visits.fetch_add(1, Ordering::SeqCst);
        }
    }
}

struct Nosy {
    visitor: Visitor,
    leases: Option<u32>,
    fails: Arc<AtomicBool>,
}

struct Conn(Visitor);

struct Failure(Visitor);

impl Clone for Conn {
    fn clone(&self) -> Self {
        self.0.visit();
        Self(self.0.clone())
    }
}

impl Drop for Conn {
    fn drop(&mut self) {
        self.0.visit();
    }
}

impl Drop for Failure {
    fn drop(&mut self) {
        self.0.visit();
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Failure")
    }
}

impl Manager for Nosy {
    type Key = u32;
    type Connection = Conn;
    type Error = Failure;

    async fn connect(&self, _: &u32) -> Result<Conn, Failure> {
        let dropped_with_the_dial = Conn(self.visitor.clone());
        self.visitor.visit();
        yield_now().await;
        drop(dropped_with_the_dial);
        if self.fails.load(Ordering::SeqCst) {
            return Err(Failure(self.visitor.clone()));
        }
        Ok(Conn(self.visitor.clone()))
    }

    fn capacity(&self, connection: &Conn) -> Capacity<Conn> {
        self.visitor.visit();
        self.leases.map_or_else(Capacity::exclusive, |leases| Capacity::shared(leases, connection.clone()))
    }

    fn is_reusable(&self, _: &mut Conn) -> bool {
        self.visitor.visit();
        true
    }

    fn watches_closed(&self) -> bool {
        true
    }

    async fn closed(&self, _: &mut Conn) {
        self.visitor.visit();
        std::future::pending::<()>().await;
    }

    async fn check(&self, _: &mut Conn) -> bool {
        self.visitor.visit();
        yield_now().await;
        true
    }

    fn recycles(&self) -> bool {
        true
    }

    async fn recycle(&self, _: &mut Conn) -> Result<(), Failure> {
        self.visitor.visit();
        yield_now().await;
        if self.fails.load(Ordering::SeqCst) { Err(Failure(self.visitor.clone())) } else { Ok(()) }
    }

    async fn close(&self, connection: Conn) {
        self.visitor.visit();
        drop(connection);
    }

    fn classify(&self, _: &Failure) -> DialError {
        self.visitor.visit();
        DialError::Transient
    }
}

/// A waker that uses the pool when it wakes, and when it is dropped.
struct NosyWaker(Visitor);

impl Wake for NosyWaker {
    fn wake(self: Arc<Self>) {
        self.0.visit();
    }
}

impl Drop for NosyWaker {
    fn drop(&mut self) {
        self.0.visit();
    }
}

fn is_pending(get: &mut Get<'_, Nosy>, visitor: &Visitor) -> bool {
    let waker = Waker::from(Arc::new(NosyWaker(visitor.clone())));
    matches!(Pin::new(get).poll(&mut Context::from_waker(&waker)), Poll::Pending)
}

/// Everything that can befall a request, once.
async fn scene(leases: Option<u32>) {
    let visitor = Visitor::default();
    let fails = Arc::<AtomicBool>::default();
    let nosy = Nosy { visitor: visitor.clone(), leases, fails: Arc::clone(&fails) };
    let backoff = Duration::from_millis(1);
    let config = Config::default()
        .surplus(Surplus::Cancel)
        .max_connections_per_key(1)
        .check_after_idle(Duration::ZERO)
        .dial_failure(DialFailure::Retry { backoff, backoff_max: backoff, attempts: 2 });
    let observer = visitor.clone();
    let pool = Pool::builder(nosy)
        .config(config)
        .observe(move |_, _| observer.visit())
        .build()
        .expect("a sound config, on a runtime");
    *visitor.pool.lock().expect("no panic") = Some(pool.clone());

    let mut all_room = Vec::new();
    for _ in 0..leases.unwrap_or(1) {
        all_room.push(pool.get(&1).await.expect("served"));
    }
    let mut waiters: Vec<_> = (0..6).map(|_| pool.get(&1)).collect();
    // Polled twice, so that a waker takes another's place.
    waiters.retain_mut(|get| is_pending(get, &visitor) && is_pending(get, &visitor));
    assert_eq!(waiters.len(), 6);
    drop(all_room);
    for get in waiters {
        drop(get.await.expect("served"));
    }
    let mut given_up = pool.get(&2);
    assert!(is_pending(&mut given_up, &visitor));
    yield_now().await;
    drop(given_up);
    pool.get(&3).await.expect("served").discard();
    let lease = pool.get(&3).await.expect("served");
    let mut cleared = std::pin::pin!(lease.cleared());
    for _ in 0..2 {
        // Polled twice, so that a waker takes another's place.
        let waker = Waker::from(Arc::new(NosyWaker(visitor.clone())));
        assert!(cleared.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    }
    drop(pool.get(&1).await.expect("served"));
    pool.clear(Clear::all().interrupt());
    cleared.await;
    drop(lease);
    drop(pool.get(&1).await.expect("served"));

    fails.store(true, Ordering::SeqCst);
    for key in 10..60 {
        assert!(pool.get(&key).await.is_err());
    }
    assert!(pool.get(&4).timeout(Duration::from_micros(1)).await.is_err());
    fails.store(false, Ordering::SeqCst);
    drop(pool.get(&10).await.expect("served"));

    let mut last = pool.get(&5);
    assert!(is_pending(&mut last, &visitor));
    pool.shutdown().await;
    assert!(last.await.is_err());
    assert!(visitor.visits.load(Ordering::SeqCst) > 200, "it was used all along");
    // The manager held a handle of its own pool.
    let own_handle = visitor.pool.lock().expect("no panic").take();
    drop(own_handle);
}

/// Runs it on a thread of its own, so that a deadlock fails the test instead of hanging it.
fn in_time(leases: Option<u32>) {
    let (done, is_done) = mpsc::channel();
    let thread = thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        runtime.expect("a runtime").block_on(scene(leases));
        done.send(()).expect("the test waits");
    });
    if let Err(mpsc::RecvTimeoutError::Timeout) = is_done.recv_timeout(Duration::from_secs(60)) {
        panic!("deadlock: user code was run under the lock");
    }
    thread.join().expect("no panic");
}

#[test]
fn user_code_may_use_the_pool_with_exclusive_connections() {
    in_time(None);
}

#[test]
fn user_code_may_use_the_pool_with_shared_connections() {
    in_time(Some(2));
}
