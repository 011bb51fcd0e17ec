//! A2, A7: a connection that is wanted while its own watch is being polled, also by that watch.

use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

use latebind_tokio::{Capacity, Config, Get, Manager, Pool};
use tokio::task::yield_now;

/// What `closed` does when it is polled first; the connection's peer never closes it.
type Antics = Box<dyn Fn() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

#[derive(Default)]
struct Shared {
    antics: Mutex<Option<Antics>>,
    dials: AtomicU32,
    closes: AtomicU32,
}

struct Playful {
    shared: Arc<Shared>,
    leases: Option<u32>,
}

#[derive(Clone)]
struct Conn(u32);

impl Manager for Playful {
    type Key = ();
    type Connection = Conn;
    type Error = String;

    async fn connect(&self, (): &()) -> Result<Conn, String> {
        yield_now().await;
        Ok(Conn(self.shared.dials.fetch_add(1, Ordering::SeqCst)))
    }

    fn capacity(&self, connection: &Conn) -> Capacity<Conn> {
        self.leases.map_or_else(Capacity::exclusive, |leases| Capacity::shared(leases, connection.clone()))
    }

    fn watches_closed(&self) -> bool {
        true
    }

    async fn closed(&self, _: &mut Conn) {
        let antics = self.shared.antics.lock().expect("no panic").take();
        if let Some(antics) = antics {
            antics().await;
        }
        std::future::pending::<()>().await;
    }

    async fn close(&self, _: Conn) {
        self.shared.closes.fetch_add(1, Ordering::SeqCst);
    }
}

/// Runs the scene on a runtime and a thread of its own, so that a deadlock fails the test instead of hanging it.
fn in_time<F: Future<Output = ()>>(scene: impl FnOnce() -> F + Send + 'static) {
    let (done, is_done) = mpsc::channel();
    let thread = thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        runtime.expect("a runtime").block_on(scene());
        done.send(()).expect("the test waits");
    });
    if let Err(mpsc::RecvTimeoutError::Timeout) = is_done.recv_timeout(Duration::from_secs(30)) {
        panic!("deadlock: `closed` was polled under a lock");
    }
    thread.join().expect("no panic");
}

fn pool(leases: Option<u32>) -> (Pool<Playful>, Arc<Shared>) {
    let shared = Arc::<Shared>::default();
    let playful = Playful { shared: Arc::clone(&shared), leases };
    let config = Config::default().max_connections_per_key(2);
    (Pool::builder(playful).config(config).build().expect("sound"), shared)
}

async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < Duration::from_secs(20), "waited in vain until {what}");
        yield_now().await;
    }
}

/// Its `closed` asks for a connection, and the only one there is its own.
async fn asks_for_itself(leases: Option<u32>) {
    let (pool, shared) = pool(leases);
    let asking = pool.clone();
    let polled = Arc::<AtomicU32>::default();
    let counts = Arc::clone(&polled);
    *shared.antics.lock().expect("no panic") = Some(Box::new(move || {
        let (pool, polled) = (asking.clone(), Arc::clone(&counts));
        Box::pin(async move {
            polled.fetch_add(1, Ordering::SeqCst);
            let _lease = pool.get(&()).await;
            polled.fetch_add(1, Ordering::SeqCst);
        })
    }));
    drop(pool.get(&()).await.expect("served"));
    until("it has asked", || polled.load(Ordering::SeqCst) > 0).await;
    until("nobody waits", || pool.stats().waiters == 0).await;
    until("no lease is out", || pool.stats().leased == 0).await;
    drop(pool.get(&()).await.expect("the pool goes on"));
    until("it is idle", || pool.stats().idle >= 1).await;
    assert_eq!(pool.check_invariants(), Ok(()));
    pool.shutdown().await;
    assert_eq!(shared.closes.load(Ordering::SeqCst), shared.dials.load(Ordering::SeqCst));
}

#[test]
fn a_watch_that_asks_for_its_own_exclusive_connection_does_not_deadlock() {
    in_time(|| asks_for_itself(None));
}

#[test]
fn a_watch_that_asks_for_its_own_shared_connection_does_not_deadlock() {
    in_time(|| asks_for_itself(Some(3)));
}

/// A waker that polls a request on the spot.
struct Inline(Mutex<Option<Get<'static, Playful>>>);

impl Wake for Inline {
    fn wake(self: Arc<Self>) {
        let get = self.0.lock().expect("no panic").take();
        if let Some(mut get) = get {
            let polled = Pin::new(&mut get).poll(&mut Context::from_waker(Waker::noop()));
            if polled.is_pending() {
                *self.0.lock().expect("no panic") = Some(get);
            }
        }
    }
}

#[test]
fn a_waker_that_polls_inline_within_a_watch_does_not_deadlock() {
    in_time(|| async {
        let (pool, shared) = pool(None);
        let inline = Arc::new(Inline(Mutex::new(Some(pool.get_owned(())))));
        let waker = Waker::from(Arc::clone(&inline));
        *shared.antics.lock().expect("no panic") = Some(Box::new(move || {
            waker.wake_by_ref();
            Box::pin(std::future::ready(()))
        }));
        drop(pool.get(&()).await.expect("served"));
        let has_polled = || shared.antics.lock().expect("no panic").is_none();
        until("the watch has been polled", has_polled).await;
        drop(pool.get(&()).await.expect("the pool goes on"));
        assert_eq!(pool.check_invariants(), Ok(()));
        drop(inline.0.lock().expect("no panic").take());
    });
}

/// Blocks within `closed`, on another thread, while the connection is asked for here.
#[test]
fn a_connection_is_waited_for_without_blocking_while_another_thread_polls_its_watch() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build();
    let runtime = runtime.expect("a runtime");
    let (entered, has_entered) = mpsc::channel();
    let (resume, may_leave) = mpsc::channel::<()>();
    let may_leave = Arc::new(Mutex::new(may_leave));
    let (pool, shared) = runtime.block_on(async { pool(None) });
    *shared.antics.lock().expect("no panic") = Some(Box::new(move || {
        entered.send(()).expect("the test waits");
        let _ = may_leave.lock().expect("no panic").recv_timeout(Duration::from_secs(20));
        Box::pin(std::future::ready(()))
    }));
    let lease = runtime.block_on(pool.get(&())).expect("served");
    // Who parks it polls first.
    let returning = thread::spawn(move || drop(lease));
    has_entered.recv_timeout(Duration::from_secs(20)).expect("it is watched");

    let is_ready =
        |get: &mut Get<'_, Playful>| Pin::new(get).poll(&mut Context::from_waker(Waker::noop())).is_ready();
    let mut given_up = pool.get(&());
    assert!(!is_ready(&mut given_up), "its watch is busy");
    assert_eq!((pool.stats().leased, pool.stats().dialing), (1, 0));
    drop(given_up);
    assert_eq!(pool.stats().idle, 1, "A3: given back");
    let mut get = pool.get(&());
    assert!(!is_ready(&mut get), "its watch is busy");
    resume.send(()).expect("it waits");
    let lease = runtime.block_on(async { tokio::time::timeout(Duration::from_secs(20), get).await });
    let lease = lease.expect("woken").expect("served");
    assert_eq!((lease.0, pool.stats().connections()), (0, 1), "nothing was lost, and nothing dialed");
    returning.join().expect("no panic");
    drop(lease);
    assert_eq!(pool.check_invariants(), Ok(()));
}

/// What wakes the watch does so while it is polled, and its task has looked in vain before that poll ends.
#[test]
fn a_wake_up_that_comes_while_another_thread_polls_is_not_lost() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build();
    let runtime = runtime.expect("a runtime");
    let (pool, shared) = runtime.block_on(async { pool(None) });
    let handle = runtime.handle().clone();
    let polls = Arc::<AtomicU32>::default();
    let counts = Arc::clone(&polls);
    *shared.antics.lock().expect("no panic") = Some(Box::new(move || {
        let (handle, counts) = (handle.clone(), Arc::clone(&counts));
        Box::pin(std::future::poll_fn(move |context| {
            if counts.fetch_add(1, Ordering::SeqCst) > 0 {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            // One worker runs tasks in the order of their coming: the watch's first.
            let (passed, has_passed) = mpsc::channel();
            handle.spawn(async move { passed.send(()) });
            has_passed.recv_timeout(Duration::from_secs(20)).expect("the worker is free");
            Poll::Pending
        }))
    }));
    let lease = runtime.block_on(pool.get(&())).expect("served");
    // In no task, so that the worker is free.
    drop(lease);
    runtime.block_on(until("it is polled again", || polls.load(Ordering::SeqCst) > 1));
}
