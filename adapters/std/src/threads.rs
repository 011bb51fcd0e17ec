//! Plain threads as the driver's runtime.

use std::future::Future;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use latebind_driver::{Runtime, Time};

use crate::block_on::{Alarm, block_on};
use crate::task::Task;
use crate::workers::Workers;

/// The threads of a pool, or of several: a bounded number of workers that dial, as many that check, recycle and close,
/// and one timer for each pool.
///
/// Workers start when there is work, and end when there has been none for a moment; the timer lives while something
/// can expire. All have ended soon after the last pool, request and lease has. A clone stands for the same threads.
#[derive(Clone)]
pub struct Threads {
    handle: Arc<Handle>,
    origin: Instant,
}

/// Held by the runtime's users, not by its threads.
struct Handle {
    dialers: Arc<Workers>,
    /// Apart, so that dials that hang keep no connection from coming back.
    others: Arc<Workers>,
}

impl Threads {
    /// How many workers of each kind there are at most if nobody says: dials that hang hold up those behind them only
    /// when there are as many as this, and even all of them are a small part of what a process may have.
    pub const DEFAULT_WORKERS: NonZeroUsize = NonZeroUsize::new(64).unwrap();

    /// At most so many workers of each kind. While as many dials are under way, the next ones wait, and one that is told
    /// to stop meanwhile keeps its place until its turn: `max_dials_per_key` below this number keeps a host that hangs from holding
    /// up the others, and a time limit in [`connect`](crate::Manager::connect) ends it.
    pub fn new(workers: NonZeroUsize) -> Self {
        let handle = Handle { dialers: Workers::new(workers), others: Workers::new(workers) };
        Self { handle: Arc::new(handle), origin: Instant::now() }
    }
}

impl Default for Threads {
    fn default() -> Self {
        Self::new(Self::DEFAULT_WORKERS)
    }
}

impl Runtime for Threads {
    /// Threads of its own for each pool.
    fn current() -> Option<Self> {
        Some(Self::default())
    }

    fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        Task::start(&self.handle.others, future);
    }

    fn spawn_dial(&self, dial: impl Future<Output = ()> + Send + 'static) {
        Task::start(&self.handle.dialers, dial);
    }

    /// A thread of its own: when all workers hang in dials, requests still time out.
    fn spawn_timer(&self, timer: impl Future<Output = ()> + Send + 'static) {
        // If the system gives no thread, the timer is dropped: those who wait fail, and the next request tries again.
        let _ = thread::Builder::new().name("latebind-timer".into()).spawn(move || block_on(timer));
    }

    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send + 'static {
        let alarm = Instant::now().checked_add(duration);
        async move {
            match alarm {
                Some(alarm) => Alarm(alarm).await,
                None => std::future::pending().await,
            }
        }
    }

    fn now(&self) -> Time {
        Time::from_origin(self.origin.elapsed())
    }
}

impl std::fmt::Debug for Threads {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Threads").finish_non_exhaustive()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.dialers.end();
        self.others.end();
    }
}
