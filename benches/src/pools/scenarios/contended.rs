//! More tasks than connections, each in a loop: get, let others run, drop.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use super::Scale;
use crate::pools::dialer::{Dialer, Plan};
use crate::pools::figures::{Figure, Measure, quantile};
use crate::pools::harness;
use crate::pools::peers::{Kind, Play, Pool, Wish};

pub(super) struct Contended {
    workers: usize,
    tasks: usize,
    window: Duration,
}

/// Connections that the tasks share.
pub(crate) const CONNECTIONS: u32 = 8;

pub(super) const FIGURES: &[Figure] = &[
    Figure::new("M cycles/s", 2).against(Kind::Semaphore),
    Figure::new("max/min", 2),
    Figure::new("starved", 0),
    Figure::new("p99 wait, µs", 1).against(Kind::Semaphore),
    Figure::new("p99.9 wait, µs", 1).against(Kind::Semaphore),
];

/// The places of those that goals speak of.
pub(crate) const RATE: usize = 0;
pub(crate) const UNFAIRNESS: usize = 1;
pub(crate) const STARVED: usize = 2;
pub(crate) const P99: usize = 3;

impl Contended {
    pub(super) fn new(workers: usize, scale: &Scale) -> Self {
        Self { workers, tasks: scale.callers, window: scale.window }
    }
}

impl Play for Contended {
    fn round<P: Pool>(&self, build: impl Fn(Dialer, Wish) -> P) -> Vec<Measure> {
        let runtime = harness::runtime(self.workers);
        let dialer = Dialer::new(Plan::AtOnce);
        let pool = harness::pool(&runtime, build, &dialer, Wish::limit(CONNECTIONS));
        // First without clocks, which would be a good part of a cycle; then with them.
        let [counted, timed] = [false, true].map(|is_timed| {
            let gate = Arc::new(Gate::default());
            let tasks: Vec<_> =
                (0..self.tasks).map(|_| runtime.spawn(compete(pool, Arc::clone(&gate), is_timed))).collect();
            let window = self.window;
            let clock = thread::spawn(move || gate.open_for(window));
            let seen = runtime.block_on(async {
                let mut seen = Vec::new();
                for task in tasks {
                    seen.push(task.await.expect("a task does not panic"));
                }
                seen
            });
            (seen, clock.join().expect("the clock does not panic"))
        });
        figures(&counted.0, counted.1, &timed.0)
    }
}

async fn compete<P: Pool>(pool: &'static P, gate: Arc<Gate>, is_timed: bool) -> Seen {
    let mut seen = Seen::default();
    while !gate.is_closed() {
        let asked = is_timed.then(Instant::now);
        let lease = pool.get().await.expect("nobody waits as long as a timeout");
        seen.served(&gate, asked);
        tokio::task::yield_now().await;
        drop(lease);
    }
    seen
}

/// When cycles count.
#[derive(Default)]
pub(crate) struct Gate(AtomicU8);

const OPEN: u8 = 1;
const CLOSED: u8 = 2;

impl Gate {
    /// Waits until all run warm, and opens; how long it really was open.
    pub(crate) fn open_for(&self, window: Duration) -> Duration {
        thread::sleep(window / 4);
        self.0.store(OPEN, Relaxed);
        let begin = Instant::now();
        thread::sleep(window);
        self.0.store(CLOSED, Relaxed);
        begin.elapsed()
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.0.load(Relaxed) == CLOSED
    }
}

/// What one task or thread saw.
#[derive(Default)]
pub(crate) struct Seen {
    cycles: u32,
    waits_ns: Vec<u64>,
}

impl Seen {
    /// It has got a connection, and asked for it then.
    pub(crate) fn served(&mut self, gate: &Gate, asked: Option<Instant>) {
        let state = gate.0.load(Relaxed);
        if state == OPEN {
            self.cycles += 1;
        }
        // Who was served only when the others had gone has waited, too.
        if let Some(asked) = asked.filter(|_| state >= OPEN) {
            self.waits_ns.push(asked.elapsed().as_nanos().try_into().unwrap_or(u64::MAX));
        }
    }
}

/// As [`FIGURES`] say.
#[expect(clippy::cast_precision_loss, reason = "exact up to 52 days in nanoseconds")]
pub(crate) fn figures(counted: &[Seen], window: Duration, timed: &[Seen]) -> Vec<Measure> {
    let cycles = || counted.iter().map(|seen| f64::from(seen.cycles));
    let (least, most) = (cycles().fold(f64::INFINITY, f64::min), cycles().fold(0.0, f64::max));
    let waits: Vec<f64> =
        timed.iter().flat_map(|seen| &seen.waits_ns).map(|&wait| wait as f64 / 1e3).collect();
    let wait = |part| quantile(waits.iter().copied(), part).unwrap_or(f64::INFINITY);
    vec![
        (cycles().sum::<f64>() / window.as_secs_f64() / 1e6).into(),
        (if least > 0.0 { most / least } else { f64::INFINITY }).into(),
        (cycles().filter(|&cycles| cycles == 0.0).count() as f64).into(),
        wait(0.99).into(),
        wait(0.999).into(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_tell_rate_fairness_and_waits() {
        let counted = [(30, 0), (20, 0), (0, 0)];
        let timed = [(0, 1000), (0, 3000), (0, 2000)];
        let seen = |of: [(u32, u64); 3]| of.map(|(cycles, wait)| Seen { cycles, waits_ns: vec![wait] });
        let figures = figures(&seen(counted), Duration::from_micros(10), &seen(timed));
        let numbers: Vec<f64> = figures.iter().filter_map(Measure::number).collect();
        assert_eq!((numbers[RATE], numbers[UNFAIRNESS], numbers[STARVED]), (5.0, f64::INFINITY, 1.0));
        assert!((2.9..=3.0).contains(&numbers[P99]), "{numbers:?}");
        assert_eq!(numbers.len(), FIGURES.len());
    }
}
