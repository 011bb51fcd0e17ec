//! More threads than connections, each in a loop: get, let others run, drop.

use std::thread;
use std::time::{Duration, Instant};

use crate::pools::dialer::{Dialer, Plan};
use crate::pools::figures::{Figure, Measure};
use crate::pools::peers::{BlockingPool, Kind, PlayOnThreads, Wish};
use crate::pools::scenarios::Scale;
use crate::pools::scenarios::contended::{CONNECTIONS, Gate, Seen, figures};

pub(crate) struct Contended {
    threads: usize,
    window: Duration,
}

/// In the order of those for tasks.
pub(crate) const FIGURES: &[Figure] = &[
    Figure::new("M cycles/s", 3).against(Kind::R2d2),
    Figure::new("max/min", 2).against(Kind::R2d2),
    Figure::new("starved", 0),
    Figure::new("p99 wait, µs", 0).against(Kind::R2d2),
    Figure::new("p99.9 wait, µs", 0).against(Kind::R2d2),
];

impl Contended {
    pub(crate) fn new(scale: &Scale) -> Self {
        // They switch more slowly than tasks.
        Self { threads: scale.callers, window: scale.window * 2 }
    }
}

impl PlayOnThreads for Contended {
    fn round<P: BlockingPool>(&self, build: impl Fn(Dialer, Wish) -> P) -> Vec<Measure> {
        let pool = build(Dialer::new(Plan::AtOnce), Wish::limit(CONNECTIONS));
        let [counted, timed] = [false, true].map(|is_timed| {
            let gate = Gate::default();
            thread::scope(|scope| {
                let compete = || compete(&pool, &gate, is_timed);
                let threads: Vec<_> = (0..self.threads).map(|_| scope.spawn(compete)).collect();
                let window = gate.open_for(self.window);
                let join =
                    |thread: thread::ScopedJoinHandle<'_, Seen>| thread.join().expect("it does not panic");
                (threads.into_iter().map(join).collect::<Vec<_>>(), window)
            })
        });
        figures(&counted.0, counted.1, &timed.0)
    }
}

fn compete<P: BlockingPool>(pool: &P, gate: &Gate, is_timed: bool) -> Seen {
    let mut seen = Seen::default();
    while !gate.is_closed() {
        let asked = is_timed.then(Instant::now);
        let lease = pool.get().expect("nobody waits as long as a timeout");
        seen.served(gate, asked);
        thread::yield_now();
        drop(lease);
    }
    seen
}
