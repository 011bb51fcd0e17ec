//! Everything under the lock: the core, and the tables that its actions are carried out on.
//!
//! Nothing here runs foreign code, save what belongs to keys (`Clone`, `Eq`, `Hash`, `Drop`); what has to goes to
//! [`Effects`] (A2).

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use latebind::{Action, Actions, Config, ConfigError, ConnId, Event, Misuse, Time};
use slab::Slab;

use crate::connections::Connections;
use crate::dial::Call;
use crate::effect::{Effect, Effects};
use crate::errand::Errand;
use crate::failures::Failures;
use crate::notice::Notice;
use crate::slot::{Answer, Done, Slot};
use crate::sync::AbortHandle;
use crate::timer::Timer;
use crate::watch::Watch;
use crate::{ConnectError, Manager};

/// What the lock guards. Laid out as written, what nearly every step touches first.
#[repr(C)]
pub(crate) struct State<M: Manager> {
    /// Requests that wait, or whose answer was not picked up; the index is the core's token.
    pub(crate) slots: Slab<Slot<M>>,
    /// Kept, so that a step allocates nothing; taken out while one is carried out.
    actions: Option<Box<Actions>>,
    /// Watches parked connections, if it can.
    watcher: Option<Arc<M>>,
    /// Somebody wants to hear what happens.
    pub(crate) is_observed: bool,
    pub(crate) is_shut_down: bool,
    /// Somebody is reporting the orphans.
    pub(crate) is_reporting_orphans: bool,
    pub(crate) pool: latebind::Pool<M::Key>,
    pub(crate) timer: Timer,
    pub(crate) connections: Connections<M::Connection>,
    pub(crate) failures: Failures<M::Key, M::Error>,
    /// Tasks that were dropped unfinished, in the order in which they are to be reported.
    pub(crate) orphans: VecDeque<Orphan>,
    /// Who waits for the pool to be drained.
    pub(crate) drain_waiters: Slab<Option<Waker>>,
    /// As of now.
    pub(crate) config: Config,
    /// The core never minds what the driver says; if it did, [`check_invariants`](Self::check_invariants) tells.
    pub(crate) misuse: Option<Misuse>,
}

/// A task that the runtime dropped: what it owes.
#[derive(Clone, Copy)]
pub(crate) enum Orphan {
    /// The end of a dial.
    Dial(ConnId),
    /// The end of a connection that was being closed.
    Close(ConnId),
    /// A connection that was being checked or recycled, lost with the task.
    Errand(ConnId, Errand),
}

impl<M: Manager> State<M> {
    pub(crate) fn new(
        config: Config,
        watcher: Option<Arc<M>>,
        is_observed: bool,
    ) -> Result<Self, ConfigError> {
        Ok(Self {
            pool: latebind::Pool::new(config.clone())?,
            config,
            actions: None,
            connections: Connections::new(),
            slots: Slab::new(),
            failures: Failures::new(),
            timer: Timer::Off,
            orphans: VecDeque::new(),
            is_reporting_orphans: false,
            drain_waiters: Slab::new(),
            watcher,
            is_shut_down: false,
            is_observed,
            misuse: None,
        })
    }

    /// One event that the driver is entitled to.
    #[inline]
    pub(crate) fn apply(&mut self, now: Time, event: Event<'_, M::Key>, effects: &mut Effects<M>) {
        if let Err(misuse) = self.handle(now, event, effects) {
            self.misuse = Some(misuse);
        }
    }

    #[inline]
    pub(crate) fn handle(
        &mut self,
        now: Time,
        event: Event<'_, M::Key>,
        effects: &mut Effects<M>,
    ) -> Result<(), Misuse> {
        let mut actions = self.actions.take().unwrap_or_default();
        let handled = self.pool.handle(now, event, &mut actions);
        for action in &*actions {
            self.carry_out(now, action, effects);
        }
        self.keep(actions);
        self.settle(effects);
        handled
    }

    /// One event, and what comes of it for the caller to carry out: then it [keeps](Self::keep) them, and
    /// [settles](Self::settle).
    #[inline]
    pub(crate) fn ask(&mut self, now: Time, event: Event<'_, M::Key>) -> Box<Actions> {
        let mut actions = self.actions.take().unwrap_or_default();
        if let Err(misuse) = self.pool.handle(now, event, &mut actions) {
            self.misuse = Some(misuse);
        }
        actions
    }

    /// For the next step.
    #[inline]
    pub(crate) fn keep(&mut self, mut actions: Box<Actions>) {
        actions.clear();
        self.actions = Some(actions);
    }

    /// All actions of a step were carried out.
    #[inline]
    pub(crate) fn settle(&mut self, effects: &mut Effects<M>) {
        if self.failures.is_unsettled() {
            effects.forget(self.failures.settle());
        }
    }

    /// Here what happens all the time, apart from what does not.
    #[inline]
    pub(crate) fn carry_out(&mut self, now: Time, action: &Action, effects: &mut Effects<M>) {
        match *action {
            Action::Deliver { token, conn, source, .. } => {
                let delivered = |waited| Notice::Delivered { conn, source, waited };
                self.notify_of_request(now, index(token), delivered, effects);
                self.answer(token, Done::Delivered { conn, source }, effects);
            }
            Action::Park { conn } => {
                self.notify(conn, || Notice::Parked { conn }, effects);
                self.watch(conn, effects);
            }
            _ => self.carry_out_rarity(now, *action, effects),
        }
    }

    #[inline(never)]
    fn carry_out_rarity(&mut self, now: Time, action: Action, effects: &mut Effects<M>) {
        match action {
            Action::Fail { token, error, cause, .. } => self.fail(now, token, error, cause, effects),
            Action::StartDial { conn } => self.start_dial(now, conn, effects),
            Action::CancelDial { conn } => self.stop_dial(now, conn, effects),
            Action::Check { conn } => self.check(conn, effects),
            Action::Close { conn, reason } => {
                self.notify(conn, || Notice::Closing { conn, reason }, effects);
                self.retire(conn, effects);
            }
            Action::Overdue { conn } => self.notify(conn, || Notice::Overdue { conn }, effects),
            Action::Drained => {
                let waiters = self.drain_waiters.iter_mut().filter_map(|(_, waker)| waker.take());
                waiters.for_each(|waker| effects.push(Effect::Wake(waker)));
            }
            // `Wait` is for the request itself (`request.rs`). The enum may grow, but never without an event or a setting
            // that asks for the new action.
            _ => {}
        }
    }

    fn start_dial(&mut self, now: Time, conn: ConnId, effects: &mut Effects<M>) {
        let (abort, registration) = AbortHandle::new_pair();
        self.connections.dialing(conn, abort, now);
        self.notify(conn, || Notice::DialStarted { conn }, effects);
        if let Some(key) = self.pool.key(conn) {
            effects.push(Effect::Dial(Box::new(Call { conn, key: key.clone(), abort: registration })));
        }
    }

    fn stop_dial(&mut self, now: Time, conn: ConnId, effects: &mut Effects<M>) {
        let timed_out = self.exceeded_limit(now, conn);
        if let Some(limit) = timed_out
            && let Some(key) = self.pool.key(conn)
        {
            self.failures.insert(key.clone(), conn, ConnectError::TimedOut(limit));
        }
        if let Some(abort) = self.connections.stop(conn, timed_out.is_some()) {
            effects.push(Effect::StopTask(abort));
        }
    }

    /// The dial's time limit, if it is still on its way and has taken longer.
    pub(crate) fn exceeded_limit(&self, now: Time, conn: ConnId) -> Option<Duration> {
        let age = self.connections.dial_begun(conn).map(|begun| now.since(begun))?;
        // What is due expires first in a step: an older dial is never cancelled for another reason.
        self.config.dial_timeout.filter(|limit| age >= *limit)
    }

    /// Watches the connection for its peer's close, if the manager can (A7).
    #[inline]
    pub(crate) fn watch(&mut self, conn: ConnId, effects: &mut Effects<M>) {
        if let Some(manager) = &self.watcher
            && let Some(watch) =
                self.connections.watch(conn, |connection| Watch::new(Arc::clone(manager), connection))
        {
            effects.push(Effect::Watch(conn, watch));
        }
    }

    #[inline]
    pub(crate) fn answer(&mut self, token: u64, done: Done<M>, effects: &mut Effects<M>) {
        let answer = &mut self.slots[index(token)].answer;
        if let Answer::Waiting { waker, .. } = answer
            && let Some(waker) = waker.take()
        {
            effects.push(Effect::Wake(waker));
        }
        *answer = Answer::Done(done);
    }

    /// The core's invariants, and that the driver's tables agree with it.
    pub(crate) fn check_invariants(&self) -> Result<(), String> {
        if let Some(misuse) = self.misuse {
            return Err(format!("driver: {misuse}"));
        }
        self.pool.check_invariants()?;
        let stats = self.pool.stats();
        let waiting =
            self.slots.iter().filter(|(_, slot)| matches!(slot.answer, Answer::Waiting { .. })).count();
        if waiting != stats.waiters as usize {
            return Err(format!("driver: {waiting} slots wait, but the pool says: {stats}"));
        }
        let census = self.connections.census();
        if census.dialing != stats.dialing || census.dialing + census.open_or_closing != stats.connections() {
            return Err(format!("driver: the table has {census:?}, but the pool says: {stats}"));
        }
        Ok(())
    }
}

/// A token back as the index that it was made of.
pub(crate) fn index(token: u64) -> usize {
    usize::try_from(token).expect("tokens are indices of `slots`")
}
