//! The suite on the smallest runtime there is: a thread for each task, and one for each sleep.

use std::future::Future;
use std::thread;
use std::time::{Duration, Instant};

use futures_channel::oneshot;
use latebind_conformance::{Async, Suite, block_on};
use latebind_driver::{Runtime, Time};

fn main() {
    Suite::new()
        .on("a thread per task", |scenario| block_on(scenario(Async::with_threads(ThreadPerTask::new()))))
        .main();
}

#[derive(Clone)]
struct ThreadPerTask {
    origin: Instant,
}

impl ThreadPerTask {
    fn new() -> Self {
        Self { origin: Instant::now() }
    }
}

impl Runtime for ThreadPerTask {
    fn current() -> Option<Self> {
        Some(Self::new())
    }

    fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        thread::spawn(|| block_on(future));
    }

    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send + 'static {
        let (sender, is_over) = oneshot::channel::<()>();
        thread::spawn(move || {
            thread::sleep(duration);
            drop(sender);
        });
        async move {
            // Told by the end of the sender.
            let _ = is_over.await;
        }
    }

    fn now(&self) -> Time {
        Time::from_origin(self.origin.elapsed())
    }
}
