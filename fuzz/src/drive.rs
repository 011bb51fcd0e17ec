//! A pool that is driven by moves, with somebody who keeps books of it.

use latebind::{Action, Actions, Config, DialError, Event, Misuse, OwnedEvent, Pool, Time, Waiters};
use latebind_testkit::moves::{Move, Role, Subjects};
use latebind_testkit::rig::Key;
use latebind_testkit::{Witness, rest};

use crate::{KEYS, script};

/// Far more than what is left of any script could need.
const STEPS: usize = 20_000;

/// Who sees all that a pool is told and answers.
pub(crate) trait Books: Subjects {
    /// What is wrong, if so.
    fn saw(
        &mut self,
        now: Time,
        event: Event<'_, Key>,
        result: Result<(), Misuse>,
        actions: &[Action],
        pool: &Pool<Key>,
    ) -> Result<(), String>;
}

impl Books for Witness<Key> {
    fn saw(
        &mut self,
        now: Time,
        event: Event<'_, Key>,
        result: Result<(), Misuse>,
        actions: &[Action],
        pool: &Pool<Key>,
    ) -> Result<(), String> {
        Witness::saw(self, now, event, result, actions, pool).map_err(|broken| broken.to_string())
    }
}

/// The pool, the clock and the books. Panics if something is wrong, after the script.
pub(crate) struct Drive<B> {
    pool: Pool<Key>,
    books: B,
    now: Time,
    actions: Actions,
    /// How many events were told: what the next request brings as its token.
    told: u64,
}

impl<B: Books> Drive<B> {
    pub(crate) fn new(config: &Config, books: B) -> Self {
        script::begin(config);
        let pool = Pool::new(config.clone()).expect("a config that holds together");
        Self { pool, books, now: Time::ZERO, actions: Actions::new(), told: 0 }
    }

    /// Makes one move; a move without a subject is none.
    pub(crate) fn play(&mut self, step: &Move) {
        self.now = step.pause.after(self.now, self.pool.deadline());
        if let Some(event) = step.deed.event(&KEYS, &self.books, self.now, self.told) {
            self.tell(&event);
        }
    }

    /// R21: nothing is left once all is reported.
    pub(crate) fn shut_down(&mut self) {
        self.tell(&OwnedEvent::Shutdown);
        let ends = [
            (
                Role::Dial,
                (|conn| OwnedEvent::DialDone { conn, outcome: Err(DialError::Fatal) }) as fn(_) -> _,
            ),
            (Role::Leased, |conn| OwnedEvent::ConnIdle { conn }),
            (Role::Open, |conn| OwnedEvent::ConnClosed { conn }),
        ];
        for (role, end) in ends {
            while let Some(&conn) = self.books.conns(role).first() {
                self.tell(&end(conn));
            }
        }
        self.expect("R21", self.pool.is_drained() && rest::is_at_rest(&self.pool));
    }

    fn tell(&mut self, event: &OwnedEvent<Key>) {
        self.told += 1;
        self.actions.clear();
        script::tells(self.now, event);
        let result = self.pool.handle(self.now, event.as_event(), &mut self.actions);
        script::answered(result.is_ok().then_some(&*self.actions));
        let seen = self.books.saw(self.now, event.as_event(), result, &self.actions, &self.pool);
        if let Err(broken) = seen {
            panic!("{broken}");
        }
    }

    fn expect(&self, rule: &str, rests: bool) {
        let (stats, deadline) = (self.pool.stats(), self.pool.deadline());
        assert!(rests, "{rule}: not at rest: {stats:?}, deadline {deadline:?}");
    }
}

impl Drive<Witness<Key>> {
    /// I10: faults stop, leases end, time passes; everybody is answered, and in the end nothing is left.
    pub(crate) fn come_to_rest(&mut self) {
        self.tell(&OwnedEvent::Resume);
        for key in KEYS {
            self.tell(&OwnedEvent::Keep { key, min_idle: 0 });
        }
        for _ in 0..STEPS {
            let Some((now, event)) = rest::next(self.books.model(), self.now) else {
                self.now = rest::much_later(self.now);
                self.tell(&OwnedEvent::Tick);
                // A backoff of centuries has not ended; a new generation has none (R19).
                self.tell(&OwnedEvent::Clear { key: None, waiters: Waiters::Keep, interrupt: false });
                return self.expect("I10", rest::is_at_rest(&self.pool));
            };
            self.now = now;
            self.tell(&event);
        }
        self.expect("I10", false);
    }
}
