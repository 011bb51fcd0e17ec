//! A run: what was told to a pool, when, and what it answered.

use std::fmt::{self, Display};
use std::hash::Hash;

use latebind::{Action, Actions, Config, ConfigError, Event, Misuse, OwnedEvent, Pool, Time};

use crate::{Names, words};

/// A recorded run. With the feature `serde` it can be written down, and replayed elsewhere.
///
/// Shown (`{}`), it reads as a script: one line for each event, and its actions below.
#[derive(Clone, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Run<K> {
    /// What the pool began with.
    pub config: Config,
    /// What happened, in its order.
    pub steps: Vec<Step<K>>,
}

/// An event with its time, and what came of it.
#[derive(Clone, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Step<K> {
    /// When it was told.
    pub at: Time,
    /// What was told.
    pub event: OwnedEvent<K>,
    /// The answer; `None`: the event was refused as misuse (R24).
    pub actions: Option<Vec<Action>>,
}

/// A replay that did not go as the recorded run.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum Divergence {
    /// No pool accepts the run's config.
    Config(ConfigError),
    /// A step was answered in another way (R23).
    Step {
        /// Which one, from 0.
        step: usize,
        /// What the replay's pool answered.
        got: Result<Vec<Action>, Misuse>,
    },
    /// The pool is broken after a step.
    Invariant {
        /// Which one, from 0.
        step: usize,
        /// What [`Pool::check_invariants`] says.
        broken: String,
    },
}

impl Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(error) => write!(f, "the run's config is refused: {error}"),
            Self::Step { step, got } => write!(f, "step {step} was answered in another way: {got:?}"),
            Self::Invariant { step, broken } => write!(f, "after step {step}: {broken}"),
        }
    }
}

impl std::error::Error for Divergence {}

impl<K: Clone + Eq + Hash> Run<K> {
    /// A run in which nothing has happened so far.
    pub fn new(config: Config) -> Self {
        Self { config, steps: Vec::new() }
    }

    /// Writes down what was told and answered.
    pub fn record(&mut self, at: Time, event: Event<'_, K>, answer: Result<&[Action], Misuse>) {
        let actions = answer.ok().map(<[Action]>::to_vec);
        self.steps.push(Step { at, event: event.to_owned(), actions });
    }

    /// Tells a new pool the same, and compares (R23).
    ///
    /// # Errors
    ///
    /// The first [`Divergence`]. Whatever a run says, it is refused or replayed: nothing panics (R24).
    pub fn replay(&self) -> Result<Pool<K>, Divergence> {
        let mut pool = Pool::new(self.config.clone()).map_err(Divergence::Config)?;
        let mut actions = Actions::new();
        for (step, recorded) in self.steps.iter().enumerate() {
            actions.clear();
            let result = pool.handle(recorded.at, recorded.event.as_event(), &mut actions);
            let got = result.map(|()| actions.to_vec());
            if got.as_ref().ok() != recorded.actions.as_ref() {
                return Err(Divergence::Step { step, got });
            }
            pool.check_invariants().map_err(|broken| Divergence::Invariant { step, broken })?;
        }
        Ok(pool)
    }

    /// The run as a script, with the names that requests were given.
    pub fn script(&self, names: &Names<K>) -> String
    where
        K: Display,
    {
        let line = |step: &Step<K>| {
            let told =
                format!("{:>9}  {}", words::clock(step.at), words::event(names, &step.event.as_event()));
            let answer = match &step.actions {
                None => "refused".to_owned(),
                Some(actions) if actions.is_empty() => return told,
                Some(actions) => {
                    actions.iter().map(|action| words::action(names, action)).collect::<Vec<_>>().join(", ")
                }
            };
            format!("{told}\n           → {answer}")
        };
        self.steps.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

impl<K: Clone + Eq + Hash + Display> Display for Run<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut names = Names::default();
        // Who asks for which key, and which dial is whose, is told by a pool that is told the same.
        if let Ok(mut pool) = Pool::new(self.config.clone()) {
            let mut actions = Actions::new();
            for step in &self.steps {
                let told = pool.handle(step.at, step.event.as_event(), &mut actions);
                names.learn(&actions, |conn| pool.key(conn));
                actions.clear();
                if told.is_err() && step.actions.is_some() {
                    break;
                }
            }
        }
        writeln!(f, "{}", words::config(&self.config))?;
        f.write_str(&self.script(&names))
    }
}
