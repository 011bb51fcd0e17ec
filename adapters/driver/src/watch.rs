//! A parked connection under watch, so that it leaves the pool when its peer closes it (A7).

use std::future::{Future, poll_fn};
use std::mem;
use std::pin::{Pin, pin};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::future::{Either, select};

use crate::Manager;
use crate::shield::{shield, shielded_drop};
use crate::sync::{AtomicBool, AtomicWaker, Mutex, MutexGuard, ThreadId, thread};

/// Holds a connection and the manager's [`closed`](Manager::closed) that watches it.
///
/// The future owns the connection and gives it back when it completes: when the peer has closed it, or when it is
/// told to stop. A task polls it; whoever wants the connection takes it out on the spot, or as soon as it is not
/// being polled.
///
/// A2: the mutex guards the phase only. The future is taken out of it to be polled, so that `closed` may do with
/// the pool what it likes.
pub(crate) struct Watch<C> {
    stop: Arc<AtomicBool>,
    /// The watching task, whoever polls the future.
    task: Arc<Task>,
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
        /// Somebody else was to poll it meanwhile: a wake-up that would be lost.
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
        let stop = Arc::new(AtomicBool::new(false));
        let stopping = Arc::clone(&stop);
        let future = Box::pin(async move {
            let mut connection = connection;
            let stopped =
                poll_fn(|_| if stopping.load(Ordering::Acquire) { Poll::Ready(()) } else { Poll::Pending });
            let is_closed = {
                let closed = pin!(manager.closed(&mut connection));
                // `closed` is asked first: what is taken out at the last moment is known to be good.
                matches!(select(closed, stopped).await, Either::Left(_))
            };
            if is_closed { Ended::Closed(connection) } else { Ended::Stopped(connection) }
        });
        Arc::new(Self { stop, task: Arc::default(), phase: Mutex::new(Phase::Resting(future)) })
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
            self.task.0.register(context.waker());
            match self.look() {
                Look::Open => Poll::Pending,
                Look::Gone(connection) => Poll::Ready(Some(connection)),
                Look::Elsewhere => Poll::Ready(None),
            }
        })
        .await
    }

    fn poll_future(&self, mut future: WatchFuture<C>) -> Look<C> {
        // The task's waker, whoever polls: a look must not lose it its wake-up.
        let task = Waker::from(Arc::clone(&self.task));
        let polled = shield(|| future.as_mut().poll(&mut Context::from_waker(&task)));
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
        let mut is_due = matches!(look, Look::Gone(_));
        if let Phase::Polling { wanted, is_due: was_missed, .. } = polling {
            is_due |= was_missed;
            if let Some(waker) = wanted {
                let _ = shield(|| waker.wake());
            }
        }
        if is_due {
            self.task.tell();
        }
        look
    }

    /// Ends the watch; its phase is [`Phase::Over`] already.
    fn stop(&self, mut future: WatchFuture<C>) -> Taken<C> {
        self.stop.store(true, Ordering::Release);
        let ended = shield(|| future.as_mut().poll(&mut Context::from_waker(Waker::noop())));
        shielded_drop(future);
        self.task.tell();
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

/// Forwards to the waker of the watching task.
#[derive(Default)]
struct Task(AtomicWaker);

impl Task {
    /// The watch is over: the task finds that, and ends.
    fn tell(&self) {
        let _ = shield(|| self.0.wake());
    }
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.0.wake();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.wake();
    }
}
