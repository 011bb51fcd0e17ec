//! The rig: a pool, a virtual clock, and names for connections and requests.
//!
//! A test tells events and the actions that they must have, one line each. Connections are named after their
//! key in the order of their dials: `a1`, `a2`, `b1`. After every event the rig checks the pool's own
//! invariants and its own view of them, and that two more pools agree: one that is told the same (R23), and
//! one that is spared all misuse and told `Tick` instead of every lost race (R24).

mod answers;
mod census;
mod choice;
mod clock;
mod laws;
mod ledger;
mod moves;
mod races;
mod state;
mod take;
mod tending;
mod upkeep;
mod vocabulary;
mod words;

use std::time::Duration;

use latebind::{Actions, Config, Event, Misuse, Pool, Priority, Time};
use ledger::Ledger;
use take::{Verdict, must};

/// A key of the tests' pools, and the first letter of its connections' names.
pub(crate) type Key = &'static str;

/// A pool under test, and all that is known of it.
pub(crate) struct Rig {
    pool: Pool<Key>,
    same: Pool<Key>,
    spared: Pool<Key>,
    ledger: Ledger,
    now: Time,
    script: Vec<String>,
}

/// What one event had as its actions: to be compared with what the script expects.
#[must_use = "a step must be compared with what is expected"]
pub(crate) struct Step<'rig> {
    rig: &'rig Rig,
    got: Vec<String>,
    refused: Option<String>,
}

/// Milliseconds.
pub(crate) fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// The priority of that level, which must be below eight.
pub(crate) fn level(level: u8) -> Priority {
    Priority::new(level).expect("eight levels")
}

impl Rig {
    pub(crate) fn new(config: Config) -> Self {
        let pool = |config: &Config| Pool::new(config.clone()).expect("a config that holds together");
        Self {
            pool: pool(&config),
            same: pool(&config),
            spared: pool(&config),
            ledger: Ledger::new(config),
            now: Time::ZERO,
            script: Vec::new(),
        }
    }

    /// Tells all pools the event, and checks all that can be checked without knowing the script.
    #[track_caller]
    pub(crate) fn tell(&mut self, event: Event<'_, Key>) -> Step<'_> {
        match self.attempt(event) {
            Ok((got, refused)) => Step { rig: self, got, refused },
            Err(broken) => panic!("{broken}"),
        }
    }

    /// The same, telling what was broken together with the script so far.
    pub(crate) fn attempt(&mut self, event: Event<'_, Key>) -> Result<(Vec<String>, Option<String>), String> {
        let line = format!("{:>9}  {}", words::clock(self.now.0), words::event(&self.ledger, &event));
        self.script.push(line);
        self.attempt_quietly(event).map_err(|broken| self.with_script(&broken))
    }

    fn attempt_quietly(&mut self, event: Event<'_, Key>) -> Result<(Vec<String>, Option<String>), String> {
        if let Event::Keep { key, .. } | Event::Preconnect { key, .. } = event {
            self.ledger.keys.insert(key);
        }
        let expected = self.ledger.misuse(&event);
        let mut actions = Actions::new();
        let result = self.pool.handle(self.now, event, &mut actions);
        must(result.err() == expected, || {
            format!("R24: the pool says {result:?}, expected is {expected:?}")
        })?;
        self.compare_pools(event, &actions, result)?;
        let mut got = Vec::new();
        if result.is_ok() {
            let before = self.ledger.all_sizes();
            let taken = self.ledger.take(self.now, &event, &actions, |id| self.pool.key(id).copied());
            got = actions.iter().map(|action| words::action(&self.ledger, action)).collect();
            self.script.push(format!("             → {}", got.join(", ")));
            taken?;
            self.ledger.check(&self.pool, &event, &before)?;
        }
        self.pool.check_invariants()?;
        Ok((got, result.err().map(|misuse| words::misuse(&self.ledger, &misuse))))
    }

    /// R23: what is told twice is answered twice. R24: a lost race is a `Tick`, misuse is nothing. R15: before
    /// the deadline, a `Tick` does nothing.
    fn compare_pools(
        &mut self,
        event: Event<'_, Key>,
        actions: &Actions,
        result: Result<(), Misuse>,
    ) -> Verdict {
        let (now, lost) = (self.now, self.ledger.is_lost(&event));
        let mut again = Actions::new();
        let repeated = self.same.handle(now, event, &mut again);
        let same = (&again, repeated) == (actions, result);
        must(same, || format!("R23: {actions:?}, then {again:?}"))?;
        let silent = result.is_ok() || actions.is_empty();
        must(silent, || format!("R24: a refused event has actions: {actions:?}"))?;
        if result.is_ok() {
            let mut spared = Actions::new();
            let event = if lost { Event::Tick } else { event };
            let told = self.spared.handle(now, event, &mut spared);
            let same = (&spared, told) == (actions, Ok(()));
            must(same, || format!("R24: {actions:?}, but without lost races and misuse {spared:?}"))?;
        }
        laws::same_view(&self.pool, &self.spared, self.ledger.names.keys().copied())?;
        let reached = self.ledger.now.max(now);
        if self.spared.deadline().is_none_or(|deadline| deadline > reached) && result.is_ok() {
            let mut more = Actions::new();
            let told = self.spared.handle(now, Event::Tick, &mut more);
            let still = told.is_ok() && more.is_empty();
            must(still, || format!("R15: before the deadline, a tick does {more:?}"))?;
        }
        Ok(())
    }

    pub(crate) fn with_script(&self, what: &str) -> String {
        format!("{what}\nthe script so far:\n{}\n", self.script.join("\n"))
    }

    #[track_caller]
    fn fail(&self, what: &str) -> ! {
        panic!("{}", self.with_script(what));
    }
}

impl Step<'_> {
    /// The step has these actions, in any order but that of the deliveries.
    #[track_caller]
    pub(crate) fn gives(self, expected: &str) {
        if let Some(refused) = &self.refused {
            self.rig.fail(&format!("expected: {expected}\n     got: misuse, {refused}"));
        }
        if let Some(difference) = words::difference(expected, &self.got) {
            self.rig.fail(&difference);
        }
    }

    /// The step has no actions.
    #[track_caller]
    pub(crate) fn gives_nothing(self) {
        self.gives("");
    }

    /// The event is refused as misuse.
    #[track_caller]
    pub(crate) fn gives_misuse(self, expected: &str) {
        if self.refused.as_deref() != Some(expected) {
            self.rig.fail(&format!("expected: misuse, {expected}\n     got: {:?}", (self.refused, self.got)));
        }
    }
}
