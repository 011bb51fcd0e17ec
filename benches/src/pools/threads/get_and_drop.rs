//! Get a connection that is idle, and drop it, on one thread.

use std::hint::black_box;
use std::time::Instant;

use crate::pools::dialer::{Dialer, Plan};
use crate::pools::figures::Measure;
use crate::pools::harness::{self, SLICE};
use crate::pools::peers::{BlockingPool, PlayOnThreads, Wish};
use crate::pools::scenarios::Scale;

pub(crate) struct GetAndDrop {
    cycles: u32,
}

impl GetAndDrop {
    pub(crate) fn new(scale: &Scale) -> Self {
        Self { cycles: scale.cycles }
    }
}

impl PlayOnThreads for GetAndDrop {
    fn round<P: BlockingPool>(&self, build: impl Fn(Dialer, Wish) -> P) -> Vec<Measure> {
        let pool = build(Dialer::new(Plan::AtOnce), Wish::SHIPPED);
        repeat(&pool, SLICE);
        let slice = |_| {
            let begin = Instant::now();
            repeat(&pool, SLICE);
            harness::nanoseconds_each(begin.elapsed(), SLICE)
        };
        vec![harness::median((0..self.cycles.div_ceil(SLICE)).map(slice).collect()).into()]
    }
}

fn repeat<P: BlockingPool>(pool: &P, cycles: u32) {
    for _ in 0..cycles {
        drop(black_box(pool.get().expect("a connection is there")));
    }
}
