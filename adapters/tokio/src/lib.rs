#![doc = include_str!("../README.md")]

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Poll};
use std::time::Duration;

pub use latebind_driver::*;
use tokio::runtime::Handle;
use tokio::task::coop;
use tokio::time::Instant;

/// A pool of connections on tokio; begin with [`Pool::builder`](latebind_driver::Pool::builder).
pub type Pool<M> = latebind_driver::Pool<M, TokioRuntime>;

/// Builds a [`Pool`].
pub type Builder<M> = latebind_driver::Builder<M, TokioRuntime>;

/// A request for a connection: a future of a [`Lease`].
pub type Get<'k, M> = latebind_driver::Get<'k, M, TokioRuntime>;

/// A connection on loan from a [`Pool`].
pub type Lease<M> = latebind_driver::Lease<M, TokioRuntime>;

/// The tokio runtime that a pool's dials and timer run on; its time driver must be enabled, or no pool is built.
///
/// Leases and requests may be used anywhere, also on other runtimes and outside of any. Where tokio's feature
/// `test-util` is on, the time is that of the runtime which the caller is on: a pool should not be used from a runtime
/// whose clock is paused while its own is not, since the one clock may be far ahead of the other.
#[derive(Clone, Debug)]
pub struct TokioRuntime {
    handle: Handle,
    /// By tokio's clock, so that a paused one works.
    origin: Instant,
}

impl TokioRuntime {
    /// The runtime behind `handle`.
    pub fn new(handle: Handle) -> Self {
        let origin = {
            let _entered = handle.enter();
            Instant::now()
        };
        Self { handle, origin }
    }
}

impl Runtime for TokioRuntime {
    fn current() -> Option<Self> {
        Handle::try_current().ok().map(Self::new)
    }

    fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        // Its end is reported by the future itself, also if it is dropped.
        drop(self.handle.spawn(future));
    }

    fn enter<T>(&self, work: impl FnOnce() -> T) -> T {
        let _entered = self.handle.enter();
        work()
    }

    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send + 'static {
        let _entered = self.handle.enter();
        tokio::time::sleep(duration)
    }

    /// By trying: tokio has no other way to ask. Without a timer, its panic message stands on stderr as well.
    fn has_timer(&self) -> bool {
        catch_unwind(AssertUnwindSafe(|| drop(self.sleep(Duration::ZERO)))).is_ok()
    }

    fn poll_proceed(&self, context: &mut Context<'_>) -> Poll<()> {
        coop::poll_proceed(context).map(|proceeding| proceeding.made_progress())
    }

    fn now(&self) -> Time {
        Time::from_origin(self.origin.elapsed())
    }
}
