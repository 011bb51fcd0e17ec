//! One connection goes through the hands of all threads that wait.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use crate::pools::dialer::{Dialer, Plan};
use crate::pools::figures::{Figure, Measure};
use crate::pools::harness;
use crate::pools::peers::{BlockingPool, Kind, PlayOnThreads, Wish};
use crate::pools::scenarios::Scale;

pub(crate) struct HandOver {
    waiters: u32,
}

pub(crate) const FIGURES: &[Figure] = &[Figure::new("ns", 0).against(Kind::R2d2)];

/// How long threads may take from the barrier into the queue: who needs longer is served all the same.
const SETTLE: Duration = Duration::from_millis(30);

impl HandOver {
    pub(crate) fn new(scale: &Scale) -> Self {
        Self { waiters: scale.waiting_threads }
    }
}

impl PlayOnThreads for HandOver {
    fn round<P: BlockingPool>(&self, build: impl Fn(Dialer, Wish) -> P) -> Vec<Measure> {
        let pool = build(Dialer::new(Plan::AtOnce), Wish::limit(1));
        let held = pool.get().expect("one connection is there");
        let barrier = Barrier::new(self.waiters as usize + 1);
        let elapsed = thread::scope(|scope| {
            let wait = || {
                barrier.wait();
                drop(pool.get().expect("nobody waits as long as a timeout"));
                Instant::now()
            };
            let waiters: Vec<_> = (0..self.waiters).map(|_| scope.spawn(wait)).collect();
            barrier.wait();
            thread::sleep(SETTLE);
            let begin = Instant::now();
            drop(held);
            let served = waiters.into_iter().map(|waiter| waiter.join().expect("it does not panic"));
            served.max().map_or(Duration::ZERO, |last| last - begin)
        });
        vec![harness::nanoseconds_each(elapsed, self.waiters).into()]
    }
}
