//! The pools that are compared, each behind one small trait.

mod bb8;
mod deadpool;
mod fast_pool;
mod hyper_util;
mod latebind;
mod latebind_std;
mod limits;
mod mobc;
mod r2d2;

use std::fmt::{Debug, Display};
use std::future::Future;
use std::time::Duration;

use clap::ValueEnum;
use serde::Serialize;

use super::dialer::Dialer;
use super::figures::Measure;

/// A pool for async code. It lives as long as the program, as the ones of most programs do, so that leases may
/// borrow from it.
pub(crate) trait Pool: Send + Sync + 'static {
    type Lease: Send + 'static;
    type Error: Debug + Display + Send + 'static;

    /// The pool's own future, as a user has it: its size is measured, too.
    fn get(&'static self) -> impl Future<Output = Result<Self::Lease, Self::Error>> + Send + 'static;
}

/// A pool for threads.
pub(crate) trait BlockingPool: Clone + Send + Sync + 'static {
    type Lease: Send + 'static;
    type Error: Debug + Display + Send + 'static;

    /// Blocks until there is a connection.
    fn get(&self) -> Result<Self::Lease, Self::Error>;

    /// Blocks no longer than so.
    fn get_timeout(&self, timeout: Duration) -> Result<Self::Lease, Self::Error>;
}

/// What a scenario wants of a pool.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wish {
    /// How many connections there may be, idle or not; `None`: as the pool is shipped.
    pub(crate) limit: Option<u32>,
    pub(crate) timing: Timing,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Timing {
    /// As the pool is shipped.
    Shipped,
    /// All timeouts and lifetimes that the pool has.
    Full,
    /// None.
    Off,
    /// A request waits so long, where the pool can say so.
    Wait(Duration),
}

impl Wish {
    pub(crate) const SHIPPED: Self = Self { limit: None, timing: Timing::Shipped };

    pub(crate) fn limit(limit: u32) -> Self {
        Self { limit: Some(limit), ..Self::SHIPPED }
    }
}

/// The durations of [`Timing::Full`]: nothing ends while it is measured.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(30);
pub(crate) const IDLE_TIMEOUT: Duration = Duration::from_secs(90);
pub(crate) const LIFETIME: Duration = Duration::from_secs(1800);

/// Who takes part.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, ValueEnum)]
#[serde(into = "&'static str")]
pub(crate) enum Kind {
    Latebind,
    LatebindUntimed,
    LatebindKeyed,
    Bb8,
    Deadpool,
    Mobc,
    FastPool,
    HyperUtil,
    SemaphoreAndVec,
    Semaphore,
    MutexVec,
    LatebindStd,
    R2d2,
    CondvarVec,
}

impl Kind {
    /// As in the tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Latebind => "latebind-tokio",
            Self::LatebindUntimed => "latebind-tokio, untimed",
            Self::LatebindKeyed => "latebind-tokio, keyed",
            Self::Bb8 => "bb8",
            Self::Deadpool => "deadpool",
            Self::Mobc => "mobc",
            Self::FastPool => "fast_pool",
            Self::HyperUtil => "hyper-util cache",
            Self::SemaphoreAndVec => "Semaphore and Vec",
            Self::Semaphore => "Semaphore",
            Self::MutexVec => "Mutex and Vec",
            Self::LatebindStd => "latebind-std",
            Self::R2d2 => "r2d2",
            Self::CondvarVec => "Condvar and Vec",
        }
    }

    #[cfg(test)]
    pub(crate) fn is_on_threads(self) -> bool {
        matches!(self, Self::LatebindStd | Self::R2d2 | Self::CondvarVec)
    }

    /// Plays a scenario for async code.
    ///
    /// # Panics
    ///
    /// It is one on threads.
    pub(crate) fn play(self, scenario: &impl Play) -> Vec<Measure> {
        match self {
            Self::Latebind => scenario.round(latebind::build),
            Self::LatebindUntimed => scenario.round(latebind::build_untimed),
            Self::LatebindKeyed => scenario.round(latebind::build_keyed),
            Self::Bb8 => scenario.round(bb8::build),
            Self::Deadpool => scenario.round(deadpool::build),
            Self::Mobc => scenario.round(mobc::build),
            Self::FastPool => scenario.round(fast_pool::build),
            Self::HyperUtil => scenario.round(hyper_util::build),
            Self::SemaphoreAndVec => scenario.round(limits::semaphore_and_vec),
            Self::Semaphore => scenario.round(limits::semaphore),
            Self::MutexVec => scenario.round(limits::mutex_vec),
            Self::LatebindStd | Self::R2d2 | Self::CondvarVec => {
                unreachable!("{} is on threads", self.name())
            }
        }
    }

    /// Plays a scenario on threads.
    ///
    /// # Panics
    ///
    /// It is one for async code.
    pub(crate) fn play_on_threads(self, scenario: &impl PlayOnThreads) -> Vec<Measure> {
        match self {
            Self::LatebindStd => scenario.round(latebind_std::build),
            Self::R2d2 => scenario.round(r2d2::build),
            Self::CondvarVec => scenario.round(limits::condvar_vec),
            _ => unreachable!("{} is for async code", self.name()),
        }
    }
}

impl From<Kind> for &'static str {
    fn from(kind: Kind) -> Self {
        kind.name()
    }
}

/// A scenario for async code, written once for all pools.
pub(crate) trait Play {
    /// One round with pools that `build` makes; it is called on a runtime.
    fn round<P: Pool>(&self, build: impl Fn(Dialer, Wish) -> P) -> Vec<Measure>;
}

/// A scenario on threads.
pub(crate) trait PlayOnThreads {
    fn round<P: BlockingPool>(&self, build: impl Fn(Dialer, Wish) -> P) -> Vec<Measure>;
}
