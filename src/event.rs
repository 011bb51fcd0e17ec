//! What the caller tells the pool.

use core::fmt;
use core::num::NonZeroU8;

use crate::{Config, ConfigError, ConnId, RequestId, Time};

/// Something that happened. [`Pool::handle`](crate::Pool::handle) takes it together with its time.
///
/// Events for a connection or a request that has ended meanwhile, or for a connection that was told to
/// close, are lost races: they are `Ok` and do nothing (R24). A dial that was told to stop is still a dial
/// until its [`DialDone`](Event::DialDone).
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a, K> {
    /// Somebody wants a connection of `key`. Answered in the same step by exactly one of
    /// [`Deliver`](crate::Action::Deliver), [`Wait`](crate::Action::Wait) and
    /// [`Fail`](crate::Action::Fail) (I4).
    Request {
        /// What the connection must lead to.
        key: &'a K,
        /// The caller's own correlation, echoed in the answers.
        token: u64,
        /// The more urgent one is served first (R2).
        priority: Priority,
        /// When it fails if it still waits: replaces [`Config::request_timeout`]. `None`: the default;
        /// [`Time::NEVER`]: no deadline. One that has passed is served at once or fails, and starts no
        /// dial (R12).
        deadline: Option<Time>,
    },
    /// The request is not wanted any more (R6). Harmless if it was answered before: a lease that was
    /// delivered to it comes back as [`ConnIdle`](Event::ConnIdle).
    Cancel {
        /// Whose end it is.
        request: RequestId,
    },
    /// A waiter goes last of its new priority; the same priority changes nothing (R2).
    Reprioritize {
        /// Which waiter.
        request: RequestId,
        /// Where it goes.
        priority: Priority,
    },
    /// A dial has ended, well or not: the one answer to [`StartDial`](crate::Action::StartDial), owed also
    /// after [`CancelDial`](crate::Action::CancelDial).
    DialDone {
        /// Which dial.
        conn: ConnId,
        /// What came of it.
        outcome: Result<Opened, DialError>,
    },
    /// One lease ended, and the connection can be used again.
    ConnIdle {
        /// Which connection.
        conn: ConnId,
    },
    /// The connection is gone, with all its leases: broken, closed by the peer, or closed as asked.
    ConnClosed {
        /// Which connection.
        conn: ConnId,
    },
    /// A connection can carry so many leases from now on; fewer than it carries, and 0, are allowed (R18).
    Capacity {
        /// Which connection.
        conn: ConnId,
        /// Leases at once.
        capacity: u32,
    },
    /// The peer wants to end the connection (GOAWAY): no new leases, closed when the last one ends (R18).
    Draining {
        /// Which connection.
        conn: ConnId,
    },
    /// New limits and durations for the running pool (R21). Costs O(keys + connections).
    Reconfigure {
        /// Replaces the whole config but its seed.
        config: &'a Config,
    },
    /// The end: waiters fail, parked connections close, dials are cancelled, leases close on return;
    /// [`Drained`](crate::Action::Drained) tells when nothing is left (R21). Costs O(keys) plus what ends.
    Shutdown,
    /// Time has passed, nothing else: send it when [`Pool::deadline`](crate::Pool::deadline) has come.
    Tick,
}

// By hand: a derive would ask for `K: Copy`, and only `&K` is stored.
impl<K> Clone for Event<'_, K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K> Copy for Event<'_, K> {}

/// How urgent a request is: one of eight levels, greater is more urgent (R2).
///
/// Eight, so that a queue finds its place for any of them in constant time (Chrome has six).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Priority(NonZeroU8);

impl Priority {
    /// How many levels there are.
    pub const LEVELS: u8 = 8;
    /// Level 0: served when nobody else waits.
    pub const LOWEST: Self = Self(NonZeroU8::MIN);
    /// Level 7: served before everybody else.
    pub const HIGHEST: Self = Self(NonZeroU8::MIN.saturating_add(Self::LEVELS - 1));

    /// The priority of that level; `None` from [`LEVELS`](Self::LEVELS) on.
    pub const fn new(level: u8) -> Option<Self> {
        if level < Self::LEVELS { Some(Self(NonZeroU8::MIN.saturating_add(level))) } else { None }
    }

    /// From 0, [`LOWEST`](Self::LOWEST), to 7, [`HIGHEST`](Self::HIGHEST).
    pub const fn level(self) -> u8 {
        self.0.get() - 1
    }
}

/// Level 3: room above and below.
impl Default for Priority {
    fn default() -> Self {
        Self(NonZeroU8::MIN.saturating_add(3))
    }
}

impl fmt::Debug for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Priority({})", self.level())
    }
}

/// What a dial that went well brought.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Opened {
    /// Leases that the connection can carry at once: 1 for an exclusive one, the peer's limit of streams
    /// for a multiplexed one (R18).
    pub capacity: u32,
}

impl Opened {
    /// A connection for one lease at a time.
    pub const EXCLUSIVE: Self = Self { capacity: 1 };
}

/// How a dial failed (R7). The error itself stays with the caller.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum DialError {
    /// The next dial may do better: refused, unreachable, timed out.
    Transient,
    /// No dial will do better (a wrong password): fails every waiter that was there when the dial started,
    /// whatever [`Config::dial_failure`] says.
    Fatal,
}

/// The caller broke the protocol. Nothing was changed (R24).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Misuse {
    /// The pool never issued this id.
    UnknownConnection(ConnId),
    /// The pool never issued this id.
    UnknownRequest(RequestId),
    /// [`Event::ConnIdle`] for a connection that is on lease to nobody.
    NotLeased(ConnId),
    /// [`Event::DialDone`] for a connection that is open already.
    NotDialing(ConnId),
    /// Anything but [`Event::DialDone`] for a dial in progress.
    StillDialing(ConnId),
    /// [`Event::Reconfigure`] with a config that contradicts itself.
    Config(ConfigError),
}

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownConnection(conn) => write!(f, "connection {conn} was never issued by this pool"),
            Self::UnknownRequest(request) => write!(f, "request {request} was never issued by this pool"),
            Self::NotLeased(conn) => write!(f, "connection {conn} was given back, but is not on lease"),
            Self::NotDialing(conn) => {
                write!(f, "connection {conn} was reported as dialed, but is open already")
            }
            Self::StillDialing(conn) => {
                write!(f, "connection {conn} is still being dialed; only `DialDone` can be said of it")
            }
            Self::Config(error) => write!(f, "the new config was refused: {error}"),
        }
    }
}

impl core::error::Error for Misuse {}
