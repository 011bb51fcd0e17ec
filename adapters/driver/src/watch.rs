//! A parked connection under watch, so that it leaves the pool when its peer closes it (A7).

use std::future::{Future, poll_fn};
use std::mem;
use std::pin::{Pin, pin};
use std::sync::{Arc, PoisonError, Weak};
use std::task::{Context, Poll, Waker};

use futures_util::future::{Either, select};
use latebind::ConnId;

use crate::Manager;
use crate::alarm::{Alarm, Watcher};
use crate::shield::{shield, shielded_drop};
use crate::sync::{Mutex, MutexGuard, ThreadId, thread};

/// Holds a connection and the manager's [`closed`](Manager::closed) that watches it.
///
/// The future owns the connection and gives it back when it completes: when the peer has closed it, or when it is
/// told to stop. Whoever parks the connection polls it first; a task does once something has woken it, since most
/// connections are wanted again before anything happens to them. Whoever wants the connection takes it out on the spot,
/// or as soon as it is not being polled.
///
/// A2: the mutex guards the phase only. The future is taken out of it to be polled, so that `closed` may do with
/// the pool what it likes.
pub(crate) struct Watch<C> {
    /// What the future wakes, whoever polls it.
    alarm: Arc<Alarm<C>>,
    phase: Mutex<Phase<C>>,
}

/// ```text
/// Resting ⇄ Polling → Over
///    └────────────────↑
/// ```
enum Phase<C> {
    Resting(WatchFuture<C>),
    Polling {
        by: ThreadId,
        /// Who wants the connection: woken when it is at rest again, or over.
        wanted: Option<Waker>,
        /// Somebody else wanted to poll it meanwhile, and may have used up its wake-up.
        is_due: bool,
    },
    /// It was taken out, or its watch has ended.
    Over,
}

type WatchFuture<C> = Pin<Box<dyn Future<Output = Ended<C>> + Send>>;

enum Ended<C> {
    Stopped(C),
    Closed(C),
}

/// What somebody gets who wants the connection out of its watch.
pub(crate) enum Taken<C> {
    /// The connection, still good.
    Open(C),
    /// The connection, closed by its peer.
    Closed(C),
    /// It was lost, in a panic of the manager's.
    Lost,
    /// Somebody else has it, who sees to its end.
    Elsewhere,
}

/// What a look at a connection that stays under watch has found.
pub(crate) enum Look<C> {
    /// Open, as far as is known.
    Open,
    /// Its peer has closed it, or it was lost in a panic of the manager's: the caller has to tell.
    Gone(Option<C>),
    /// Somebody else has it, who sees to its end.
    Elsewhere,
}

impl<C: Send + 'static> Watch<C> {
    /// Runs none of the manager's code yet, so it may be called under the pool's lock.
    pub(crate) fn new<M: Manager<Connection = C>>(manager: Arc<M>, connection: C) -> Arc<Self> {
        let alarm = Arc::new(Alarm::new());
        let stopping = Arc::clone(&alarm);
        let future = Box::pin(async move {
            let mut connection = connection;
            let stopped = poll_fn(|_| if stopping.is_stopped() { Poll::Ready(()) } else { Poll::Pending });
            let is_closed = {
                let closed = pin!(manager.closed(&mut connection));
                // `closed` is asked first: what is taken out at the last moment is known to be good.
                matches!(select(closed, stopped).await, Either::Left(_))
            };
            if is_closed { Ended::Closed(connection) } else { Ended::Stopped(connection) }
        });
        Arc::new(Self { alarm, phase: Mutex::new(Phase::Resting(future)) })
    }

    /// Polls it first; `watcher` starts a task for it when something has happened.
    pub(crate) fn begin(self: &Arc<Self>, watcher: Weak<dyn Watcher<C>>, conn: ConnId) -> Look<C> {
        self.alarm.set(watcher, conn, Arc::downgrade(self));
        self.look()
    }

    /// Takes the connection out, once nobody polls its future.
    pub(crate) fn poll_take(&self, context: &mut Context<'_>) -> Poll<Taken<C>> {
        let mut waker = None;
        loop {
            let mut phase = self.lock();
            match mem::replace(&mut *phase, Phase::Over) {
                Phase::Resting(future) => {
                    drop(phase);
                    return Poll::Ready(self.stop(future));
                }
                Phase::Polling { by, wanted, is_due } => {
                    let is_registered = waker.is_some();
                    let previous = if is_registered { wanted } else { None };
                    *phase = Phase::Polling { by, wanted: waker.take(), is_due };
                    drop(phase);
                    shielded_drop(previous);
                    if is_registered {
                        return Poll::Pending;
                    }
                    // A waker's clone is foreign code.
                    waker = Some(context.waker().clone());
                }
                Phase::Over => return Poll::Ready(Taken::Elsewhere),
            }
        }
    }

    /// Whether this thread is polling the future at this moment, further up its stack: a caller who waited for the
    /// connection might be waiting for itself.
    pub(crate) fn is_polled_here(&self) -> bool {
        matches!(&*self.lock(), Phase::Polling { by, .. } if *by == thread::current().id())
    }

    /// Whether the peer has closed the connection. For those that are used while they are watched.
    pub(crate) fn look(&self) -> Look<C> {
        let mut phase = self.lock();
        let polling = Phase::Polling { by: thread::current().id(), wanted: None, is_due: false };
        match mem::replace(&mut *phase, polling) {
            Phase::Resting(future) => {
                drop(phase);
                self.poll_future(future)
            }
            // Who polls it finds out.
            Phase::Polling { by, wanted, .. } => {
                *phase = Phase::Polling { by, wanted, is_due: true };
                Look::Open
            }
            Phase::Over => {
                *phase = Phase::Over;
                Look::Elsewhere
            }
        }
    }

    /// For the task that watches: completes when the peer closes the connection, or when somebody else has it.
    /// `Some` is for the task to tell of.
    pub(crate) async fn ended(&self) -> Option<Option<C>> {
        poll_fn(|context| {
            // First, so that no change slips in between.
            self.alarm.task.register(context.waker());
            match self.look() {
                Look::Open => Poll::Pending,
                Look::Gone(connection) => Poll::Ready(Some(connection)),
                Look::Elsewhere => Poll::Ready(None),
            }
        })
        .await
    }

    fn poll_future(&self, mut future: WatchFuture<C>) -> Look<C> {
        // The alarm, whoever polls: a look must not lose its wake-up.
        let alarm = Waker::from(Arc::clone(&self.alarm));
        let polled = shield(|| future.as_mut().poll(&mut Context::from_waker(&alarm)));
        let (next, look) = match polled {
            Ok(Poll::Pending) => (Phase::Resting(future), Look::Open),
            Ok(Poll::Ready(Ended::Closed(connection) | Ended::Stopped(connection))) => {
                shielded_drop(future);
                (Phase::Over, Look::Gone(Some(connection)))
            }
            Err(_) => {
                shielded_drop(future);
                (Phase::Over, Look::Gone(None))
            }
        };
        let polling = mem::replace(&mut *self.lock(), next);
        if let Phase::Polling { wanted, is_due, .. } = polling {
            if let Some(waker) = wanted {
                let _ = shield(|| waker.wake());
            }
            if is_due {
                self.alarm.ring();
            }
        }
        if matches!(look, Look::Gone(_)) {
            self.alarm.tell_task();
        }
        look
    }

    /// Ends the watch; its phase is [`Phase::Over`] already.
    fn stop(&self, mut future: WatchFuture<C>) -> Taken<C> {
        self.alarm.stop();
        let ended = shield(|| future.as_mut().poll(&mut Context::from_waker(Waker::noop())));
        shielded_drop(future);
        self.alarm.tell_task();
        match ended {
            Ok(Poll::Ready(Ended::Stopped(connection))) => Taken::Open(connection),
            Ok(Poll::Ready(Ended::Closed(connection))) => Taken::Closed(connection),
            Ok(Poll::Pending) | Err(_) => Taken::Lost,
        }
    }

    /// Never held across foreign code.
    fn lock(&self) -> MutexGuard<'_, Phase<C>> {
        self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
