//! A request, from the wish to the lease.

use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use latebind::{ConnId, Priority, Time};

use crate::connections::{Goods, Held};
use crate::engine::Engine;
use crate::manager::Maker;
use crate::request::{Answered, Ask, Timeout};
use crate::shield::{shield, shielded_drop};
use crate::slot::Answer;
use crate::watch::{Ended, Watch};
use crate::{ConnectError, Error, Lease, Manager, Runtime};

/// A request for a connection: a future of a [`Lease`]. Made by [`Pool::get`](crate::Pool::get).
///
/// Nothing happens before it is polled first. Dropping it cancels the request; a connection that it had been given
/// goes to the next waiter, and a dial that was started for it goes on for the others (A3, A4).
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
    wish: Wish<'k, M::Key>,
    stage: Stage,
}

/// What is asked for.
struct Wish<'k, K: Clone> {
    key: Cow<'k, K>,
    priority: Priority,
    timeout: Timeout,
    /// When it was polled first.
    asked: Option<Time>,
}

#[derive(Clone, Copy)]
enum Stage {
    Asking,
    Waiting { token: usize },
}

/// What a delivery turned out to be.
enum Unpacked<C> {
    Connection {
        connection: C,
        is_shared: bool,
    },
    /// The peer has closed it, as was seen at the last moment (A7).
    Gone,
    /// The shared connection's maker panicked, with this message.
    Panicked(String),
}

impl<'k, M: Manager, R: Runtime> Get<'k, M, R> {
    pub(crate) fn new(engine: Arc<Engine<M, R>>, key: Cow<'k, M::Key>) -> Self {
        let wish = Wish { key, priority: Priority::default(), timeout: Timeout::Default, asked: None };
        Self { engine: Some(engine), wish, stage: Stage::Asking }
    }

    /// How urgent it is: greater is served first (R2). No effect once it has been polled.
    pub fn priority(mut self, priority: Priority) -> Self {
        self.wish.priority = priority;
        self
    }

    /// How long it waits, from its first poll on: replaces `Config::request_timeout`. `None`: for ever; zero: it
    /// is served at once or fails, and starts no dial (R12). No effect once it has been polled.
    pub fn timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.wish.timeout = timeout.into().map_or(Timeout::Never, Timeout::After);
        self
    }
}

impl<K: Clone> Wish<'_, K> {
    fn ask<M: Manager<Key = K>, R: Runtime>(&mut self, engine: &Arc<Engine<M, R>>) -> Answered<M> {
        engine.step(|state, now, effects| {
            let asked = *self.asked.get_or_insert(now);
            let ask = Ask { key: &*self.key, priority: self.priority, timeout: self.timeout, asked };
            state.request(now, &ask, effects)
        })
    }

    /// The answer, or `None` if there is none yet and the waker is in place.
    fn look<M: Manager<Key = K>, R: Runtime>(
        &self,
        engine: &Arc<Engine<M, R>>,
        token: usize,
        waker: &Waker,
    ) -> Option<Answered<M>> {
        let mut fresh = None;
        loop {
            let now = engine.runtime.now();
            let mut state = engine.lock();
            let Answer::Waiting { waker: current, .. } = &mut state.slots[token].answer else {
                return Some(state.pick_up(now, token, &self.key));
            };
            if current.as_ref().is_some_and(|current| current.will_wake(waker)) {
                return None;
            }
            if let Some(fresh) = fresh.take() {
                let previous = current.replace(fresh);
                drop(state);
                drop(previous);
                return None;
            }
            drop(state);
            // A2: a waker's clone is foreign code.
            fresh = Some(waker.clone());
        }
    }
}

fn unpack<M: Manager, R: Runtime>(
    engine: &Arc<Engine<M, R>>,
    conn: ConnId,
    goods: Goods<M::Connection>,
) -> Unpacked<M::Connection> {
    match goods {
        Goods::Exclusive(Held::Plain(connection)) => Unpacked::Connection { connection, is_shared: false },
        Goods::Exclusive(Held::Watched(watch)) => match watch.take() {
            Some(Ended::Stopped(connection)) => Unpacked::Connection { connection, is_shared: false },
            closed => {
                shielded_drop(closed);
                engine.connection_gone(conn);
                Unpacked::Gone
            }
        },
        Goods::Shared { maker, watch } => unpack_shared(engine, conn, &maker, watch.as_deref()),
        Goods::Gone => Unpacked::Gone,
    }
}

fn unpack_shared<M: Manager, R: Runtime>(
    engine: &Arc<Engine<M, R>>,
    conn: ConnId,
    maker: &Maker<M::Connection>,
    watch: Option<&Watch<M::Connection>>,
) -> Unpacked<M::Connection> {
    if watch.is_some_and(Watch::is_closed) {
        engine.connection_gone(conn);
        return Unpacked::Gone;
    }
    match shield(|| maker()) {
        Ok(connection) => Unpacked::Connection { connection, is_shared: true },
        Err(message) => {
            engine.step(|state, now, effects| state.discard_shared(now, conn, effects));
            Unpacked::Panicked(message)
        }
    }
}

impl<M: Manager, R: Runtime> Future for Get<'_, M, R> {
    type Output = Result<Lease<M, R>, Error<M::Error>>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { engine: slot, wish, stage } = self.get_mut();
        let engine = slot.as_ref().expect("`Get` was polled after it had completed");
        let finished = loop {
            let answered = match *stage {
                Stage::Asking => wish.ask(engine),
                Stage::Waiting { token } => match wish.look(engine, token, context.waker()) {
                    Some(answered) => answered,
                    None => return Poll::Pending,
                },
            };
            *stage = Stage::Asking;
            match answered {
                Answered::Waiting { token } => *stage = Stage::Waiting { token },
                Answered::Failed(error) => break Err(error),
                Answered::Delivered { conn, source, goods } => match unpack(engine, conn, goods) {
                    Unpacked::Connection { connection, is_shared } => {
                        break Ok((connection, conn, source, is_shared));
                    }
                    Unpacked::Panicked(message) => {
                        break Err(Error::Dial(ConnectError::Panicked(message.into())));
                    }
                    // It is asked for anew, with what is left of the time.
                    Unpacked::Gone => {}
                },
            }
        };
        let engine = slot.take().expect("it was there above");
        Poll::Ready(finished.map(|(connection, conn, source, is_shared)| {
            Lease::new(engine, connection, conn, source, is_shared)
        }))
    }
}

/// It holds no reference to itself.
impl<M: Manager, R: Runtime> Unpin for Get<'_, M, R> {}

impl<M: Manager, R: Runtime> Drop for Get<'_, M, R> {
    fn drop(&mut self) {
        if let (Some(engine), Stage::Waiting { token }) = (&self.engine, self.stage) {
            let slot = engine.step(|state, now, effects| state.cancel(now, token, effects));
            shielded_drop(slot);
        }
    }
}
