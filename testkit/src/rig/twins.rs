//! What the same pool would do if it were told a little less, or the same again.

use latebind::{Action, Actions, Config, ConnId, Event, Misuse, Pool, Time};

use super::Key;
use crate::Broken;
use crate::witness::same_actions;

/// Two more pools: one that is told the same (R23), and one that is spared all misuse and told `Tick` instead of
/// every lost race (R24).
pub(super) struct Twins {
    same: Pool<Key>,
    spared: Pool<Key>,
    /// The latest time that they were told.
    now: Time,
}

impl Twins {
    pub(super) fn new(config: &Config) -> Self {
        let pool = || Pool::new(config.clone()).expect("a config that holds together");
        Self { same: pool(), spared: pool(), now: Time::ZERO }
    }

    /// Tells them what the pool was told, and compares.
    pub(super) fn follow(
        &mut self,
        now: Time,
        event: Event<'_, Key>,
        is_lost: bool,
        answer: Result<&[Action], Misuse>,
    ) -> Result<(), Broken> {
        let mut again = Actions::new();
        let repeated = self.same.handle(now, event, &mut again);
        if repeated.map(|()| &*again) != answer {
            return Err(Broken::new(format!("R23: {answer:?}, then {again:?}")));
        }
        let Ok(actions) = answer else { return Ok(()) };
        let mut spared = Actions::new();
        let event = if is_lost { Event::Tick } else { event };
        let told = self.spared.handle(now, event, &mut spared);
        let key_of = |conn| self.spared.key(conn).copied();
        if told.is_err() || !same_actions(&spared, actions, key_of) {
            return Err(Broken::new(format!(
                "R24: {actions:?}, but without lost races and misuse {told:?}, {spared:?}"
            )));
        }
        self.now = self.now.max(now);
        self.tick_does_nothing(now)
    }

    /// R15: before the deadline, a `Tick` does nothing.
    fn tick_does_nothing(&mut self, now: Time) -> Result<(), Broken> {
        if self.spared.deadline().is_some_and(|deadline| deadline <= self.now) {
            return Ok(());
        }
        let mut more = Actions::new();
        let told = self.spared.handle(now, Event::Tick, &mut more);
        if told.is_ok() && more.is_empty() {
            Ok(())
        } else {
            Err(Broken::new(format!("R15: before the deadline, a tick does {more:?}")))
        }
    }

    /// R24: the twin that is spared has the same view.
    pub(super) fn have_same_view(&self, pool: &Pool<Key>, conns: &[ConnId]) -> Result<(), Broken> {
        let same = pool.deadline() == self.spared.deadline()
            && pool.stats() == self.spared.stats()
            && pool.is_drained() == self.spared.is_drained()
            && conns.iter().all(|&id| pool.key(id) == self.spared.key(id));
        if same {
            Ok(())
        } else {
            Err(Broken::new("R24: a lost race or a refused event has changed something"))
        }
    }
}
