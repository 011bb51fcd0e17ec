//! What the driver needs of a runtime.

use std::future::Future;
use std::task::{Context, Poll};
use std::time::Duration;

use latebind::Time;

/// Where the pool runs its tasks, and how it tells the time.
///
/// A clone stands for the same runtime. Tasks may be dropped unfinished when the runtime ends: the pool notices,
/// and fails what depended on them (A4).
pub trait Runtime: Clone + Send + Sync + 'static {
    /// The runtime that the caller runs on, if there is one; [`Builder::build`](crate::Builder::build) asks.
    fn current() -> Option<Self>;

    /// Runs the future to its end, in the background. On a runtime that has ended it drops the future.
    fn spawn(&self, future: impl Future<Output = ()> + Send + 'static);

    /// Runs a dial: as [`spawn`](Self::spawn), and never before other tasks that wait for a thread, where tasks block:
    /// dials that hang should not keep connections from coming back. Default: `spawn`.
    fn spawn_dial(&self, dial: impl Future<Output = ()> + Send + 'static) {
        self.spawn(dial);
    }

    /// Does `work` as one of its tasks would, whoever calls: where a task's futures need to know their runtime, it has
    /// to be told here. Default: just does it.
    fn enter<T>(&self, work: impl FnOnce() -> T) -> T {
        work()
    }

    /// Runs the pool's one timer (A6), a future that sleeps: as [`spawn`](Self::spawn), and never behind tasks that
    /// block, where those may. Default: `spawn`.
    fn spawn_timer(&self, timer: impl Future<Output = ()> + Send + 'static) {
        self.spawn(timer);
    }

    /// Completes when `duration` has passed, never before; called and polled in the timer's task.
    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send + 'static;

    /// Whether [`sleep`](Self::sleep) works here; asked once, when a pool is built, which is refused if not. A timer
    /// that is lost later is taken for the end of the runtime. Default: yes.
    fn has_timer(&self) -> bool {
        true
    }

    /// Asks whether the task that polls may go on, and spends a part of what it may do before it yields; `Pending`,
    /// with the task woken, when that is used up. Each [`Get`](crate::Get) asks once, before anything else: a request
    /// that is served at once would not yield otherwise. Default: it may always go on.
    fn poll_proceed(&self, context: &mut Context<'_>) -> Poll<()> {
        let _ = context;
        Poll::Ready(())
    }

    /// The time since an origin that never changes; the same clock as that of [`sleep`](Self::sleep). Read once in each step
    /// of a pool, and never while nothing of it has a duration.
    fn now(&self) -> Time;
}
