//! One connection goes through the hands of all who wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::Scale;
use crate::pools::dialer::Dialer;
use crate::pools::figures::{Figure, Measure};
use crate::pools::harness::{self, first_dials};
use crate::pools::peers::{Kind, Play, Pool, Wish};

pub(super) struct HandOver {
    waiters: [u32; 2],
}

pub(super) const FIGURES: &[Figure] = &[
    Figure::new("1,000 waiters, ns", 0).against(Kind::Semaphore),
    Figure::new("10,000 waiters, ns", 0).against(Kind::Semaphore),
    Figure::new("growth", 2).against(Kind::Semaphore),
];

impl HandOver {
    pub(super) fn new(scale: &Scale) -> Self {
        Self { waiters: scale.waiters }
    }
}

impl Play for HandOver {
    fn round<P: Pool>(&self, build: impl Fn(Dialer, Wish) -> P) -> Vec<Measure> {
        let [few, many] = self.waiters;
        let runtime = harness::runtime(1);
        let pool = harness::pool(&runtime, build, &first_dials(1), Wish::limit(1));
        runtime.block_on(async {
            // Once to grow all tables.
            pass(pool, many).await;
            let few = passes(pool, few, 11).await;
            let many = passes(pool, many, 3).await;
            vec![few.into(), many.into(), (many / few).into()]
        })
    }
}

/// The time of a hand-over, in nanoseconds: the median of so many passes.
async fn passes<P: Pool>(pool: &'static P, waiters: u32, passes: u32) -> f64 {
    let mut times = Vec::new();
    for _ in 0..passes {
        times.push(harness::nanoseconds_each(pass(pool, waiters).await, waiters));
    }
    harness::median(times)
}

#[derive(Default)]
struct Crowd {
    asked: AtomicU32,
    served: AtomicU32,
    has_failed: AtomicBool,
    done: Notify,
}

/// From the return that all wait for to the last of them.
async fn pass<P: Pool>(pool: &'static P, waiters: u32) -> Duration {
    let held = pool.get().await.expect("one connection is there");
    let crowd = Arc::new(Crowd::default());
    for _ in 0..waiters {
        let crowd = Arc::clone(&crowd);
        tokio::spawn(async move {
            crowd.asked.fetch_add(1, SeqCst);
            let lease = pool.get().await;
            crowd.has_failed.fetch_or(lease.is_err(), SeqCst);
            drop(lease);
            if crowd.served.fetch_add(1, SeqCst) + 1 == waiters {
                crowd.done.notify_one();
            }
        });
    }
    // There is one worker: who has asked stands in the queue.
    while crowd.asked.load(SeqCst) < waiters {
        tokio::task::yield_now().await;
    }
    let begin = Instant::now();
    drop(held);
    crowd.done.notified().await;
    let elapsed = begin.elapsed();
    assert!(!crowd.has_failed.load(SeqCst), "nobody waits as long as a timeout");
    elapsed
}
