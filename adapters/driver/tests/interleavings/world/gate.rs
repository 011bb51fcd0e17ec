//! Something that a scenario lets happen.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Poll, Waker};

use loom::sync::{Mutex, MutexGuard};

/// Opens once; one at a time may wait for it.
#[derive(Clone, Default)]
pub(crate) struct Gate(Arc<Mutex<Passage>>);

#[derive(Default)]
struct Passage {
    is_open: bool,
    waiter: Option<Waker>,
}

impl Gate {
    pub(crate) fn open(&self) {
        let waiter = {
            let mut passage = self.lock();
            passage.is_open = true;
            passage.waiter.take()
        };
        if let Some(waiter) = waiter {
            waiter.wake();
        }
    }

    /// Wakes who waits, for nothing.
    pub(crate) fn stir(&self) {
        let waiter = self.lock().waiter.take();
        if let Some(waiter) = waiter {
            waiter.wake();
        }
    }

    /// Completes once it is open. Its waker goes with it.
    pub(crate) async fn passed(&self) {
        let _leaving = Leaving(self);
        poll_fn(|context| {
            let waker = context.waker().clone();
            let mut passage = self.lock();
            if passage.is_open {
                return Poll::Ready(());
            }
            let previous = passage.waiter.replace(waker);
            drop(passage);
            drop(previous);
            Poll::Pending
        })
        .await;
    }

    fn lock(&self) -> MutexGuard<'_, Passage> {
        self.0.lock().expect("nothing panics under it")
    }
}

struct Leaving<'a>(&'a Gate);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        let waiter = self.0.lock().waiter.take();
        drop(waiter);
    }
}
