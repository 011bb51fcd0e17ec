//! Callbacks that use the pool which calls them.

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Poll, Wake, Waker};

use latebind_tokio::{Clear, Error, Get, Lease, Manager, Notice, Pool};

use crate::alone::alone;
use crate::support::{Net, NetError, config, net, poll_once, sound, until};

/// A request whose waker polls it on the spot and, once it has failed, asks again on the spot.
struct Again {
    pool: Pool<Net>,
    get: Mutex<Option<Get<'static, Net>>>,
    failed: Mutex<Option<Error<NetError>>>,
}

impl Again {
    /// Asks for a connection, and has to wait.
    fn asks(pool: &Pool<Net>) -> Arc<Self> {
        let again = Arc::new(Self { pool: pool.clone(), get: Mutex::default(), failed: Mutex::default() });
        let mut get = pool.get_owned("host");
        let polled = Pin::new(&mut get).poll(&mut Context::from_waker(&Waker::from(Arc::clone(&again))));
        assert!(polled.is_pending());
        *again.get.lock().expect("no panic") = Some(get);
        again
    }

    fn failed(&self) -> Option<Error<NetError>> {
        self.failed.lock().expect("no panic").take()
    }

    /// The second request.
    fn into_get(self: Arc<Self>) -> Get<'static, Net> {
        self.get.lock().expect("no panic").take().expect("it has asked")
    }
}

impl Wake for Again {
    fn wake(self: Arc<Self>) {
        let Some(mut get) = self.get.lock().expect("no panic").take() else { return };
        if let Poll::Ready(Err(error)) = poll_once(&mut get) {
            *self.failed.lock().expect("no panic") = Some(error);
            get = self.pool.get_owned("host");
            assert!(poll_once(&mut get).is_pending(), "the new request waits");
        }
        *self.get.lock().expect("no panic") = Some(get);
    }
}

/// eclipse-vertx/vert.x PR#324: a failed dial was still counted when its requester, told of it, asked again.
#[test]
fn b17_a_request_from_within_the_news_of_a_failed_dial_is_dialed_for() {
    alone(async || {
        let (net, mut peer) = net();
        let pool = net.pool(config().max_connections_per_key(1));
        let again = Again::asks(&pool);
        peer.dial().await.fail("refused");
        let dial = peer.dial().await;
        let failed = again.failed();
        assert!(matches!(failed, Some(Error::Dial(_))), "{failed:?}");
        assert_eq!(pool.stats().connections(), 1);
        dial.connect();
        assert_eq!(again.into_get().await.expect("served").name, 0);
        sound(&pool);
    });
}

/// Chromium's `AbortAllRequestsOnFlush` and crbug.com/44724: requests made by those that a flush had aborted were
/// aborted by the same flush, or met a pool that was half flushed.
#[test]
fn b109_requests_from_within_a_clear_belong_to_the_new_generation() {
    alone(async || {
        let (net, mut peer) = net();
        let pool = net.pool(config().max_connections_per_key(6));
        let again = [Again::asks(&pool), Again::asks(&pool), Again::asks(&pool)];
        let old = [peer.dial().await, peer.dial().await, peer.dial().await];
        let [first, mut second, mut third] = old;
        // No other task runs between these two: the dial ends before it is told to stop.
        first.connect();
        pool.clear(Clear::key(&"host").fail_waiters());
        for again in &again {
            let failed = again.failed();
            assert!(matches!(failed, Some(Error::Cleared)), "{failed:?}");
        }
        assert_eq!(pool.stats().waiters, 3);
        second.dropped().await;
        third.dropped().await;
        for _ in 0..3 {
            peer.dial().await.connect();
        }
        for (number, again) in again.into_iter().enumerate() {
            let lease = again.into_get().await.expect("served by the new generation");
            assert_eq!(lease.name, 1 + number as u32, "the old dial's connection has name 0");
            lease.discard();
        }
        until("all are gone", || pool.stats().connections() == 0 && peer.alive() == 0).await;
        sound(&pool);
    });
}

/// Clears its pool wherever it is called: when a connection closes, is dropped, and when that is told.
#[derive(Clone, Default)]
struct Clearing {
    pool: Arc<OnceLock<Pool<Self>>>,
    /// How many of its clears are under way, one within the other, and how many there were at most.
    depth: Arc<AtomicUsize>,
    deepest: Arc<AtomicUsize>,
    clears: Arc<AtomicUsize>,
    closes: Arc<AtomicUsize>,
}

struct Conn(Clearing);

impl Clearing {
    fn clear(&self) {
        let Some(pool) = self.pool.get() else { return };
        let depth = 1 + self.depth.fetch_add(1, Ordering::SeqCst);
        self.deepest.fetch_max(depth, Ordering::SeqCst);
        self.clears.fetch_add(1, Ordering::SeqCst);
        pool.clear(Clear::all().interrupt());
        self.depth.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Drop for Conn {
    fn drop(&mut self) {
        self.0.clear();
    }
}

impl Manager for Clearing {
    type Key = ();
    type Connection = Conn;
    type Error = String;

    async fn connect(&self, (): &()) -> Result<Conn, String> {
        Ok(Conn(self.clone()))
    }

    async fn close(&self, connection: Conn) {
        self.closes.fetch_add(1, Ordering::SeqCst);
        self.clear();
        drop(connection);
    }
}

/// npgsql/npgsql#4244: clearing closed broken connections, whose ends cleared again, until the stack was exhausted.
#[test]
fn b107_a_clear_at_each_close_closes_each_once_and_does_not_recurse() {
    const CONNECTIONS: usize = 200;
    alone(async || {
        let clearing = Clearing::default();
        let observer = clearing.clone();
        let observe = move |(): &(), notice: &Notice<_>| {
            if matches!(notice, Notice::Closing { .. } | Notice::Closed { .. }) {
                observer.clear();
            }
        };
        let pool = Pool::builder(clearing.clone())
            .config(config().max_connections_per_key(None))
            .observe(observe)
            .build()
            .expect("sound");
        let mut leases: Vec<Lease<_>> = Vec::new();
        for _ in 0..CONNECTIONS {
            leases.push(pool.get(&()).await.expect("served"));
        }
        drop(leases);
        assert_eq!(pool.stats().idle as usize, CONNECTIONS);
        assert!(clearing.pool.set(pool.clone()).is_ok());
        clearing.clear();
        until("all are gone", || pool.stats().connections() == 0).await;
        assert_eq!(clearing.closes.load(Ordering::SeqCst), CONNECTIONS, "once for each");
        assert!(clearing.clears.load(Ordering::SeqCst) >= 4 * CONNECTIONS, "it was cleared all along");
        assert!(clearing.deepest.load(Ordering::SeqCst) <= 2, "{:?}", clearing.deepest);
        assert_eq!(pool.check_invariants(), Ok(()));
    });
}
