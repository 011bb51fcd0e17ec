//! From a manager and a config to a pool.

use std::error::Error as StdError;
use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};

use latebind::{Config, ConfigError};

use crate::engine::Engine;
use crate::{Manager, Pool, Runtime};

/// Builds a [`Pool`]. Made by [`Pool::builder`].
#[must_use = "a builder builds nothing by itself"]
pub struct Builder<M: Manager, R: Runtime> {
    manager: M,
    config: Config,
    seed: Option<u64>,
    runtime: Option<R>,
}

impl<M: Manager, R: Runtime> Builder<M, R> {
    pub(crate) fn new(manager: M) -> Self {
        Self { manager, config: Config::default(), seed: None, runtime: None }
    }

    /// Limits, durations and policies. Default: `Config::default()`.
    ///
    /// A `seed` of 0 in it, which is its default, stands for a random one: the processes of a fleet should not
    /// jitter in step.
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Where jitter comes from (R23), in place of the config's: for runs that can be repeated. Here, 0 is 0.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Where the pool's tasks run. Default: on the runtime that [`build`](Self::build) is called on.
    pub fn runtime(mut self, runtime: R) -> Self {
        self.runtime = Some(runtime);
        self
    }

    /// Makes the pool. Nothing is dialed, and no task is started, before it is used.
    ///
    /// # Errors
    ///
    /// The config contradicts itself, or there is no runtime here and none was given.
    pub fn build(self) -> Result<Pool<M, R>, BuildError> {
        let Self { manager, mut config, seed, runtime } = self;
        let runtime = runtime.or_else(R::current).ok_or(BuildError::NoRuntime)?;
        config.seed = match (seed, config.seed) {
            (None, 0) => RandomState::new().build_hasher().finish(),
            (Some(seed), _) | (None, seed) => seed,
        };
        Ok(Pool::new(Engine::new(manager, runtime, config).map_err(BuildError::Config)?))
    }
}

impl<M: Manager, R: Runtime> fmt::Debug for Builder<M, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("config", &self.config).finish_non_exhaustive()
    }
}

/// Why [`Builder::build`] made no pool.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum BuildError {
    /// The config contradicts itself.
    Config(ConfigError),
    /// Called outside of a runtime: call it on one, or name one with [`Builder::runtime`].
    NoRuntime,
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(error) => write!(f, "the pool's config contradicts itself: {error}"),
            Self::NoRuntime => {
                f.write_str("no runtime here: build the pool on one, or name one with `Builder::runtime`")
            }
        }
    }
}

impl StdError for BuildError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Config(error) => Some(error),
            Self::NoRuntime => None,
        }
    }
}
