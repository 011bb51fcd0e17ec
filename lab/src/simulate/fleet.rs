//! Many seeds on a few threads; what comes out does not depend on how many.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use super::judge::{Complaint, Kind};
use super::tally::Tally;
use super::world::{Manner, World};

/// Which worlds to run, and how.
#[derive(Clone, Copy, Debug)]
pub struct Fleet {
    /// The first seed.
    pub first: u64,
    /// How many seeds.
    pub seeds: u64,
    /// How many threads.
    pub threads: usize,
    /// How each world is run.
    pub manner: Manner,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What was met, in the worlds that were run.
    pub tally: Tally,
    /// The first seed, of those that were run, that failed.
    pub failure: Option<(u64, Complaint)>,
}

impl Fleet {
    /// Runs the worlds until one fails; `progress` hears of each that was good: its events.
    ///
    /// # Panics
    ///
    /// If `progress` panics.
    pub fn run(&self, progress: &(impl Fn(&Tally) + Sync)) -> Outcome {
        let (next, has_failed) = (AtomicU64::new(0), AtomicBool::new(false));
        let outcome = Mutex::new(Outcome { tally: Tally::default(), failure: None });
        let work = || {
            while !has_failed.load(Ordering::Relaxed) {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= self.seeds {
                    return;
                }
                let seed = self.first.wrapping_add(number);
                let mut world = World::new(seed, self.manner, false);
                let complaint = run(&mut world);
                let tally = world.tally();
                progress(&tally);
                let mut outcome = outcome.lock().expect("no thread panics with the outcome");
                outcome.tally.add(&tally);
                if let Some(complaint) = complaint {
                    has_failed.store(true, Ordering::Relaxed);
                    if outcome.failure.as_ref().is_none_or(|(first, _)| seed < *first) {
                        outcome.failure = Some((seed, complaint));
                    }
                }
            }
        };
        thread::scope(|scope| {
            for _ in 0..self.threads.max(1) {
                scope.spawn(work);
            }
        });
        outcome.into_inner().expect("no thread panics with the outcome")
    }
}

/// Runs a world; a panic is a complaint, too (R24).
pub fn run(world: &mut World) -> Option<Complaint> {
    contained(|| world.run().err())
}

/// Catches a panic of the pool.
pub fn contained(work: impl FnOnce() -> Option<Complaint>) -> Option<Complaint> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no words");
        Some(Complaint { kind: Kind::Panic, text: format!("R24: it panicked: {text}") })
    })
}
