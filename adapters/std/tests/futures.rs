//! Threads as the runtime of futures: one that waits holds no worker.

use std::convert::Infallible;
use std::future::Future;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use latebind_driver::{Manager, Pool};
use latebind_std::Threads;

/// Long beyond anything that goes well.
const PATIENCE: Duration = Duration::from_secs(20);

/// Connections that are watched, and never close by themselves.
struct Watched {
    alive: Arc<AtomicUsize>,
}

struct Alive(Arc<AtomicUsize>);

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Manager for Watched {
    type Key = u8;
    type Connection = Alive;
    type Error = Infallible;

    async fn connect(&self, _: &u8) -> Result<Alive, Infallible> {
        self.alive.fetch_add(1, Ordering::SeqCst);
        Ok(Alive(Arc::clone(&self.alive)))
    }

    fn watches_closed(&self) -> bool {
        true
    }
}

#[test]
fn more_parked_connections_are_watched_than_there_are_workers() {
    let alive = Arc::<AtomicUsize>::default();
    let manager = Watched { alive: Arc::clone(&alive) };
    let threads = Threads::new(NonZeroUsize::new(1).expect("one"));
    let pool: Pool<_, Threads> = Pool::builder(manager).runtime(threads).build().expect("sound");
    pool.preconnect(&0, 3);
    until(|| pool.stats().idle == 3);
    pool.preconnect(&1, 2);
    until(|| pool.stats().idle == 5);

    let mut lease = Box::pin(pool.get(&0));
    let mut polled = None;
    until(|| match lease.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => polled.insert(answer).is_ok(),
        Poll::Pending => false,
    });
    drop(polled);
    until(|| pool.stats().idle == 5);
    pool.check_invariants().expect("sound");
    drop(pool);
    until(|| alive.load(Ordering::SeqCst) == 0);
}

fn until(mut condition: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < PATIENCE, "waited in vain");
        thread::yield_now();
    }
}
