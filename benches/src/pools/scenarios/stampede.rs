//! Many requests at once, dials that take their time, and a limit.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::Scale;
use crate::pools::dialer::{Dialer, Plan};
use crate::pools::figures::{Figure, Measure};
use crate::pools::harness;
use crate::pools::peers::{Play, Pool, Wish};

pub(super) struct Stampede {
    requests: u32,
}

pub(super) const FIGURES: &[Figure] = &[
    Figure::new("dials", 0),
    Figure::new("at once", 0),
    Figure::new("without a waiter", 0),
    Figure::new("second wave's dials", 0),
    Figure::new("all served after, ms", 0),
];

pub(crate) const AT_ONCE: usize = 1;
pub(crate) const WITHOUT_WAITER: usize = 2;

/// What the pools are told; who has no limit dials for each request.
pub(crate) const LIMIT: u32 = 10;

const DIAL: Duration = Duration::from_millis(50);
const LEASE: Duration = Duration::from_millis(1);

impl Stampede {
    pub(super) fn new(scale: &Scale) -> Self {
        Self { requests: scale.requests }
    }
}

impl Play for Stampede {
    fn round<P: Pool>(&self, build: impl Fn(Dialer, Wish) -> P) -> Vec<Measure> {
        let runtime = harness::unhurried_runtime();
        let dialer = Dialer::new(Plan::After(DIAL));
        let pool = harness::pool(&runtime, &build, &dialer, Wish::limit(LIMIT));
        let elapsed = runtime.block_on(async {
            let begin = Instant::now();
            wave(pool, &dialer, self.requests).join_all().await;
            begin.elapsed()
        });
        let seen = dialer.seen();
        let dialer = Dialer::new(Plan::First(WAVE, Some(DIAL)));
        let pool = harness::pool(&runtime, &build, &dialer, Wish::limit(4 * WAVE));
        let second = runtime.block_on(second_wave(pool, &dialer));
        let [dials, at_once, without_waiter, second] =
            [seen.started, seen.peak, seen.without_waiter, second].map(|number| f64::from(number).into());
        vec![dials, at_once, without_waiter, second, harness::milliseconds(elapsed).into()]
    }
}

/// So many requests at once.
fn wave<P: Pool>(pool: &'static P, dialer: &Dialer, requests: u32) -> JoinSet<()> {
    let mut wave = JoinSet::new();
    for _ in 0..requests {
        let dialer = dialer.clone();
        wave.spawn(async move {
            let waiting = dialer.waiting();
            let lease = pool.get().await.expect("nobody waits as long as a timeout");
            drop(waiting);
            sleep(LEASE).await;
            drop(lease);
        });
    }
    wave
}

/// The requests of each of two waves.
const WAVE: u32 = 5;

/// The first wave is served by returns, where a pool binds late, and its dials are still under way when the second one
/// comes: how many dials that starts.
async fn second_wave<P: Pool>(pool: &'static P, dialer: &Dialer) -> u32 {
    let first_leases = leases(pool).await;
    let first_wave = wave(pool, dialer, WAVE);
    sleep(LEASE).await;
    drop(first_leases);
    sleep(DIAL / 5).await;
    let second_leases = leases(pool).await;
    let before = dialer.seen().started;
    let second_wave = wave(pool, dialer, WAVE);
    second_wave.join_all().await;
    first_wave.join_all().await;
    drop(second_leases);
    dialer.seen().started - before
}

async fn leases<P: Pool>(pool: &'static P) -> Vec<P::Lease> {
    let mut leases = Vec::new();
    for _ in 0..WAVE {
        leases.push(pool.get().await.expect("connections are there"));
    }
    leases
}
