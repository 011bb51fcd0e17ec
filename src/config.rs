//! What the pool may do, and for how long.

use core::fmt;
use core::time::Duration;

use crate::Time;
use crate::time::nanos;

/// Declares the config with a setter named as each field, so that the two cannot part.
macro_rules! config {
    ($(#[$type_doc:meta])* pub struct $name:ident {
        $($(#[$doc:meta])* pub $field:ident: $ty:ty = $default:expr,)*
    }) => {
        $(#[$type_doc])*
        #[derive(Clone, PartialEq, Eq, Debug)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default, deny_unknown_fields))]
        #[non_exhaustive]
        pub struct $name {
            $($(#[$doc])* pub $field: $ty,)*
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }

        /// Setters, named as the fields; a limit or a duration is taken with or without `Some`.
        impl $name {
            $($(#[$doc])*
            #[must_use]
            pub fn $field(mut self, $field: impl Into<$ty>) -> Self {
                self.$field = $field.into();
                self
            })*
        }
    };
}

config! {
    /// Limits, durations and policies of a pool.
    ///
    /// A limit of `None` is no limit, a duration of `None` is off; a duration of zero means at once.
    /// [`Pool::new`](crate::Pool::new) refuses what contradicts itself.
    ///
    /// ```
    /// use std::time::Duration;
    /// use latebind::{Config, Pool};
    ///
    /// let config = Config::default().max_connections(20).idle_timeout(Duration::from_secs(60)).max_idle(None);
    /// let pool: Pool<&str> = Pool::new(config)?;
    /// # Ok::<(), latebind::ConfigError>(())
    /// ```
    pub struct Config {
        /// Who gets a finished dial (R3). Default: [`Binding::HeadFirst`].
        pub binding: Binding = Binding::HeadFirst,
        /// What becomes of dials that nobody waits for any more (R5). Default: [`Surplus::Park`].
        pub surplus: Surplus = Surplus::Park,
        /// Which parked connection is used first (R1). Default: [`IdleOrder::Lifo`].
        pub idle_order: IdleOrder = IdleOrder::Lifo,
        /// Whom a failed dial concerns (R7). Default: [`DialFailure::FailFirst`].
        pub dial_failure: DialFailure = DialFailure::FailFirst,

        /// Connections in all: dialing, open and closing (R8). Default: 256, as Chrome's pool.
        pub max_connections: Option<u32> = Some(256),
        /// Connections of one key: dialing, open and closing (R8). Default: 10, as r2d2's and bb8's pools.
        pub max_connections_per_key: Option<u32> = Some(10),
        /// Dials in progress in all (R8). Default: no limit of their own.
        pub max_dials: Option<u32> = None,
        /// Dials in progress of one key (R8). Default: no limit of their own.
        pub max_dials_per_key: Option<u32> = None,
        /// Parked connections in all; over it, the longest-parked one closes (R11). Default: no limit.
        pub max_idle: Option<u32> = None,
        /// Parked connections of one key; over it, the newcomer closes (R11). Default: no limit.
        pub max_idle_per_key: Option<u32> = None,
        /// Waiters in all; who would have to wait beyond it is refused (R8). Default: no limit.
        pub max_waiters: Option<u32> = None,
        /// Waiters of one key; who would have to wait beyond it is refused (R8). Default: no limit.
        pub max_waiters_per_key: Option<u32> = None,

        /// How long a request waits if it brings no deadline (R12). Default: 30 s, as r2d2 and bb8.
        pub request_timeout: Option<Duration> = Some(Duration::from_secs(30)),
        /// How long a dial may take before it counts as failed (R12). Default: 30 s, as Go's
        /// `DefaultTransport`.
        pub dial_timeout: Option<Duration> = Some(Duration::from_secs(30)),
        /// How long a check may take before it counts as failed (R12). Default: 5 s.
        pub check_timeout: Option<Duration> = Some(Duration::from_secs(5)),
        /// How long a connection may have been parked to be delivered without a check (R16). With
        /// [`Duration::MAX`], only suspects are checked (R17). Default: no checks.
        pub check_after_idle: Option<Duration> = None,
        /// How long a waiter, and the newest dial of its key, wait before it gets one dial more (R13). Chrome has
        /// 250 ms. Default: off.
        pub backup_dial_after: Option<Duration> = None,
        /// How long the dial of a waiter is held while connections of its key are on lease, in the hope that one
        /// comes back (R14). Default: off.
        pub dial_delay: Option<Duration> = None,
        /// How long a lease may last before it is reported once as [`Overdue`](crate::Action::Overdue) (R22).
        /// Default: off.
        pub lease_warn_after: Option<Duration> = None,
        /// How long a connection stays parked (R12). Default: 90 s, as Go's `DefaultTransport`.
        pub idle_timeout: Option<Duration> = Some(Duration::from_secs(90)),
        /// The same for a connection that never was on lease; not longer than `idle_timeout` (R12).
        /// Default: as `idle_timeout`.
        pub unused_idle_timeout: Option<Duration> = None,
        /// How long a connection lives; applied when it is given back and while it is parked, never to a
        /// lease (R12). Default: no limit.
        pub max_lifetime: Option<Duration> = None,
        /// Up to so much is added to `max_lifetime`, drawn once for each connection when its dial is done,
        /// so that they do not all end together (R12). Default: none.
        pub lifetime_jitter: Duration = Duration::ZERO,
        /// How often a connection is delivered (R12); not 0. Default: no limit.
        pub max_uses: Option<u32> = None,

        /// Whether the pool begins paused, and what that means for requests (R19). Default: it does not.
        pub start_paused: Option<Newcomers> = None,

        /// Where jitter comes from: the same seed and the same events give the same actions (R23). Give
        /// each process of a fleet its own. Default: 0.
        pub seed: u64 = 0,
    }
}

/// Who gets a finished dial (R3).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Binding {
    /// The key's first waiter, whoever started the dial.
    HeadFirst,
    /// The request that it was started for, and the first waiter if that one has been served: the rule of
    /// Go's `net/http`. The failure of a dial concerns that request alone.
    OwnFirst,
}

/// What becomes of dials that nobody waits for any more (R5).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Surplus {
    /// They are finished, and parked if the idle limits permit.
    Park,
    /// They are cancelled as soon as a key has more dials than waiters, the youngest first.
    Cancel,
    /// As [`Cancel`](Self::Cancel) for a key that has a shared connection (R18), as [`Park`](Self::Park) for the others:
    /// where one connection serves many, the dials beside it are of no use; elsewhere each will serve a request soon.
    ///
    /// It counts if its capacity is more than 1 and it is parked or on lease, with room or without; not while it is under
    /// check, has lost its capacity, or is about to close. When the last such connection goes, the key's dials go on.
    CancelIfShared,
}

/// Which parked connection is used first (R1).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum IdleOrder {
    /// The one parked last: the others can go idle and expire.
    Lifo,
    /// The one parked first: all are kept in use.
    Fifo,
}

/// What becomes of requests that come while the pool is paused (R19).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Newcomers {
    /// They wait, as those that wait already.
    Hold,
    /// They fail at once with [`RequestError::Paused`](crate::RequestError::Paused).
    Refuse,
}

/// Whom a failed dial concerns (R7).
///
/// Never a request that came after the dial had started: it gets a dial of its own. And after a
/// [`Fatal`](crate::DialError::Fatal) error, all waiters that were there.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum DialFailure {
    /// The first waiter, if more waiters than dials in progress are left.
    FailFirst,
    /// Every waiter.
    FailAll,
    /// Nobody: the key starts no dial until a backoff has ended, and then tries again.
    Retry {
        /// The first backoff; doubled with each round of failures in a row. Jittered: between half of it
        /// and the whole.
        backoff: Duration,
        /// What doubling ends at; not less than `backoff`.
        backoff_max: Duration,
        /// From so many rounds in a row on, failures are charged as under `FailFirst`, until a dial
        /// succeeds; not 0.
        attempts: u32,
    },
}

/// A config that contradicts itself; the variants name the fields.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum ConfigError {
    /// The named limit is 0: no connection could ever be dialed or used.
    Zero(&'static str),
    /// `unused_idle_timeout` is longer than `idle_timeout`.
    UnusedIdleTimeout,
    /// `dial_failure`: `backoff_max` is less than `backoff`.
    BackoffMax,
    /// `lifetime_jitter` is set, but `max_lifetime` is not.
    LifetimeJitter,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Zero(field) => write!(f, "`{field}` must not be 0"),
            Self::UnusedIdleTimeout => f.write_str("`unused_idle_timeout` must not exceed `idle_timeout`"),
            Self::BackoffMax => f.write_str("`dial_failure`: `backoff_max` must not be less than `backoff`"),
            Self::LifetimeJitter => f.write_str("`lifetime_jitter` needs a `max_lifetime`"),
        }
    }
}

impl core::error::Error for ConfigError {}

/// A config that holds together, in the machine's units: made in one place, never asked again.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub(crate) binding: Binding,
    pub(crate) surplus: Surplus,
    pub(crate) idle_order: IdleOrder,
    pub(crate) dial_failure: DialFailure,
    pub(crate) limits: Limits,
    pub(crate) max_uses: Option<u32>,
    pub(crate) request_timeout: Timeout,
    pub(crate) dial_timeout: Timeout,
    pub(crate) check_timeout: Timeout,
    /// Whether anything is checked at all: suspects are, even where age alone never is a reason (R17).
    pub(crate) checks: bool,
    pub(crate) check_after_idle: Timeout,
    pub(crate) backup_dial_after: Timeout,
    /// `None`: off; [`Timeout::from`] of the longest one holds for ever.
    pub(crate) dial_delay: Option<Timeout>,
    pub(crate) lease_warn_after: Timeout,
    pub(crate) idle_timeout: Timeout,
    pub(crate) unused_idle_timeout: Timeout,
    pub(crate) max_lifetime: Timeout,
    /// In nanoseconds.
    pub(crate) lifetime_jitter: u64,
}

/// The limits of R8; `u32::MAX` is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Limits {
    pub(crate) connections: u32,
    pub(crate) connections_per_key: u32,
    pub(crate) dials: u32,
    pub(crate) dials_per_key: u32,
    pub(crate) idle: u32,
    pub(crate) idle_per_key: u32,
    pub(crate) waiters: u32,
    pub(crate) waiters_per_key: u32,
}

impl Limits {
    /// The looser of two, for each limit.
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            connections: self.connections.max(other.connections),
            connections_per_key: self.connections_per_key.max(other.connections_per_key),
            dials: self.dials.max(other.dials),
            dials_per_key: self.dials_per_key.max(other.dials_per_key),
            idle: self.idle.max(other.idle),
            idle_per_key: self.idle_per_key.max(other.idle_per_key),
            waiters: self.waiters.max(other.waiters),
            waiters_per_key: self.waiters_per_key.max(other.waiters_per_key),
        }
    }
}

/// A duration in nanoseconds that may be off: `u64::MAX`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Timeout(u64);

impl Timeout {
    fn new(duration: Option<Duration>) -> Self {
        Self(duration.map_or(u64::MAX, nanos))
    }

    pub(crate) fn is_on(self) -> bool {
        self.0 != u64::MAX
    }

    /// When something that began at `start` is due; never, if off or out of range.
    pub(crate) fn from(self, start: Time) -> Time {
        Time(start.0.saturating_add(self.0))
    }
}

impl Rules {
    pub(crate) fn new(config: &Config) -> Result<Self, ConfigError> {
        config.check()?;
        let limit = |limit: Option<u32>| limit.unwrap_or(u32::MAX);
        Ok(Self {
            binding: config.binding,
            surplus: config.surplus,
            idle_order: config.idle_order,
            dial_failure: config.dial_failure,
            limits: Limits {
                connections: limit(config.max_connections),
                connections_per_key: limit(config.max_connections_per_key),
                dials: limit(config.max_dials),
                dials_per_key: limit(config.max_dials_per_key),
                idle: limit(config.max_idle),
                idle_per_key: limit(config.max_idle_per_key),
                waiters: limit(config.max_waiters),
                waiters_per_key: limit(config.max_waiters_per_key),
            },
            max_uses: config.max_uses,
            request_timeout: Timeout::new(config.request_timeout),
            dial_timeout: Timeout::new(config.dial_timeout),
            check_timeout: Timeout::new(config.check_timeout),
            checks: config.check_after_idle.is_some(),
            check_after_idle: Timeout::new(config.check_after_idle),
            backup_dial_after: Timeout::new(config.backup_dial_after),
            dial_delay: config.dial_delay.map(|delay| Timeout::new(Some(delay))),
            lease_warn_after: Timeout::new(config.lease_warn_after),
            idle_timeout: Timeout::new(config.idle_timeout),
            unused_idle_timeout: Timeout::new(config.unused_idle_timeout.or(config.idle_timeout)),
            max_lifetime: Timeout::new(config.max_lifetime),
            lifetime_jitter: nanos(config.lifetime_jitter),
        })
    }
}

impl Config {
    fn check(&self) -> Result<(), ConfigError> {
        let not_zero = [
            ("max_connections", self.max_connections),
            ("max_connections_per_key", self.max_connections_per_key),
            ("max_dials", self.max_dials),
            ("max_dials_per_key", self.max_dials_per_key),
            ("max_uses", self.max_uses),
        ];
        for (field, limit) in not_zero {
            if limit == Some(0) {
                return Err(ConfigError::Zero(field));
            }
        }
        if let (Some(unused), Some(idle)) = (self.unused_idle_timeout, self.idle_timeout)
            && unused > idle
        {
            return Err(ConfigError::UnusedIdleTimeout);
        }
        if self.max_lifetime.is_none() && !self.lifetime_jitter.is_zero() {
            return Err(ConfigError::LifetimeJitter);
        }
        match self.dial_failure {
            DialFailure::Retry { attempts: 0, .. } => Err(ConfigError::Zero("dial_failure: attempts")),
            DialFailure::Retry { backoff, backoff_max, .. } if backoff_max < backoff => {
                Err(ConfigError::BackoffMax)
            }
            _ => Ok(()),
        }
    }
}
