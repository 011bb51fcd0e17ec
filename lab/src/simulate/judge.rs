//! Who watches the pool in a simulation: the ledger always; the model beside it, or the invariants alone.

use latebind::{Action, Actions, Config, Event, Misuse, Pool, Time};
use latebind_testkit::{Run, Witness};

use super::key::Key;
use super::kinds;
use super::ledger::{Ledger, Told};

/// How closely the pool is watched.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Watch {
    /// Each step is compared with the model, and the invariants are checked.
    Model,
    /// The invariants are checked after every so many steps.
    Invariants(u32),
}

/// What was wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Complaint {
    /// Its kind: a shorter script must show the same.
    pub kind: Kind,
    /// What was seen.
    pub text: String,
}

/// The kinds of complaints.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Kind {
    /// The pool panicked.
    Panic,
    /// The accounts do not add up.
    Ledger,
    /// The pool differs from the model, or an invariant does not hold: in what.
    Broken(String),
    /// A report was refused that should have been true; the kind of misuse.
    Refused(usize),
    /// The pool does not come to rest (I10).
    Restless,
}

impl Complaint {
    /// A report was refused that should have been true.
    pub fn refused(misuse: Misuse) -> Self {
        let kind = Kind::Refused(kinds::of_misuse(&misuse));
        Self { kind, text: format!("a report that should be true was refused: {misuse}") }
    }

    /// The pool differs from the model, or an invariant does not hold.
    pub fn broken(text: String) -> Self {
        let what = text.split(['\n', ':']).next().unwrap_or_default().to_owned();
        Self { kind: Kind::Broken(what), text }
    }

    /// I10 does not hold.
    pub fn restless(pool: &Pool<Key>, why: &str) -> Self {
        let (stats, deadline) = (pool.stats(), pool.deadline());
        let text = format!("I10: {why}: {stats}; {} keys, deadline {deadline:?}", stats.keys);
        Self { kind: Kind::Restless, text }
    }
}

/// Watches one pool.
#[derive(Debug)]
pub struct Judge {
    ledger: Ledger,
    witness: Option<Box<Witness<Key>>>,
    every: u32,
    unchecked: u32,
}

impl Judge {
    /// A judge of a new pool.
    pub fn new(config: &Config, watch: Watch) -> Self {
        let (witness, every) = match watch {
            Watch::Model => (Some(Box::new(Witness::new(config.clone()))), 0),
            Watch::Invariants(every) => (None, every),
        };
        Self { ledger: Ledger::new(config), witness, every, unchecked: 0 }
    }

    /// Who has what.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Sees a step, and the pool after it.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn saw(&mut self, told: &Told<'_>, pool: &Pool<Key>) -> Result<(), Complaint> {
        if let Some(witness) = &mut self.witness {
            let seen = witness.saw(told.at, told.event, told.result, told.actions, pool);
            seen.map_err(|broken| Complaint::broken(broken.to_string()))?;
        } else {
            self.unchecked += 1;
            if self.unchecked >= self.every {
                self.unchecked = 0;
                pool.check_invariants().map_err(Complaint::broken)?;
            }
        }
        self.ledger.saw(told, pool).map_err(|text| Complaint { kind: Kind::Ledger, text })
    }
}

/// What a script's pool is told, one event after the other, under the eyes of a judge.
#[derive(Debug)]
pub struct Court {
    /// The pool.
    pub pool: Pool<Key>,
    /// Who watches it.
    pub judge: Judge,
    /// What was told and answered, if that is to be written down.
    pub run: Option<Run<Key>>,
    actions: Actions,
}

impl Court {
    /// A new pool with that config, which must hold together.
    ///
    /// # Panics
    ///
    /// If it contradicts itself.
    pub fn new(config: &Config, watch: Watch, records: bool) -> Self {
        Self {
            pool: Pool::new(config.clone()).expect("a config that holds together"),
            judge: Judge::new(config, watch),
            run: records.then(|| Run::new(config.clone())),
            actions: Actions::new(),
        }
    }

    /// Tells the pool an event; the refusal, if it was refused, as it should.
    ///
    /// # Errors
    ///
    /// What is wrong with the step.
    pub fn tell(&mut self, at: Time, event: Event<'_, Key>) -> Result<Result<&[Action], Misuse>, Complaint> {
        self.actions.clear();
        if let Some(run) = &mut self.run {
            // Before its answer is known: the pool may panic.
            run.record(at, event, Ok(&[]));
        }
        let deadline = self.pool.deadline();
        let result = self.pool.handle(at, event, &mut self.actions);
        if let Some(step) = self.run.as_mut().and_then(|run| run.steps.last_mut()) {
            step.actions = result.is_ok().then(|| self.actions.to_vec());
        }
        let told = Told { at, event, result, actions: &self.actions };
        self.judge.saw(&told, &self.pool)?;
        if result.is_err() && self.pool.deadline() != deadline {
            let text = "R24: a refused event has moved the deadline".to_owned();
            return Err(Complaint { kind: Kind::Ledger, text });
        }
        Ok(result.map(|()| &*self.actions))
    }
}
