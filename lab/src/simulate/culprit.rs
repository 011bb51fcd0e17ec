//! A seed that fails: its whole script, and the shortest one that shows the same.

use std::fmt::{self, Display};
use std::panic;

use latebind::Time;
use latebind_testkit::{Run, shrink};

use super::fleet;
use super::judge::{Complaint, Court, Kind, Watch};
use super::key::Key;
use super::world::{Manner, World};

/// How many scripts are tried at most, and how many events they may have all together.
const TRIES: usize = 20_000;
const EVENTS: usize = 20_000_000;

/// How a seed is run.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// The seed.
    pub seed: u64,
    /// How its world is run.
    pub manner: Manner,
}

/// A world that was recorded.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// What was told and answered.
    pub run: Run<Key>,
    /// What was wrong, if anything was.
    pub complaint: Option<Complaint>,
    /// Whether the driver has failed to report a dial (planted).
    has_debts: bool,
    watch: Watch,
}

/// A failure and the shortest script that shows it.
#[derive(Clone, Debug)]
pub struct Culprit {
    /// What was wrong in the whole run.
    pub complaint: Complaint,
    /// How long that was.
    pub events: usize,
    /// A short run.
    pub run: Run<Key>,
    /// What is wrong in the short run.
    pub shows: Complaint,
}

impl Case {
    /// Runs the world once more, and writes everything down.
    ///
    /// # Panics
    ///
    /// Never: a world that records has a record.
    pub fn record(self) -> Recorded {
        let mut world = World::new(self.seed, self.manner, true);
        let complaint = fleet::run(&mut world);
        let is_modelled = self.manner.with_model && !world.swarm().is_large;
        let watch = if is_modelled { Watch::Model } else { Watch::Invariants(1) };
        let has_debts = world.has_debts();
        Recorded { run: world.take_run().expect("it was recorded"), complaint, has_debts, watch }
    }
}

impl Recorded {
    /// The shortest script that shows the same complaint, if there is one.
    pub fn shrink(&self) -> Option<Culprit> {
        let complaint = self.complaint.clone()?;
        let mut left = EVENTS;
        // A pool that panics would tell so for each script.
        let hook = panic::take_hook();
        panic::set_hook(Box::new(|_| {}));
        let run = shrink(&self.run, TRIES, |run| {
            let within = left > 0;
            left = left.saturating_sub(run.steps.len());
            within && self.retry(run, &complaint.kind).is_some()
        });
        let shows = self.retry(&run, &complaint.kind).unwrap_or_else(|| complaint.clone());
        panic::set_hook(hook);
        Some(Culprit { complaint, events: self.run.steps.len(), run, shows })
    }

    /// Tells a new pool the same: what is wrong, if it is of that kind.
    fn retry(&self, run: &Run<Key>, kind: &Kind) -> Option<Complaint> {
        let complaint = fleet::contained(|| self.replay(run, kind));
        complaint.filter(|complaint| complaint.kind == *kind)
    }

    fn replay(&self, run: &Run<Key>, kind: &Kind) -> Option<Complaint> {
        let mut court = Court::new(&run.config, self.watch, false);
        let mut now = Time::ZERO;
        for (place, step) in run.steps.iter().enumerate() {
            now = now.max(step.at);
            match court.tell(step.at, step.event.as_event()) {
                Err(complaint) => return Some(complaint),
                // What was refused on the way was told on purpose, or has lost its cause.
                Ok(Err(misuse)) if place + 1 == run.steps.len() => return Some(Complaint::refused(misuse)),
                Ok(_) => {}
            }
        }
        if *kind == Kind::Restless { self.rest(court, now) } else { None }
    }

    /// I10, with a driver as honest as that of the world was: if it has failed to report a dial, here it fails to
    /// report the oldest one that is in progress.
    fn rest(&self, court: Court, now: Time) -> Option<Complaint> {
        let is_shut_down = court.judge.ledger().is_shut_down();
        let mut dials = court.judge.ledger().conns().filter(|conn| conn.is_dial()).map(|conn| conn.id);
        let swallowed = if self.has_debts { dials.next() } else { None };
        drop(dials);
        let mut world = World::calm(court, now, swallowed);
        if is_shut_down { world.shut_down().err() } else { world.rest().err() }
    }
}

impl Display for Culprit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n", self.complaint.text)?;
        writeln!(f, "{} events, of which these show it:\n", self.events)?;
        writeln!(f, "{}\n", self.run)?;
        write!(f, "{}", self.shows.text)
    }
}
