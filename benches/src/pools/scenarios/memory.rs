//! Bytes and allocations, counted by the allocator.

use tokio::runtime::Runtime;

use super::Scale;
use crate::pools::allocations::count;
use crate::pools::dialer::{Connection, Dialer, Plan};
use crate::pools::figures::{Figure, Measure};
use crate::pools::harness::{self, first_dials};
use crate::pools::peers::{Play, Pool, Wish};

pub(super) struct Memory {
    /// Connections, and waiters.
    count: u32,
}

pub(super) const FIGURES: &[Figure] = &[
    Figure::new("bytes per idle connection, beside it", 1),
    Figure::new("bytes per waiter, beside its future", 1),
    Figure::new("size of the get future, bytes", 0),
    Figure::new("allocations per get + drop", 2),
];

pub(crate) const IDLE: usize = 0;
pub(crate) const WAITER: usize = 1;
pub(crate) const FUTURE: usize = 2;
pub(crate) const CYCLE: usize = 3;

impl Memory {
    pub(super) fn new(scale: &Scale) -> Self {
        Self { count: scale.entries }
    }
}

impl Play for Memory {
    fn round<P: Pool>(&self, build: impl Fn(Dialer, Wish) -> P) -> Vec<Measure> {
        let runtime = harness::runtime(1);
        let build = |limit, dialer: Dialer| harness::pool(&runtime, &build, &dialer, Wish::limit(limit));
        let pool = build(1, Dialer::new(Plan::AtOnce));
        // What the runtime and this thread allocate once is not counted.
        cycle(&runtime, pool, self.count);
        let [cycles, none] = [self.count, 0].map(|cycles| count(|| cycle(&runtime, pool, cycles)));
        // The runtime allocates for itself, too.
        let cycles = cycles.zip(none).map(|(cycles, none)| cycles.count - none.count);
        let mut leases = Vec::with_capacity(self.count as usize);
        let dialer = Dialer::new(Plan::AtOnce);
        // Some make room when they are built.
        let idle = count(|| park(&runtime, build(self.count, dialer), &mut leases, self.count));
        let pool = build(1, first_dials(1));
        let held = runtime.block_on(pool.get()).expect("one connection is there");
        let mut requests = harness::requests(pool, self.count);
        let entered = runtime.enter();
        let waiting = count(|| harness::wait(&mut requests));
        drop((requests, entered));
        runtime.block_on(async { drop(held) });
        let each = |bytes: i64| float(bytes) / f64::from(self.count);
        let payload = float(size_of::<Connection>());
        vec![
            told(idle.map(|idle| each(idle.kept) - payload)),
            told(waiting.map(|waiting| each(waiting.kept))),
            float(size_of_val(&pool.get())).into(),
            told(cycles.map(|count| float(count) / f64::from(self.count))),
        ]
    }
}

fn cycle<P: Pool>(runtime: &Runtime, pool: &'static P, cycles: u32) {
    runtime.block_on(async {
        for _ in 0..cycles {
            drop(pool.get().await.expect("a connection is there"));
        }
        tokio::task::yield_now().await;
    });
}

/// Takes so many, one after the other, and gives them back.
fn park<P: Pool>(runtime: &Runtime, pool: &'static P, leases: &mut Vec<P::Lease>, count: u32) {
    runtime.block_on(async {
        for _ in 0..count {
            leases.push(pool.get().await.expect("the limit is as high"));
        }
        for lease in leases.drain(..) {
            drop(lease);
            // Who puts it away in a task does so now: tasks in a row would have to be kept somewhere.
            tokio::task::yield_now().await;
        }
        tokio::task::yield_now().await;
    });
}

fn told(number: Option<f64>) -> Measure {
    number.map_or("not counted".into(), Measure::from)
}

fn float(number: impl TryInto<i32>) -> f64 {
    number.try_into().map_or(f64::INFINITY, f64::from)
}
