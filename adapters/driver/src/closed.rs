//! Waiting for a pool's end.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use crate::engine::Engine;
use crate::{Manager, Runtime};

/// Completes when the pool was shut down and nothing is left of it.
pub(crate) struct Closed<M: Manager, R: Runtime> {
    engine: Arc<Engine<M, R>>,
    place: Option<usize>,
}

impl<M: Manager, R: Runtime> Closed<M, R> {
    pub(crate) fn new(engine: Arc<Engine<M, R>>) -> Self {
        Self { engine, place: None }
    }

    /// Registers the waker, and returns the previous one for the caller to drop; `Err` once it is over.
    fn register(&mut self, waker: Waker) -> Result<Option<Waker>, Waker> {
        let mut state = self.engine.lock();
        if state.pool.is_drained() {
            return Err(waker);
        }
        if let Some(place) = self.place {
            return Ok(state.drain_waiters[place].replace(waker));
        }
        self.place = Some(state.drain_waiters.insert(Some(waker)));
        Ok(None)
    }
}

impl<M: Manager, R: Runtime> Future for Closed<M, R> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        match self.register(context.waker().clone()) {
            Ok(_previous) => Poll::Pending,
            Err(_unused) => Poll::Ready(()),
        }
    }
}

impl<M: Manager, R: Runtime> Drop for Closed<M, R> {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            let waker = self.engine.lock().drain_waiters.remove(place);
            drop(waker);
        }
    }
}
