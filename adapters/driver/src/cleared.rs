//! Waiting for the end of a connection that is on lease.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use latebind::ConnId;

use crate::engine::Engine;
use crate::{Manager, Runtime};

/// Completes when the pool wants the connection closed, or has closed it.
pub(crate) struct Cleared<M: Manager, R: Runtime> {
    engine: Arc<Engine<M, R>>,
    conn: ConnId,
    place: Option<usize>,
}

impl<M: Manager, R: Runtime> Cleared<M, R> {
    pub(crate) fn new(engine: Arc<Engine<M, R>>, conn: ConnId) -> Self {
        Self { engine, conn, place: None }
    }

    /// Registers the waker, and returns the previous one for the caller to drop; `Err` once it is over.
    fn register(&mut self, waker: Waker) -> Result<Option<Waker>, Waker> {
        let mut state = self.engine.lock();
        let (place, previous) = state.connections.on_recall(self.conn, self.place, waker)?;
        self.place = Some(place);
        Ok(previous)
    }
}

impl<M: Manager, R: Runtime> Future for Cleared<M, R> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        match self.register(context.waker().clone()) {
            Ok(_previous) => Poll::Pending,
            Err(_unused) => {
                self.place = None;
                Poll::Ready(())
            }
        }
    }
}

impl<M: Manager, R: Runtime> Drop for Cleared<M, R> {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            let waker = self.engine.lock().connections.forget_recall(self.conn, place);
            drop(waker);
        }
    }
}
