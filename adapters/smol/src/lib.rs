#![doc = include_str!("../README.md")]

use std::future::Future;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

pub use latebind_driver::*;
use smol::{Executor, Timer};

/// A pool of connections on smol; begin with [`Pool::builder`](latebind_driver::Pool::builder).
pub type Pool<M> = latebind_driver::Pool<M, SmolRuntime>;

/// Builds a [`Pool`].
pub type Builder<M> = latebind_driver::Builder<M, SmolRuntime>;

/// A request for a connection: a future of a [`Lease`].
pub type Get<'k, M> = latebind_driver::Get<'k, M, SmolRuntime>;

/// A connection on loan from a [`Pool`].
pub type Lease<M> = latebind_driver::Lease<M, SmolRuntime>;

/// Where a pool's dials and timer run: smol's global executor, or one of the user's.
///
/// Leases and requests may be used anywhere, also on other runtimes and outside of any.
#[derive(Clone, Debug)]
pub struct SmolRuntime {
    /// `None`: the global one.
    executor: Option<Weak<Executor<'static>>>,
    origin: Instant,
}

impl SmolRuntime {
    /// smol's global executor, which [`smol::spawn`] runs on; the default.
    pub fn global() -> Self {
        Self { executor: None, origin: Instant::now() }
    }

    /// An executor of the user's, who sees to it that somebody [runs](Executor::run) it: while nobody does, no dial
    /// goes on and nothing times out. The pool does not keep it alive: when it is dropped, those who wait hear of the
    /// runtime's end.
    pub fn on(executor: &Arc<Executor<'static>>) -> Self {
        Self { executor: Some(Arc::downgrade(executor)), origin: Instant::now() }
    }
}

impl Runtime for SmolRuntime {
    /// The global executor, which is everywhere.
    fn current() -> Option<Self> {
        Some(Self::global())
    }

    fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        match &self.executor {
            None => smol::spawn(future).detach(),
            Some(executor) => {
                if let Some(executor) = executor.upgrade() {
                    executor.spawn(future).detach();
                }
            }
        }
    }

    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send + 'static {
        let timer = Timer::after(duration);
        async move {
            timer.await;
        }
    }

    fn now(&self) -> Time {
        Time::from_origin(self.origin.elapsed())
    }
}
