//! A parked connection under watch, so that it leaves the pool when its peer closes it (A7).

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use futures_util::future::{Either, select};

use crate::Manager;
use crate::shield::{shield, shielded_drop};

/// Holds a connection and the manager's [`closed`](Manager::closed) that watches it.
///
/// The future owns the connection and gives it back when it completes: when the peer has closed it, or when it is
/// told to stop. A task polls it; whoever wants the connection takes it out on the spot.
///
/// Its mutex is a leaf: held only while the future is polled, never together with the pool's.
pub(crate) struct Watch<C> {
    stop: Arc<AtomicBool>,
    watched: Mutex<Option<Watched<C>>>,
}

struct Watched<C> {
    future: WatchFuture<C>,
    /// The watching task, to be told when the connection has been taken out.
    task: Option<Waker>,
}

type WatchFuture<C> = Pin<Box<dyn Future<Output = Ended<C>> + Send>>;

/// What a watch gives back.
pub(crate) enum Ended<C> {
    /// The connection, still good.
    Stopped(C),
    /// The connection, closed by its peer.
    Closed(C),
}

/// How a watch ends for the task that polls it.
pub(crate) enum Outcome<C> {
    /// Somebody has taken the connection out: the task has nothing to do any more.
    TakenOut,
    /// The peer has closed the connection; or it was lost, in a panic of the manager's.
    Gone(Option<C>),
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
        Arc::new(Self { stop, watched: Mutex::new(Some(Watched { future, task: None })) })
    }

    /// Takes the connection out. `None`: somebody else did, or it was lost in a panic of the manager's.
    pub(crate) fn take(&self) -> Option<Ended<C>> {
        let Watched { mut future, task } = self.lock().take()?;
        self.stop.store(true, Ordering::Release);
        let ended = shield(|| future.as_mut().poll(&mut Context::from_waker(Waker::noop())));
        shielded_drop(future);
        if let Some(task) = task {
            // It finds the watch empty, and ends.
            let _ = shield(|| task.wake());
        }
        match ended {
            Ok(Poll::Ready(ended)) => Some(ended),
            Ok(Poll::Pending) | Err(_) => None,
        }
    }

    /// Whether the peer has closed the connection; leaves it in place. For those that are used while watched.
    pub(crate) fn is_closed(&self) -> bool {
        let task = match self.lock().as_ref() {
            None => return true,
            Some(watched) => watched.task.clone(),
        };
        let waker = task.as_ref().unwrap_or(Waker::noop());
        match self.poll_watched(&mut Context::from_waker(waker)) {
            Poll::Pending => false,
            Poll::Ready(outcome) => {
                shielded_drop(outcome);
                // It finds the watch empty, and ends.
                let _ = shield(|| waker.wake_by_ref());
                true
            }
        }
    }

    /// For the task that watches: completes when the peer closes the connection, or somebody takes it out.
    pub(crate) async fn ended(&self) -> Outcome<C> {
        poll_fn(|context| {
            let task = context.waker().clone();
            let previous = match self.lock().as_mut() {
                None => return Poll::Ready(Outcome::TakenOut),
                Some(watched) => watched.task.replace(task),
            };
            drop(previous);
            self.poll_watched(context)
        })
        .await
    }

    fn poll_watched(&self, context: &mut Context<'_>) -> Poll<Outcome<C>> {
        let mut watched = self.lock();
        let Some(current) = watched.as_mut() else { return Poll::Ready(Outcome::TakenOut) };
        let polled = shield(|| current.future.as_mut().poll(context));
        if matches!(polled, Ok(Poll::Pending)) {
            return Poll::Pending;
        }
        let finished = watched.take();
        drop(watched);
        shielded_drop(finished);
        Poll::Ready(Outcome::Gone(match polled {
            Ok(Poll::Ready(Ended::Closed(connection) | Ended::Stopped(connection))) => Some(connection),
            Ok(Poll::Pending) | Err(_) => None,
        }))
    }

    fn lock(&self) -> MutexGuard<'_, Option<Watched<C>>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
