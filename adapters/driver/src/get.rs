//! A request, from the wish to the lease.

use std::borrow::Cow;
use std::future::Future;
use std::mem;
use std::num::NonZeroU32;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use latebind::{ConnId, Priority, Source};

use crate::engine::Engine;
use crate::goods::{Goods, Held};
use crate::request::{Answered, Timeout, Waiting, Wish};
use crate::shield::shielded_drop;
use crate::slot::Answer;
use crate::unpack::{Unpacked, fetch, unpack_shared};
use crate::watch::Watch;
use crate::{ConnectError, Error, Lease, Manager, Runtime};

/// A request for a connection: a future of a [`Lease`]. Made by [`Pool::get`](crate::Pool::get).
///
/// Nothing happens before it is polled first. A first poll may be pending although there is an idle connection, where
/// the runtime wants tasks to yield once in a while ([`Runtime::poll_proceed`]): tokio does. Dropping it cancels the request; a connection that it had been given
/// goes to the next waiter, and a dial that was started for it goes on for the others (A3, A4).
///
/// If the connection that it waited for proves to be closed when it is picked up (A7), it asks anew: before all who
/// are of its priority, with what is left of its time, but as a new request to the limits of waiters: where others
/// have taken its place among `Config::max_waiters` meanwhile, it fails with [`Error::TooManyWaiters`].
///
/// It keeps no handle of the pool: when the last [`Pool`](crate::Pool) is dropped, it fails with
/// [`Error::Closed`].
///
/// # Panics
///
/// When polled again after it has completed.
#[must_use = "nothing is asked for until it is polled"]
pub struct Get<'k, M: Manager, R: Runtime> {
    /// Becomes the lease's; none once this has completed.
    engine: Option<Arc<Engine<M, R>>>,
    key: Cow<'k, M::Key>,
    wish: Wish,
    stage: Stage<M::Connection>,
}

enum Stage<C> {
    Asking,
    Waiting(Waiting),
    /// Delivered, and to be taken out of its watch, which may be busy for a moment.
    Fetching {
        conn: ConnId,
        source: Source,
        watch: Arc<Watch<C>>,
    },
}

/// What becomes a lease.
struct Delivery<C> {
    connection: C,
    conn: ConnId,
    source: Source,
    is_shared: bool,
}

type Finished<M> = Result<Delivery<<M as Manager>::Connection>, Error<<M as Manager>::Error>>;

impl<'k, M: Manager, R: Runtime> Get<'k, M, R> {
    pub(crate) fn new(engine: Arc<Engine<M, R>>, key: Cow<'k, M::Key>) -> Self {
        Self { engine: Some(engine), key, wish: Wish::default(), stage: Stage::Asking }
    }

    /// How urgent it is: greater is served first (R2). No effect once it has been polled.
    pub fn priority(mut self, priority: Priority) -> Self {
        (self.wish.wished, self.wish.priority) = (priority, priority);
        self
    }

    /// How long it waits, from its first poll on: replaces `Config::request_timeout`. `None`: for ever; zero: it
    /// is served at once or fails, and starts no dial (R12). No effect once it has been polled.
    pub fn timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.wish.timeout = timeout.into().map_or(Timeout::Never, Timeout::After);
        self
    }

    /// Lets so many dials of the key be in progress at once, from this request on, as by
    /// [`Pool::limit_dials`](crate::Pool::limit_dials): told together with it, so that the key is known. No effect
    /// once it has been polled.
    ///
    /// With 1, all who want a key whose connections are shared wait for the same dial, instead of one each (R18).
    /// If it fails, whom it concerns is `Config::dial_failure`'s affair; the others get the next one (R7). If it hangs,
    /// there is no backup beside it (R13), but its timeout (R12).
    pub fn max_dials(mut self, max_dials: NonZeroU32) -> Self {
        self.wish.max_dials = Some(max_dials);
        self
    }
}

impl<M: Manager, R: Runtime> Get<'_, M, R> {
    /// Makes it more or less urgent while it waits: it goes last of its new priority; the same priority changes
    /// nothing (R2).
    pub fn reprioritize(&mut self, priority: Priority) {
        if priority == self.wish.wished {
            return;
        }
        (self.wish.wished, self.wish.priority) = (priority, priority);
        if let (Some(engine), Stage::Waiting(Waiting { token, .. })) = (&self.engine, &self.stage) {
            let token = *token;
            engine.step(|state, now, effects| state.reprioritize(now, token, priority, effects));
        }
    }
}

/// The answer, once there is one; until then, the waker is in place.
fn look<M: Manager, R: Runtime>(
    engine: &Arc<Engine<M, R>>,
    waiting: &mut Waiting,
    waker: &Waker,
) -> Poll<Answered<M>> {
    // A2: a waker's clone is foreign code. Who has just begun to wait needs one in any case.
    let mut fresh = (!mem::replace(&mut waiting.has_waker, true)).then(|| waker.clone());
    loop {
        let mut state = engine.lock();
        let Answer::Waiting { waker: current, .. } = &mut state.slots[waiting.token].answer else {
            let done = state.pick_up(waiting.token);
            drop(state);
            return Poll::Ready(done);
        };
        if current.as_ref().is_some_and(|current| current.will_wake(waker)) {
            return Poll::Pending;
        }
        if let Some(fresh) = fresh.take() {
            let previous = current.replace(fresh);
            drop(state);
            drop(previous);
            return Poll::Pending;
        }
        drop(state);
        fresh = Some(waker.clone());
    }
}

/// Asks; who will probably wait brings the waker along, and need not lock a second time for it.
fn ask<M: Manager, R: Runtime>(
    engine: &Arc<Engine<M, R>>,
    key: &M::Key,
    wish: &mut Wish,
    waker: &Waker,
) -> Answered<M> {
    if let Timeout::After(_) = wish.timeout {
        engine.start_clock();
    }
    // A2: a waker's clone and drop are foreign code.
    let is_crowded = engine.is_crowded.load(Ordering::Relaxed);
    let mut waker = is_crowded.then(|| waker.clone());
    let answered = engine.step(|state, now, effects| state.request(now, key, wish, &mut waker, effects));
    let waits = matches!(answered, Answered::Waiting(_));
    if waits != is_crowded {
        engine.is_crowded.store(waits, Ordering::Relaxed);
    }
    answered
}

/// What the delivery comes to; `None` if it is asked for anew, with what is left of the time.
fn finish<M: Manager>(
    wish: &mut Wish,
    conn: ConnId,
    source: Source,
    unpacked: Unpacked<M::Connection>,
) -> Option<Finished<M>> {
    match unpacked {
        Unpacked::Connection { connection, is_shared } => {
            Some(Ok(Delivery { connection, conn, source, is_shared }))
        }
        Unpacked::Panicked(message) => Some(Err(Error::Dial(ConnectError::Panicked(message.into())))),
        Unpacked::Gone => {
            wish.go_ahead();
            None
        }
    }
}

impl<M: Manager, R: Runtime> Future for Get<'_, M, R> {
    type Output = Result<Lease<M, R>, Error<M::Error>>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { engine: slot, key, wish, stage } = self.get_mut();
        let engine = slot.as_ref().expect("`Get` was polled after it had completed");
        if matches!(stage, Stage::Asking) {
            ready!(engine.runtime.poll_proceed(context));
        }
        let finished = loop {
            let answered = match stage {
                Stage::Asking => ask(engine, key, wish, context.waker()),
                Stage::Waiting(waiting) => ready!(look(engine, waiting, context.waker())),
                Stage::Fetching { conn, source, watch } => {
                    let (conn, source) = (*conn, *source);
                    let unpacked = ready!(fetch(engine, conn, watch, context));
                    *stage = Stage::Asking;
                    match finish::<M>(wish, conn, source, unpacked) {
                        Some(finished) => break finished,
                        None => continue,
                    }
                }
            };
            // From here on, a drop has nothing to give back.
            *stage = Stage::Asking;
            match answered {
                Answered::Delivered { conn, source, goods: Goods::Exclusive(Held::Plain(connection)) } => {
                    let engine = slot.take().expect("it was there above");
                    return Poll::Ready(Ok(Lease::new(engine, connection, conn, source, false)));
                }
                Answered::Delivered { conn, source, goods: Goods::Exclusive(Held::Watched(watch)) } => {
                    *stage = Stage::Fetching { conn, source, watch };
                }
                Answered::Delivered { conn, source, goods: Goods::Shared { maker, watch } } => {
                    let unpacked = unpack_shared(engine, conn, &maker, watch.as_deref());
                    if let Some(finished) = finish::<M>(wish, conn, source, unpacked) {
                        break finished;
                    }
                }
                Answered::Delivered { goods: Goods::Gone, .. } => wish.go_ahead(),
                Answered::Failed(error) => break Err(error),
                Answered::Waiting(waiting) => {
                    let is_asleep = waiting.has_waker;
                    *stage = Stage::Waiting(waiting);
                    if is_asleep {
                        return Poll::Pending;
                    }
                }
            }
        };
        let engine = slot.take().expect("it was there above");
        Poll::Ready(finished.map(|Delivery { connection, conn, source, is_shared }| {
            Lease::new(engine, connection, conn, source, is_shared)
        }))
    }
}

/// It holds no reference to itself.
impl<M: Manager, R: Runtime> Unpin for Get<'_, M, R> {}

impl<M: Manager, R: Runtime> Drop for Get<'_, M, R> {
    #[inline]
    fn drop(&mut self) {
        if let Some(engine) = self.engine.take() {
            abandon(&engine, &self.stage);
        }
    }
}

/// The requester has gone (A3).
#[inline(never)]
fn abandon<M: Manager, R: Runtime>(engine: &Arc<Engine<M, R>>, stage: &Stage<M::Connection>) {
    match stage {
        Stage::Asking => {}
        Stage::Waiting(Waiting { token, .. }) => {
            let slot = engine.step(|state, now, effects| state.cancel(now, *token, effects));
            shielded_drop(slot);
        }
        Stage::Fetching { conn, watch, .. } => {
            // Under its watch, as it was delivered.
            let held = Held::Watched(Arc::clone(watch));
            engine.step(|state, now, effects| state.give_back(now, *conn, held, effects));
        }
    }
}
