#![doc = include_str!("../README.md")]

use std::future::Future;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::Instant;

pub use latebind_driver::{
    Binding, BuildError, Capacity, Config, ConfigError, ConnId, ConnectError, DialError, DialFailure, Error,
    IdleOrder, Manager, Priority, Refused, Runtime, Source, Stats, Surplus, Time, TimeoutError,
};

/// A pool of connections on tokio; begin with [`Pool::builder`](latebind_driver::Pool::builder).
pub type Pool<M> = latebind_driver::Pool<M, TokioRuntime>;

/// Builds a [`Pool`].
pub type Builder<M> = latebind_driver::Builder<M, TokioRuntime>;

/// A request for a connection: a future of a [`Lease`].
pub type Get<'k, M> = latebind_driver::Get<'k, M, TokioRuntime>;

/// A connection on loan from a [`Pool`].
pub type Lease<M> = latebind_driver::Lease<M, TokioRuntime>;

/// The tokio runtime that a pool's dials and timer run on; its time driver must be enabled.
///
/// Leases and requests may be used anywhere, also on other runtimes and outside of any.
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

    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send + 'static {
        let _entered = self.handle.enter();
        tokio::time::sleep(duration)
    }

    fn now(&self) -> Time {
        Time::from_origin(self.origin.elapsed())
    }
}
