//! The rig: a pool, a virtual clock, and names for connections and requests.

mod play;
#[cfg(feature = "serde")]
mod record;
mod state;
mod twins;
mod upkeep;
mod vocabulary;

use std::time::Duration;

use latebind::{Actions, Config, Event, Pool, Priority, Time};

use crate::{Broken, Model, Names, Run, Witness, words};
use twins::Twins;

/// A key of a rig's pool, and the first letters of its connections' names.
pub type Key = &'static str;

/// A pool under test with all that is known of it.
///
/// A test tells events and the actions that they must have, one line each; connections are named after their
/// key, in the order of their dials.
///
/// After every event the rig compares the pool with the [model](Model), checks the invariants, and sees that two
/// more pools agree: one that is told the same (R23), and one that is spared all misuse and told `Tick` instead of
/// every lost race (R24). It panics with the script so far if something is wrong.
///
/// ```
/// use latebind::Config;
/// use latebind_testkit::Rig;
///
/// let mut rig = Rig::new(Config::default().max_connections_per_key(1));
/// rig.request("r1", "a").gives("r1 waits, dial a1");
/// rig.request("r2", "a").gives("r2 waits");
/// rig.at(200).dialed("a1").gives("r1 gets a1 (own dial)");
/// rig.at(220).returned("a1").gives("r2 gets a1 (returned)");
/// ```
pub struct Rig {
    pool: Pool<Key>,
    twins: Twins,
    witness: Witness<Key>,
    names: Names<Key>,
    run: Run<Key>,
    now: Time,
}

/// What one event had as its actions, in words: to be compared with what the script expects.
#[must_use = "a step must be compared with what is expected"]
pub struct Told<'rig> {
    rig: &'rig Rig,
    got: Vec<String>,
    refused: Option<String>,
}

/// Milliseconds.
pub fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// The priority of that level.
///
/// # Panics
///
/// If it is not below eight.
pub fn level(level: u8) -> Priority {
    Priority::new(level).expect("eight levels")
}

impl Rig {
    /// A rig around a new pool.
    ///
    /// # Panics
    ///
    /// If the config contradicts itself.
    pub fn new(config: Config) -> Self {
        Self {
            pool: Pool::new(config.clone()).expect("a config that holds together"),
            twins: Twins::new(&config),
            witness: Witness::new(config.clone()),
            names: Names::default(),
            run: Run::new(config),
            now: Time::ZERO,
        }
    }

    /// The pool under test.
    pub fn pool(&self) -> &Pool<Key> {
        &self.pool
    }

    /// What the rules say of it.
    pub fn model(&self) -> &Model<Key> {
        self.witness.model()
    }

    /// Who has seen all of it.
    pub fn witness(&self) -> &Witness<Key> {
        &self.witness
    }

    /// What has happened so far.
    pub fn run(&self) -> &Run<Key> {
        &self.run
    }

    /// The virtual clock.
    pub fn now(&self) -> Time {
        self.now
    }

    /// Tells the event, and checks all that can be checked without knowing the script.
    ///
    /// # Panics
    ///
    /// If the pool is broken.
    #[track_caller]
    pub fn tell(&mut self, event: Event<'_, Key>) -> Told<'_> {
        match self.attempt(event) {
            Ok((got, refused)) => Told { rig: self, got, refused },
            Err(broken) => panic!("{broken}"),
        }
    }

    /// The same without a panic, for generated runs: the actions in words, and the refusal.
    ///
    /// # Errors
    ///
    /// [`Broken`], together with the script so far.
    pub fn attempt(&mut self, event: Event<'_, Key>) -> Result<(Vec<String>, Option<String>), Broken> {
        let is_lost = names_somebody(&event) && self.model().is_lost(&event);
        let mut actions = Actions::new();
        let result = self.pool.handle(self.now, event, &mut actions);
        let answer = result.map(|()| &*actions);
        self.names.learn(&actions, |conn| self.pool.key(conn));
        self.run.record(self.now, event, answer);
        let checked = self
            .witness
            .saw(self.now, event, result, &actions, &self.pool)
            .and_then(|()| self.twins.follow(self.now, event, is_lost, answer))
            .and_then(|()| self.twins.have_same_view(&self.pool, self.witness.conns_ever()));
        checked.map_err(|broken| Broken::new(self.with_script(&broken.to_string())))?;
        let got = actions.iter().map(|action| words::action(&self.names, action)).collect();
        Ok((got, result.err().map(|misuse| words::misuse(&self.names, &misuse))))
    }

    /// `what`, together with the script so far.
    pub fn with_script(&self, what: &str) -> String {
        format!("{what}\nthe script so far:\n{}\n", self.run.script(&self.names))
    }

    #[track_caller]
    fn fail(&self, what: &str) -> ! {
        panic!("{}", self.with_script(what));
    }
}

/// Whether the event is of a connection or a request, and so can be a lost race.
fn names_somebody(event: &Event<'_, Key>) -> bool {
    matches!(
        event,
        Event::Cancel { .. }
            | Event::Reprioritize { .. }
            | Event::DialDone { .. }
            | Event::ConnIdle { .. }
            | Event::ConnClosed { .. }
            | Event::CheckDone { .. }
            | Event::Capacity { .. }
            | Event::Draining { .. }
    )
}

impl Told<'_> {
    /// The step has these actions, in any order but that of the deliveries.
    ///
    /// # Panics
    ///
    /// If it has others, or the event was refused.
    #[track_caller]
    pub fn gives(self, expected: &str) {
        if let Some(refused) = &self.refused {
            self.rig.fail(&format!("expected: {expected}\n     got: misuse, {refused}"));
        }
        if let Some(difference) = words::difference(expected, &self.got) {
            self.rig.fail(&difference);
        }
    }

    /// The step has no actions.
    ///
    /// # Panics
    ///
    /// If it has some, or the event was refused.
    #[track_caller]
    pub fn gives_nothing(self) {
        self.gives("");
    }

    /// The event is refused as misuse.
    ///
    /// # Panics
    ///
    /// If it is not, or with other words.
    #[track_caller]
    pub fn gives_misuse(self, expected: &str) {
        if self.refused.as_deref() != Some(expected) {
            self.rig.fail(&format!("expected: misuse, {expected}\n     got: {:?}", (self.refused, self.got)));
        }
    }
}
