//! A request in the tables: asked, answered, cancelled, and told why it failed.

use std::num::NonZeroU32;
use std::task::Waker;
use std::time::Duration;

use latebind::{Action, ConnId, Event, Priority, RequestError, RequestId, Source, Time};

use crate::effect::Effects;
use crate::goods::Goods;
use crate::notice::Notice;
use crate::slot::{Answer, Done, Slot};
use crate::state::{State, index};
use crate::timer::Timer;
use crate::{ConnectError, Error, Manager, Refused, TimeoutError};

/// What is asked for, beside the key.
#[derive(Default)]
pub(crate) struct Wish {
    /// As the user says.
    pub(crate) wished: Priority,
    /// As it is asked for.
    pub(crate) priority: Priority,
    pub(crate) timeout: Timeout,
    /// A limit of dials that the key gets with it (R8).
    pub(crate) max_dials: Option<NonZeroU32>,
    /// When it was asked first; later than that, it is asked again.
    pub(crate) asked: Option<Time>,
}

/// How long a request waits.
#[derive(Clone, Copy, Default)]
pub(crate) enum Timeout {
    /// As the pool's config says.
    #[default]
    Default,
    After(Duration),
    Never,
}

/// The core's answer to a request, in its own step.
enum OwnAnswer {
    Waiting { request: RequestId },
    Delivered { conn: ConnId, source: Source },
    Failed { error: RequestError, cause: Option<ConnId> },
}

/// The answer to a request, or to a look at it.
pub(crate) enum Answered<M: Manager> {
    Waiting(Waiting),
    Delivered { conn: ConnId, source: Source, goods: Goods<M::Connection> },
    Failed(Error<M::Error>),
}

/// It has a slot.
pub(crate) struct Waiting {
    pub(crate) token: usize,
    /// Whether somebody is woken when the answer comes.
    pub(crate) has_waker: bool,
}

impl Wish {
    /// It was the first of its priority: asked again one level above, it goes before all of that priority, and
    /// behind those that are more urgent (R2). In the highest level it goes last.
    pub(crate) fn go_ahead(&mut self) {
        self.priority = Priority::new(self.wished.level() + 1).unwrap_or(Priority::HIGHEST);
    }
}

impl<M: Manager> State<M> {
    /// Asks the core for a connection (R1, R2). The `waker`, if there is one, is taken by who has to wait.
    #[inline]
    pub(crate) fn request(
        &mut self,
        now: Time,
        key: &M::Key,
        wish: &mut Wish,
        waker: &mut Option<Waker>,
        effects: &mut Effects<M>,
    ) -> Answered<M> {
        if self.timer == Timer::Dead || wish.max_dials.is_some() {
            return self.request_and_more(now, key, wish, waker, effects);
        }
        self.ask_core(now, key, wish, waker, effects)
    }

    /// Where there is more to do than to ask.
    #[inline(never)]
    fn request_and_more(
        &mut self,
        now: Time,
        key: &M::Key,
        wish: &mut Wish,
        waker: &mut Option<Waker>,
        effects: &mut Effects<M>,
    ) -> Answered<M> {
        let was_dead = self.timer == Timer::Dead;
        let answered = self.ask_core(now, key, wish, waker, effects);
        if wish.max_dials.is_some() {
            // Behind the request, which makes the key known.
            self.apply(now, Event::LimitDials { key, max_dials: wish.max_dials }, effects);
        }
        if was_dead && self.pool.deadline().is_some() {
            // The runtime may have threads again. If not, the timer that is started now dies, and tells those who wait.
            self.timer = Timer::Off;
        } else if was_dead && let Answered::Waiting(Waiting { token, .. }) = answered {
            self.fail_without_runtime(now, token, effects);
        }
        match answered {
            // The limit, or the end of the runtime, has brought the answer.
            Answered::Waiting(Waiting { token, .. })
                if matches!(self.slots[token].answer, Answer::Done(_)) =>
            {
                self.pick_up(token)
            }
            answered => answered,
        }
    }

    /// The step of the request itself, which brings one answer to it (I4): it gets a slot only if it has to wait.
    #[inline]
    fn ask_core(
        &mut self,
        now: Time,
        key: &M::Key,
        wish: &mut Wish,
        waker: &mut Option<Waker>,
        effects: &mut Effects<M>,
    ) -> Answered<M> {
        let asked = *wish.asked.get_or_insert(now);
        let own = self.slots.vacant_key() as u64;
        let deadline = self.deadline(now, asked, wish.timeout);
        let event = Event::Request { key, token: own, priority: wish.priority, deadline };
        let actions = self.ask(now, event);
        let mut answer = None;
        for action in &*actions {
            match *action {
                Action::Deliver { token, conn, source, .. } if token == own => {
                    if self.is_observed {
                        let delivered = |waited| Notice::Delivered { conn, source, waited };
                        notify_newcomer(now, asked, key, delivered, effects);
                    }
                    answer = Some(OwnAnswer::Delivered { conn, source });
                }
                Action::Wait { request, .. } => answer = Some(OwnAnswer::Waiting { request }),
                Action::Fail { token, error, cause, .. } if token == own => {
                    if self.is_observed {
                        notify_newcomer(now, asked, key, |waited| Notice::Failed { error, waited }, effects);
                    }
                    answer = Some(OwnAnswer::Failed { error, cause });
                }
                _ => self.carry_out(now, action, effects),
            }
        }
        self.keep(actions);
        match answer.expect("I4: a request is answered in its own step") {
            OwnAnswer::Delivered { conn, source } => {
                self.settle(effects);
                Answered::Delivered { conn, source, goods: self.connections.pick_up(conn) }
            }
            OwnAnswer::Waiting { request } => {
                self.settle(effects);
                let has_waker = waker.is_some();
                let answer = Answer::Waiting { request, waker: waker.take() };
                let token = self.slots.insert(Slot { asked, key: key.clone(), answer });
                Answered::Waiting(Waiting { token, has_waker })
            }
            OwnAnswer::Failed { error, cause } => {
                let error = self.explain(now, key, asked, error, cause);
                // Behind the explanation, which may name a failure that this step has replaced.
                self.settle(effects);
                Answered::Failed(error)
            }
        }
    }

    /// The runtime has ended: no deadline and no dial will answer those who wait, so they fail now, and so do those
    /// who would have to wait later. Who can be served at once still is.
    pub(crate) fn runtime_gone(&mut self, now: Time, effects: &mut Effects<M>) {
        self.timer = Timer::Dead;
        let tokens: Vec<usize> = self.slots.iter().map(|(token, _)| token).collect();
        for token in tokens {
            self.fail_without_runtime(now, token, effects);
        }
    }

    fn fail_without_runtime(&mut self, now: Time, token: usize, effects: &mut Effects<M>) {
        if let Answer::Waiting { request, .. } = self.slots[token].answer {
            let failed = |waited| Notice::Failed { error: RequestError::Dial, waited };
            self.notify_of_request(now, token, failed, effects);
            // Answered first: what the core says of it in its last step is too late.
            let error = Error::Dial(ConnectError::RuntimeGone);
            self.answer(token as u64, Done::Failed(Box::new(error)), effects);
            self.apply(now, Event::Cancel { request }, effects);
        }
    }

    /// Takes the answer of a request that does not wait any more.
    pub(crate) fn pick_up(&mut self, token: usize) -> Answered<M> {
        match self.slots.remove(token).answer {
            Answer::Done(Done::Delivered { conn, source }) => {
                Answered::Delivered { conn, source, goods: self.connections.pick_up(conn) }
            }
            Answer::Done(Done::Failed(error)) => Answered::Failed(*error),
            Answer::Waiting { .. } => unreachable!("it was looked at"),
        }
    }

    /// The requester has gone: takes it out of its queue, or gives back what it was given (A3, R6).
    #[must_use = "dropping it under the lock runs foreign code there"]
    pub(crate) fn cancel(&mut self, now: Time, token: usize, effects: &mut Effects<M>) -> Option<Slot<M>> {
        if let Answer::Waiting { request, .. } = self.slots.get(token)?.answer {
            self.cancel_waiter(now, token, request, effects);
        }
        // Taken out after the step, which may have had an answer for it.
        let slot = self.slots.try_remove(token)?;
        if let Answer::Done(Done::Delivered { conn, .. }) = slot.answer {
            // It is still in the table, as it was when it was delivered.
            self.apply(now, Event::ConnIdle { conn }, effects);
        }
        Some(slot)
    }

    /// A waiter goes last of its new priority (R2).
    pub(crate) fn reprioritize(
        &mut self,
        now: Time,
        token: usize,
        priority: Priority,
        effects: &mut Effects<M>,
    ) {
        if let Answer::Waiting { request, .. } = self.slots[token].answer {
            self.apply(now, Event::Reprioritize { request, priority }, effects);
        }
    }

    /// The core fails a request.
    pub(crate) fn fail(
        &mut self,
        now: Time,
        token: u64,
        error: RequestError,
        cause: Option<ConnId>,
        effects: &mut Effects<M>,
    ) {
        self.notify_of_request(now, index(token), |waited| Notice::Failed { error, waited }, effects);
        let Slot { key, asked, .. } = &self.slots[index(token)];
        let error = self.explain(now, key, *asked, error, cause);
        self.answer(token, Done::Failed(Box::new(error)), effects);
    }

    /// All that can be said about a failure at the moment when it happens (A8).
    #[inline(never)]
    fn explain(
        &self,
        now: Time,
        key: &M::Key,
        asked: Time,
        error: RequestError,
        cause: Option<ConnId>,
    ) -> Error<M::Error> {
        let timed_out = || self.dial_took_too_long();
        let last_dial = cause.and_then(|conn| {
            // A dial that times out in this step may be told of after its waiters.
            let limit = || self.exceeded_limit(now, conn).map(ConnectError::TimedOut);
            self.failures.of(key, conn).or_else(limit)
        });
        let pool = self.pool.stats();
        let of_key = self.pool.key_stats(key).unwrap_or_default();
        match error {
            RequestError::Timeout => {
                let waited = now.since(asked);
                Error::Timeout(Box::new(TimeoutError { waited, pool, key: of_key, last_dial }))
            }
            RequestError::Dial => Error::Dial(last_dial.unwrap_or_else(timed_out)),
            RequestError::DialTimeout => Error::Dial(timed_out()),
            RequestError::TooManyWaiters => Error::TooManyWaiters(Box::new(Refused { pool, key: of_key })),
            RequestError::Paused => Error::Paused,
            RequestError::Cleared => Error::Cleared,
            _ => Error::Closed,
        }
    }

    pub(crate) fn dial_took_too_long(&self) -> ConnectError<M::Error> {
        ConnectError::TimedOut(self.config.dial_timeout.unwrap_or(Duration::MAX))
    }

    /// The deadline of a request: the core's default, unless it has one of its own or is asked again.
    fn deadline(&self, now: Time, asked: Time, timeout: Timeout) -> Option<Time> {
        match (timeout, self.config.request_timeout) {
            (Timeout::Default, _) if asked == now => None,
            (Timeout::After(timeout), _) | (Timeout::Default, Some(timeout)) => Some(asked.after(timeout)),
            (Timeout::Never, _) | (Timeout::Default, None) => Some(Time::NEVER),
        }
    }
}

/// Tells of a request that is answered in its own step. Apart, so that nobody else computes how long it took.
#[inline(never)]
fn notify_newcomer<M: Manager>(
    now: Time,
    asked: Time,
    key: &M::Key,
    notice: impl FnOnce(Duration) -> Notice<M::Error>,
    effects: &mut Effects<M>,
) {
    effects.notify(key.clone(), notice(now.since(asked)));
}
