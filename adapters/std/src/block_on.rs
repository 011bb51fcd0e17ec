//! One thread, one future.

use std::cell::Cell;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Instant;

thread_local! {
    /// When the future that this thread runs wants to be polled again, unless it is woken before.
    static ALARM: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Runs the future to its end on this thread, which sleeps while there is nothing to do.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    // What is ready at once needs no waker of its own.
    if let Ok(value) = poll(future.as_mut(), Waker::noop()) {
        return value;
    }
    let sleeper = Arc::new(Sleeper { thread: thread::current(), is_woken: AtomicBool::new(false) });
    let waker = Waker::from(Arc::clone(&sleeper));
    loop {
        match poll(future.as_mut(), &waker) {
            Ok(value) => return value,
            Err(alarm) => sleeper.sleep(alarm),
        }
    }
}

/// One poll; `Err` is when the next one is due, if the future is not woken before.
fn poll<T>(future: Pin<&mut impl Future<Output = T>>, waker: &Waker) -> Result<T, Option<Instant>> {
    // The future may itself be polled by one that this thread blocks on, with an alarm of its own.
    let outer = ALARM.take();
    let polled = future.poll(&mut Context::from_waker(waker));
    let alarm = ALARM.replace(outer);
    match polled {
        Poll::Ready(value) => Ok(value),
        Poll::Pending => Err(alarm),
    }
}

/// A thread that waits to be woken.
struct Sleeper {
    thread: Thread,
    /// A thread's own token may be taken by anybody on that thread; this flag is the future's alone.
    is_woken: AtomicBool,
}

impl Sleeper {
    fn sleep(&self, alarm: Option<Instant>) {
        while !self.is_woken.swap(false, Ordering::Acquire) {
            match alarm.map(|alarm| alarm.saturating_duration_since(Instant::now())) {
                None => thread::park(),
                Some(left) if left.is_zero() => return,
                Some(left) => thread::park_timeout(left),
            }
        }
    }
}

impl Wake for Sleeper {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.is_woken.store(true, Ordering::Release);
        self.thread.unpark();
    }
}

/// Completes at an instant; only in a future that is [blocked on](block_on).
pub(crate) struct Alarm(pub(crate) Instant);

impl Future for Alarm {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if Instant::now() >= self.0 {
            return Poll::Ready(());
        }
        let first = ALARM.get().map_or(self.0, |other| other.min(self.0));
        ALARM.set(Some(first));
        Poll::Pending
    }
}
