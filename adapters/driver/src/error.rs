//! Why there is no connection.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use latebind::Stats;

/// Why [`Get`](crate::Get) brought no connection; `E` is the manager's error.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error<E> {
    /// No connection came in time (R12).
    Timeout(Box<TimeoutError<E>>),
    /// A dial failed, and this request is the one that hears of it (R7).
    Dial(ConnectError<E>),
    /// It would have had to wait, and there are too many waiters already (R8).
    TooManyWaiters(Box<Refused>),
    /// The pool is paused, and refuses newcomers (R19).
    Paused,
    /// The connections of its key were cleared, and those who waited with them (R19).
    Cleared,
    /// The pool was closed, or its last handle was dropped (R21).
    Closed,
}

/// A timeout, and what the pool was doing then (A8).
#[derive(Debug)]
#[non_exhaustive]
pub struct TimeoutError<E> {
    /// How long the request has waited.
    pub waited: Duration,
    /// What the whole pool held when it timed out.
    pub pool: Stats,
    /// What it held of the request's key.
    pub key: Stats,
    /// The failure of the key's last dial that ended, if it did fail.
    pub last_dial: Option<ConnectError<E>>,
}

/// What the pool held when it refused a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Refused {
    /// The whole pool.
    pub pool: Stats,
    /// The request's key.
    pub key: Stats,
}

/// How a dial failed. Cheap to clone: one failed dial may concern many.
#[derive(Debug)]
#[non_exhaustive]
pub enum ConnectError<E> {
    /// [`Manager::connect`](crate::Manager::connect) said so.
    Failed(Arc<E>),
    /// [`Manager::connect`](crate::Manager::connect) or [`Manager::capacity`](crate::Manager::capacity)
    /// panicked, with this message.
    Panicked(Arc<str>),
    /// It took longer than `Config::dial_timeout`, which is told.
    TimedOut(Duration),
    /// The runtime that runs the pool's tasks has ended, or has no thread for them.
    RuntimeGone,
}

impl<E> Error<E> {
    /// The dial's failure that is the reason for this error, or the last one before a timeout.
    pub fn connect_error(&self) -> Option<&ConnectError<E>> {
        match self {
            Self::Timeout(timeout) => timeout.last_dial.as_ref(),
            Self::Dial(error) => Some(error),
            Self::TooManyWaiters(_) | Self::Paused | Self::Cleared | Self::Closed => None,
        }
    }
}

impl<E> ConnectError<E> {
    /// The manager's own error, if it returned one.
    pub fn manager_error(&self) -> Option<&E> {
        match self {
            Self::Failed(error) => Some(error),
            Self::Panicked(_) | Self::TimedOut(_) | Self::RuntimeGone => None,
        }
    }
}

// By hand: a derive would ask for `E: Clone`.
impl<E> Clone for ConnectError<E> {
    fn clone(&self) -> Self {
        match self {
            Self::Failed(error) => Self::Failed(Arc::clone(error)),
            Self::Panicked(message) => Self::Panicked(Arc::clone(message)),
            Self::TimedOut(limit) => Self::TimedOut(*limit),
            Self::RuntimeGone => Self::RuntimeGone,
        }
    }
}

impl<E: fmt::Display> fmt::Display for Error<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeout(error) => error.fmt(f),
            Self::Dial(error) => error.fmt(f),
            Self::TooManyWaiters(refused) => {
                write!(
                    f,
                    "too many requests wait already (pool: {}; this key: {})",
                    refused.pool, refused.key
                )
            }
            Self::Paused => f.write_str("the pool is paused"),
            Self::Cleared => f.write_str("the connections of this key were cleared"),
            Self::Closed => f.write_str("the pool is closed"),
        }
    }
}

impl<E: fmt::Display> fmt::Display for TimeoutError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { waited, pool, key, last_dial } = self;
        write!(f, "no connection within {waited:?} (pool: {pool}; this key: {key})")?;
        match last_dial {
            Some(error) => write!(f, "; {error}"),
            None => Ok(()),
        }
    }
}

impl<E: fmt::Display> fmt::Display for ConnectError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(error) => write!(f, "the dial failed: {error}"),
            Self::Panicked(message) => write!(f, "the dial panicked: {message}"),
            Self::TimedOut(limit) => write!(f, "the dial took longer than {limit:?}"),
            Self::RuntimeGone => {
                f.write_str("the dial was dropped: the pool's runtime has shut down, or has no thread for it")
            }
        }
    }
}

impl<E: StdError + 'static> StdError for Error<E> {
    /// The manager's error, wherever there is one.
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.connect_error().and_then(StdError::source)
    }
}

impl<E: StdError + 'static> StdError for TimeoutError<E> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.last_dial.as_ref().and_then(StdError::source)
    }
}

impl<E: StdError + 'static> StdError for ConnectError<E> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.manager_error().map(|error| error as &(dyn StdError + 'static))
    }
}
