//! What futures-util's types of these names promise, made of what the model checker sees.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll, Waker};

use super::{AtomicBool, Mutex, MutexGuard};

/// The last waker that was registered; woken once.
#[derive(Default)]
pub(crate) struct AtomicWaker(Mutex<Option<Waker>>);

impl AtomicWaker {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn register(&self, waker: &Waker) {
        let waker = waker.clone();
        let previous = self.lock().replace(waker);
        drop(previous);
    }

    pub(crate) fn wake(&self) {
        let waker = self.lock().take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Waker>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells an [`Abortable`] to stop.
#[derive(Clone)]
pub(crate) struct AbortHandle(Arc<Abort>);

pub(crate) struct AbortRegistration(Arc<Abort>);

#[derive(Default)]
struct Abort {
    is_told: AtomicBool,
    task: AtomicWaker,
}

/// The future was told to stop before it had completed.
pub(crate) struct Aborted;

pub(crate) struct Abortable<F> {
    future: Pin<Box<F>>,
    abort: Arc<Abort>,
}

impl AbortHandle {
    pub(crate) fn new_pair() -> (Self, AbortRegistration) {
        let abort = Arc::<Abort>::default();
        (Self(Arc::clone(&abort)), AbortRegistration(abort))
    }

    pub(crate) fn abort(&self) {
        self.0.is_told.store(true, Ordering::Release);
        self.0.task.wake();
    }
}

impl<F: Future> Abortable<F> {
    pub(crate) fn new(future: F, registration: AbortRegistration) -> Self {
        Self { future: Box::pin(future), abort: registration.0 }
    }
}

impl<F: Future> Future for Abortable<F> {
    type Output = Result<F::Output, Aborted>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.abort.is_told.load(Ordering::Acquire) {
            return Poll::Ready(Err(Aborted));
        }
        if let Poll::Ready(output) = self.future.as_mut().poll(context) {
            return Poll::Ready(Ok(output));
        }
        self.abort.task.register(context.waker());
        // It may have been told before it was registered.
        if self.abort.is_told.load(Ordering::Acquire) { Poll::Ready(Err(Aborted)) } else { Poll::Pending }
    }
}
