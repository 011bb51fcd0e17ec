//! What was met in the worlds: so that one sees that the search reaches the rare things.

use latebind::{Action, Counters, Event, Misuse, Source};

use super::faults::Fault;
use super::kinds::{self, ACTIONS, ERRORS, EVENTS, MISUSES, REASONS};
use super::labels::labelled;

labelled! {
    /// Things that are met rarely, and by luck.
    pub enum Rarity {
        LostRace = "cancels of requests that were answered",
        Shared = "leases beside others on one connection",
        Backup = "backup dials",
        Suspect = "checks of suspects",
        StoppedDialCame = "stopped dials that came all the same",
        ClearedDialCame = "cleared dials that came all the same",
        Interrupted = "leases interrupted by a clear",
        CapacityBack = "capacity that came back from 0",
        DrainedInUse = "GOAWAY while on lease",
        DeadAtUse = "dead connections that were delivered",
        FullHouse = "steps with 20 actions or more",
        Shutdown = "shutdowns in the midst of everything",
    }
}

/// Counts over some worlds.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Tally {
    /// Worlds.
    pub worlds: u64,
    /// Large ones among them.
    pub large: u64,
    /// Events told.
    pub events: u64,
    /// Milliseconds that went by in the worlds.
    pub simulated_ms: u64,
    /// Events by kind.
    pub told: [u64; EVENTS.len()],
    /// Refused events by kind of misuse.
    pub refused: [u64; MISUSES.len()],
    /// Actions by kind.
    pub done: [u64; ACTIONS.len()],
    /// Deliveries by source.
    pub sources: [u64; Source::ALL.len()],
    /// Failed requests by error.
    pub errors: [u64; ERRORS.len()],
    /// Closed connections by reason.
    pub reasons: [u64; REASONS.len()],
    /// Rare things.
    pub rare: [u64; Rarity::ALL.len()],
    /// How often each fault struck.
    pub struck: [u64; Fault::ALL.len()],
    /// Worlds in which it did.
    pub worlds_with: [u64; Fault::ALL.len()],
    /// Requests that waited, and had to be told later.
    pub waited: u64,
    /// Dials that took too long.
    pub dials_timed_out: u64,
    /// Dials that brought a connection.
    pub opened: u64,
    /// Checks that passed.
    pub checks_passed: u64,
    /// Checks that did not.
    pub checks_failed: u64,
    /// A hash over all that was told and answered.
    pub digest: u64,
}

impl Tally {
    /// Counts an event and its answer.
    pub fn step<K>(&mut self, event: &Event<'_, K>, answer: Result<&[Action], Misuse>) {
        self.events += 1;
        let kind = kinds::of_event(event);
        self.told[kind] += 1;
        self.stir(kind as u64);
        let actions = match answer {
            Ok(actions) => actions,
            Err(misuse) => {
                self.refused[kinds::of_misuse(&misuse)] += 1;
                return;
            }
        };
        if actions.len() >= 20 {
            self.note(Rarity::FullHouse);
        }
        for action in actions {
            self.action(action);
        }
    }

    fn action(&mut self, action: &Action) {
        let kind = kinds::of_action(action);
        self.done[kind] += 1;
        self.stir(kind as u64);
        match *action {
            Action::Deliver { source, token, conn, .. } => {
                self.sources[source as usize] += 1;
                self.stir(token);
                self.stir(conn.index() as u64);
            }
            Action::Fail { error, .. } => {
                self.errors[ERRORS.iter().position(|known| *known == error).unwrap_or(0)] += 1;
            }
            Action::Close { reason, conn } => {
                self.reasons[REASONS.iter().position(|known| *known == reason).unwrap_or(0)] += 1;
                self.stir(conn.index() as u64);
            }
            _ => {}
        }
    }

    /// Something rare was met.
    pub fn note(&mut self, rarity: Rarity) {
        self.rare[rarity as usize] += 1;
    }

    /// A fault struck.
    pub fn strike(&mut self, fault: Fault) {
        self.struck[fault as usize] += 1;
    }

    /// A world has ended.
    pub fn end(&mut self, counters: &Counters, is_large: bool, simulated_ms: u64) {
        self.worlds = 1;
        self.large = u64::from(is_large);
        self.simulated_ms = simulated_ms;
        self.worlds_with = self.struck.map(|count| u64::from(count > 0));
        self.waited = counters.waited;
        self.dials_timed_out = counters.dials_timed_out;
        self.opened = counters.opened;
        self.checks_passed = counters.checks_passed;
        self.checks_failed = counters.checks_failed;
    }

    /// Adds the counts of others; their order does not matter.
    pub fn add(&mut self, other: &Self) {
        let sum = |mine: &mut [u64], others: &[u64]| {
            for (mine, other) in mine.iter_mut().zip(others) {
                *mine += other;
            }
        };
        sum(&mut self.told, &other.told);
        sum(&mut self.refused, &other.refused);
        sum(&mut self.done, &other.done);
        sum(&mut self.sources, &other.sources);
        sum(&mut self.errors, &other.errors);
        sum(&mut self.reasons, &other.reasons);
        sum(&mut self.rare, &other.rare);
        sum(&mut self.struck, &other.struck);
        sum(&mut self.worlds_with, &other.worlds_with);
        self.worlds += other.worlds;
        self.large += other.large;
        self.events += other.events;
        self.simulated_ms += other.simulated_ms;
        self.waited += other.waited;
        self.dials_timed_out += other.dials_timed_out;
        self.opened += other.opened;
        self.checks_passed += other.checks_passed;
        self.checks_failed += other.checks_failed;
        self.digest = self.digest.wrapping_add(other.digest);
    }

    /// FNV-1a, over numbers instead of bytes.
    fn stir(&mut self, number: u64) {
        self.digest = (self.digest ^ number).wrapping_mul(0x0100_0000_01b3).rotate_left(17);
    }
}
