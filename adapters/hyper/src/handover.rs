//! How requests get from callers to the task that drives a connection, and none is left behind when that task ends.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::task::{Context, Poll};

use tokio::sync::Notify;

/// The door of a connection's task.
///
/// A request that is handed over at the very moment when the task lets go of its queue may stay in there, answered by
/// nobody, for as long as somebody holds a sender. So requests are handed over under a lock which the task takes before
/// it lets go.
#[derive(Default)]
pub(crate) struct Handover {
    is_ending: RwLock<bool>,
    /// The task has let go of its queue: what comes now is given back at once.
    is_over: AtomicBool,
    changed: Notify,
}

impl Handover {
    pub(crate) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::SeqCst)
    }

    /// Requests are handed over while this is held, and no foreign code runs meanwhile. If the task is ending, completes
    /// when it is over.
    pub(crate) async fn enter(&self) -> RwLockReadGuard<'_, bool> {
        {
            let is_ending = self.read();
            if !*is_ending {
                return is_ending;
            }
        }
        self.until(|| self.is_over()).await;
        self.read()
    }

    fn read(&self) -> RwLockReadGuard<'_, bool> {
        self.is_ending.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something has changed that somebody may wait for.
    pub(crate) fn notify(&self) {
        self.changed.notify_waiters();
    }

    /// Completes when it holds; looked at with each [`notify`](Self::notify).
    pub(crate) async fn until(&self, holds: impl Fn() -> bool) {
        loop {
            let mut changed = pin!(self.changed.notified());
            // Before the look, so that no change slips in between.
            changed.as_mut().enable();
            if holds() {
                return;
            }
            changed.await;
        }
    }
}

/// A connection that is being driven.
pub(crate) struct Driven<F> {
    /// Taken at the end.
    connection: Option<F>,
    handover: Arc<Handover>,
}

impl<F> Driven<F> {
    pub(crate) fn new(connection: F, handover: Arc<Handover>) -> Self {
        Self { connection: Some(connection), handover }
    }

    pub(crate) fn connection(&self) -> Option<&F> {
        self.connection.as_ref()
    }
}

impl<F: Future + Unpin> Future for Driven<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        match &mut self.connection {
            // An error concerns the requests on the connection, which hear of it.
            Some(connection) => Pin::new(connection).poll(context).map(drop),
            None => Poll::Ready(()),
        }
    }
}

impl<F> Drop for Driven<F> {
    fn drop(&mut self) {
        *self.handover.is_ending.write().unwrap_or_else(PoisonError::into_inner) = true;
        // Gives back what is in the queue.
        self.connection = None;
        self.handover.is_over.store(true, Ordering::SeqCst);
        self.handover.notify();
    }
}
