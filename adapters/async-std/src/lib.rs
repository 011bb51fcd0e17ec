#![doc = include_str!("../README.md")]

use std::future::Future;
use std::time::{Duration, Instant};

use async_std::task;
pub use latebind_driver::*;

/// A pool of connections on async-std; begin with [`Pool::builder`](latebind_driver::Pool::builder).
pub type Pool<M> = latebind_driver::Pool<M, AsyncStdRuntime>;

/// Builds a [`Pool`].
pub type Builder<M> = latebind_driver::Builder<M, AsyncStdRuntime>;

/// A request for a connection: a future of a [`Lease`].
pub type Get<'k, M> = latebind_driver::Get<'k, M, AsyncStdRuntime>;

/// A connection on loan from a [`Pool`].
pub type Lease<M> = latebind_driver::Lease<M, AsyncStdRuntime>;

/// async-std's runtime, of which a process has one: where a pool's dials and timer run.
///
/// Leases and requests may be used anywhere, also on other runtimes and outside of any.
#[derive(Clone, Debug)]
pub struct AsyncStdRuntime {
    origin: Instant,
}

impl AsyncStdRuntime {
    /// The runtime of this process.
    pub fn new() -> Self {
        Self { origin: Instant::now() }
    }
}

impl Default for AsyncStdRuntime {
    fn default() -> Self {
        Self::new()
    }
}

impl Runtime for AsyncStdRuntime {
    fn current() -> Option<Self> {
        Some(Self::new())
    }

    fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        // It goes on without its handle.
        drop(task::spawn(future));
    }

    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send + 'static {
        task::sleep(duration)
    }

    fn now(&self) -> Time {
        Time::from_origin(self.origin.elapsed())
    }
}
