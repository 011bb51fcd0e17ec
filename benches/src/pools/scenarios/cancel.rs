//! All who wait give up, one after the other.

use std::time::{Duration, Instant};

use super::Scale;
use crate::pools::dialer::Dialer;
use crate::pools::figures::{Figure, Measure};
use crate::pools::harness::{self, first_dials};
use crate::pools::peers::{Kind, Play, Pool, Wish};

pub(super) struct Cancel {
    waiters: u32,
}

pub(super) const FIGURES: &[Figure] = &[
    Figure::new("in order, ns", 0).against(Kind::Semaphore),
    Figure::new("shuffled, ns", 0).against(Kind::Semaphore),
    Figure::new("serves afterwards", 0),
];

impl Cancel {
    pub(super) fn new(scale: &Scale) -> Self {
        Self { waiters: scale.waiters[1] }
    }
}

impl Play for Cancel {
    fn round<P: Pool>(&self, build: impl Fn(Dialer, Wish) -> P) -> Vec<Measure> {
        let runtime = harness::runtime(1);
        let pool = harness::pool(&runtime, build, &first_dials(1), Wish::limit(1));
        let held = runtime.block_on(pool.get()).expect("one connection is there");
        let cancel = |is_shuffled| {
            let _entered = runtime.enter();
            let mut waiters = harness::requests(pool, self.waiters);
            harness::wait(&mut waiters);
            if is_shuffled {
                fastrand::Rng::with_seed(7).shuffle(&mut waiters);
            }
            let begin = Instant::now();
            for waiter in waiters {
                drop(waiter);
            }
            harness::nanoseconds_each(begin.elapsed(), self.waiters)
        };
        // Once to grow all tables.
        cancel(false);
        let [in_order, shuffled] =
            [false, true].map(|is_shuffled| harness::median((0..3).map(|_| cancel(is_shuffled)).collect()));
        let serves = runtime.block_on(async {
            drop(held);
            let served = tokio::time::timeout(Duration::from_secs(1), pool.get()).await;
            if matches!(served, Ok(Ok(_))) { "yes" } else { "NO" }
        });
        vec![in_order.into(), shuffled.into(), serves.into()]
    }
}
