//! From a manager and a config to a pool.

use std::error::Error as StdError;
use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::marker::PhantomData;
use std::time::Duration;

use latebind::{Binding, Config, ConfigError, DialFailure, IdleOrder, Newcomers, Surplus};

use crate::engine::Engine;
use crate::notice::Observer;
use crate::{Manager, Notice, Pool, Runtime};

/// Builds a [`Pool`]. Made by [`Pool::builder`].
///
/// `P` is what is built: the pool, or an adapter's own type around it.
#[must_use = "a builder builds nothing by itself"]
pub struct Builder<M: Manager, R: Runtime, P = Pool<M, R>> {
    manager: M,
    config: Config,
    observers: Vec<Observer<M>>,
    seed: Option<u64>,
    runtime: Option<R>,
    built: PhantomData<fn() -> P>,
}

impl<M: Manager, R: Runtime, P> Builder<M, R, P> {
    /// For adapters with a pool type of their own; users call that type's `builder`.
    pub fn new(manager: M) -> Self {
        Self {
            manager,
            config: Config::default(),
            observers: Vec::new(),
            seed: None,
            runtime: None,
            built: PhantomData,
        }
    }

    /// Limits, durations and policies. Default: `Config::default()`.
    ///
    /// A `seed` of 0 in it, which is its default, stands for a random one: the processes of a fleet should not
    /// jitter in step.
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Has `observer` told what happens in the pool, with the key of each [`Notice`]; may be called for several.
    ///
    /// It runs where things happen, outside of the lock, so it should be quick. A panic in it is contained.
    pub fn observe(mut self, observer: impl Fn(&M::Key, &Notice<M::Error>) + Send + Sync + 'static) -> Self {
        self.observers.push(Box::new(observer));
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
}

impl<M: Manager, R: Runtime, P: From<Pool<M, R>>> Builder<M, R, P> {
    /// Makes the pool. Nothing is dialed, and no task is started, before it is used.
    ///
    /// # Errors
    ///
    /// The config contradicts itself, there is no runtime here and none was given, or the runtime has no timer.
    pub fn build(self) -> Result<P, BuildError> {
        let Self { manager, mut config, observers, seed, runtime, .. } = self;
        let runtime = runtime.or_else(R::current).ok_or(BuildError::NoRuntime)?;
        if !runtime.has_timer() {
            return Err(BuildError::NoTimer);
        }
        config.seed = match (seed, config.seed) {
            (None, 0) => RandomState::new().build_hasher().finish(),
            (Some(seed), _) | (None, seed) => seed,
        };
        let engine = Engine::new(manager, runtime, config, observers).map_err(BuildError::Config)?;
        Ok(Pool::new(engine).into())
    }
}

/// Declares a setter for each of the config's fields but `seed`, which means something else here.
macro_rules! setters {
    ($($field:ident: $ty:ty,)*) => {
        /// Setters named as the fields of [`Config`], which tells what they are; a limit or a duration is taken with
        /// or without `Some`.
        impl<M: Manager, R: Runtime, P> Builder<M, R, P> {
            $(#[doc = concat!("See [`Config::", stringify!($field), "`](Config#structfield.", stringify!($field), ").")]
            pub fn $field(mut self, $field: impl Into<$ty>) -> Self {
                self.config.$field = $field.into();
                self
            })*
        }

        #[cfg(test)]
        pub(crate) const SETTERS: &[(&str, &str)] = &[$((stringify!($field), stringify!($ty))),*];
    };
}

setters! {
    binding: Binding,
    surplus: Surplus,
    idle_order: IdleOrder,
    dial_failure: DialFailure,
    max_connections: Option<u32>,
    max_connections_per_key: Option<u32>,
    max_dials: Option<u32>,
    max_dials_per_key: Option<u32>,
    max_idle: Option<u32>,
    max_idle_per_key: Option<u32>,
    max_waiters: Option<u32>,
    max_waiters_per_key: Option<u32>,
    request_timeout: Option<Duration>,
    dial_timeout: Option<Duration>,
    check_timeout: Option<Duration>,
    check_after_idle: Option<Duration>,
    backup_dial_after: Option<Duration>,
    dial_delay: Option<Duration>,
    lease_warn_after: Option<Duration>,
    idle_timeout: Option<Duration>,
    unused_idle_timeout: Option<Duration>,
    max_lifetime: Option<Duration>,
    lifetime_jitter: Duration,
    max_uses: Option<u32>,
    start_paused: Option<Newcomers>,
}

impl<M: Manager, R: Runtime, P> fmt::Debug for Builder<M, R, P> {
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
    /// The runtime cannot sleep: on tokio, its builder wants `enable_time` or `enable_all`.
    NoTimer,
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(error) => write!(f, "the pool's config contradicts itself: {error}"),
            Self::NoRuntime => {
                f.write_str("no runtime here: build the pool on one, or name one with `Builder::runtime`")
            }
            Self::NoTimer => {
                f.write_str("the runtime has no timer: enable it, such as by tokio's `Builder::enable_time`")
            }
        }
    }
}

impl StdError for BuildError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Config(error) => Some(error),
            Self::NoRuntime | Self::NoTimer => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_setter_for_every_field_of_the_config() {
        let config = format!("{:#?}", Config::default());
        let fields = config.lines().filter_map(|line| {
            let line = line.strip_prefix("    ")?;
            line.starts_with(char::is_alphabetic).then(|| line.split(':').next().unwrap_or_default())
        });
        let expected: Vec<_> = fields.filter(|field| *field != "seed").collect();
        assert_eq!(SETTERS.iter().map(|(field, _)| *field).collect::<Vec<_>>(), expected);
    }
}
