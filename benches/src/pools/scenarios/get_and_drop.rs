//! Get a connection that is idle, and drop it, in one task.

use std::hint::black_box;
use std::time::Instant;

use super::Scale;
use crate::pools::dialer::{Dialer, Plan};
use crate::pools::figures::Measure;
use crate::pools::harness::{self, SLICE};
use crate::pools::peers::{Play, Pool, Timing, Wish};

pub(super) struct GetAndDrop {
    cycles: u32,
    timing: Timing,
}

impl GetAndDrop {
    pub(super) fn new(timing: Timing, scale: &Scale) -> Self {
        Self { cycles: scale.cycles, timing }
    }
}

impl Play for GetAndDrop {
    fn round<P: Pool>(&self, build: impl Fn(Dialer, Wish) -> P) -> Vec<Measure> {
        let runtime = harness::runtime(1);
        let wish = Wish { limit: None, timing: self.timing };
        let pool = harness::pool(&runtime, build, &Dialer::new(Plan::AtOnce), wish);
        let slices = runtime.block_on(async {
            repeat(pool, SLICE).await;
            let mut slices = Vec::new();
            for _ in 0..self.cycles.div_ceil(SLICE) {
                let begin = Instant::now();
                repeat(pool, SLICE).await;
                slices.push(harness::nanoseconds_each(begin.elapsed(), SLICE));
            }
            slices
        });
        vec![harness::median(slices).into()]
    }
}

async fn repeat<P: Pool>(pool: &'static P, cycles: u32) {
    for _ in 0..cycles {
        drop(black_box(pool.get().await.expect("a connection is there")));
    }
}
