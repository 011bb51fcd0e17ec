//! The pool behind its lock, and what carries its actions out.

use std::mem;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, PoisonError};

use latebind::{Config, ConfigError, ConnId, DialError, Time};

use crate::alarm::Watcher;
use crate::clock::Clock;
use crate::effect::{Effect, Effects, More};
use crate::notice::Observer;
use crate::shield::{shield, shielded_drop};
use crate::state::{Orphan, State};
use crate::sync::{AtomicWaker, Mutex, MutexGuard};
use crate::timer::Timer;
use crate::watch::{Look, Watch};
use crate::{ConnectError, Manager, Runtime, close, dial, errand, timer};

/// What all parts of a pool share. Leases, requests and tasks hold it; the pool's handles do so through one
/// more `Arc`, whose end shuts the pool down (A5).
pub(crate) struct Engine<M: Manager, R: Runtime> {
    pub(crate) manager: Arc<M>,
    pub(crate) runtime: R,
    clock: Clock,
    /// The last request had to wait, so that the next one probably has to as well. A hint, which nothing depends on: no
    /// model checker needs to try it.
    pub(crate) is_crowded: AtomicBool,
    /// Wakes the timer task when its deadline has moved to earlier.
    pub(crate) timer: AtomicWaker,
    /// Whether leases are recycled; the manager was asked once.
    pub(crate) recycles: bool,
    observers: Vec<Observer<M>>,
    state: Mutex<State<M>>,
}

impl<M: Manager, R: Runtime> Engine<M, R> {
    pub(crate) fn new(
        manager: M,
        runtime: R,
        config: Config,
        observers: Vec<Observer<M>>,
    ) -> Result<Self, ConfigError> {
        let manager = Arc::new(manager);
        let watcher = manager.watches_closed().then(|| Arc::clone(&manager));
        let recycles = manager.recycles();
        let is_observed = !observers.is_empty();
        let clock = Clock::new(&config, is_observed);
        let state = Mutex::new(State::new(config, watcher, is_observed)?);
        let is_crowded = AtomicBool::new(false);
        Ok(Self {
            manager,
            runtime,
            clock,
            is_crowded,
            timer: AtomicWaker::new(),
            recycles,
            observers,
            state,
        })
    }

    /// One step: table work under the lock, then all that runs foreign code (A2). What `work` returns is dropped
    /// by the caller, outside.
    #[inline]
    pub(crate) fn step<T>(
        self: &Arc<Self>,
        work: impl FnOnce(&mut State<M>, Time, &mut Effects<M>) -> T,
    ) -> T {
        let now = self.now();
        let mut effects = Effects::new();
        let mut state = self.lock();
        let answer = work(&mut state, now, &mut effects);
        state.arm_timer(&mut effects);
        drop(state);
        if effects.is_empty() {
            // Nothing to drop, which the compiler does not see.
            mem::forget(effects);
        } else {
            self.perform(effects);
        }
        answer
    }

    /// The pool's time.
    pub(crate) fn now(&self) -> Time {
        self.clock.now(&self.runtime)
    }

    /// Something has a duration from now on.
    pub(crate) fn start_clock(&self) {
        self.clock.start(&self.runtime);
    }

    /// Never held across foreign code. A panic under it would be a bug of the pool; it is carried on with what is
    /// there, since a `Drop` that panics in turn would abort the process.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State<M>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection is gone: closed by its peer, or lost.
    pub(crate) fn connection_gone(self: &Arc<Self>, conn: ConnId) {
        self.step(|state, now, effects| state.closed(now, conn, effects));
    }

    /// The peer has closed the connection: it holds no slot any more (A7), whatever is left for the manager to close.
    /// `None`: it was lost.
    pub(crate) fn peer_closed(self: &Arc<Self>, conn: ConnId, connection: Option<M::Connection>) {
        self.connection_gone(conn);
        if let Some(connection) = connection {
            let _ = shield(|| close::after_its_peer(self, connection));
        }
    }

    /// A task was dropped by its runtime before it could report.
    ///
    /// Such a report may start a task that is dropped in turn, on this very stack: they are queued, and reported
    /// one after the other by the first, so that the depth is bounded.
    pub(crate) fn orphaned(self: &Arc<Self>, orphan: Orphan) {
        {
            let mut state = self.lock();
            state.orphans.push_back(orphan);
            if state.is_reporting_orphans {
                return;
            }
            state.is_reporting_orphans = true;
        }
        while self.report_orphan() {}
    }

    fn report_orphan(self: &Arc<Self>) -> bool {
        self.step(|state, now, effects| {
            let orphan = state.orphans.pop_front();
            match orphan {
                Some(Orphan::Dial(conn)) => {
                    let error = Some(ConnectError::RuntimeGone);
                    state.dial_failed(now, conn, error, DialError::Fatal, effects);
                }
                Some(Orphan::Close(conn)) => state.closed(now, conn, effects),
                Some(Orphan::Errand(conn, errand)) => state.errand_lost(now, conn, errand, effects),
                None => state.is_reporting_orphans = false,
            }
            orphan.is_some()
        })
    }

    /// When the timer fires, as of now.
    pub(crate) fn armed(&self) -> Option<Time> {
        match self.lock().timer {
            Timer::Armed(due) => Some(due),
            Timer::Off | Timer::Dead => None,
        }
    }

    /// The timer has fired; whether it goes on.
    pub(crate) fn tick(self: &Arc<Self>) -> bool {
        self.step(State::tick)
    }

    /// The runtime has dropped the timer task: it has ended.
    pub(crate) fn timer_died(self: &Arc<Self>) {
        self.step(State::runtime_gone);
    }

    #[inline(never)]
    fn perform(self: &Arc<Self>, effects: Effects<M>) {
        match effects {
            Effects { first: Some(effect), more: None } => {
                let _ = shield(|| self.perform_one(effect));
            }
            Effects { first, more: Some(more) } => self.perform_all(first, *more),
            Effects { first: None, more: None } => {}
        }
    }

    #[inline(never)]
    fn perform_all(self: &Arc<Self>, first: Option<Effect<M>>, more: More<M>) {
        for (key, notice) in more.notices {
            for observer in &self.observers {
                // A panic of one concerns none of the others.
                let _ = shield(|| observer(&key, &notice));
            }
            shielded_drop(notice);
        }
        for effect in first.into_iter().chain(more.effects) {
            // A panic of one concerns none of the others.
            let _ = shield(|| self.perform_one(effect));
        }
    }

    fn perform_one(self: &Arc<Self>, effect: Effect<M>) {
        match effect {
            Effect::Wake(waker) => waker.wake(),
            Effect::Dial(call) => dial::start(self, *call),
            Effect::StopTask(abort) => abort.abort(),
            Effect::Send(sending) => errand::start(self, *sending),
            Effect::Close(conn, retired) => close::start(self, conn, *retired),
            Effect::Watch(conn, watch) => self.start_watch(conn, &watch),
            Effect::StartTimer => timer::start(self),
            Effect::WakeTimer => self.timer.wake(),
            Effect::Recall(recalls) => recalls.wake(),
            Effect::DropRemains(remains) => remains.clear_away(),
            Effect::DropMaker(maker) => drop(maker),
            Effect::DropFailures(failures) => drop(failures),
        }
    }

    fn start_watch(self: &Arc<Self>, conn: ConnId, watch: &Arc<Watch<M::Connection>>) {
        let engine = Arc::downgrade(self);
        if let Look::Gone(connection) = self.runtime.enter(|| watch.begin(engine, conn)) {
            self.peer_closed(conn, connection);
        }
    }
}

impl<M: Manager, R: Runtime> Watcher<M::Connection> for Engine<M, R> {
    fn send(self: Arc<Self>, conn: ConnId, watch: Arc<Watch<M::Connection>>) {
        let runtime = self.runtime.clone();
        runtime.spawn(async move {
            if let Some(connection) = watch.ended().await {
                self.peer_closed(conn, connection);
            }
        });
    }
}
