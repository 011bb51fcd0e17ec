//! What the caller tells the pool.

use core::fmt;
use core::num::{NonZeroU8, NonZeroU32};

use crate::{Config, ConfigError, ConnId, Newcomers, RequestId, Time};

/// Something that happened. [`Pool::handle`](crate::Pool::handle) takes it together with its time.
///
/// Events for a connection or a request that has ended meanwhile, or for a connection that was told to
/// close, are lost races: they are `Ok` and do nothing (R24). A dial that was told to stop is still a dial
/// until its [`DialDone`](Event::DialDone).
///
/// A pool takes [`Event`], which borrows keys and configs; [`OwnedEvent`] holds them, for runs that are written
/// down.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum EventOf<Key, Conf> {
    /// Somebody wants a connection of `key`. Answered in the same step by exactly one of
    /// [`Deliver`](crate::Action::Deliver), [`Wait`](crate::Action::Wait) and
    /// [`Fail`](crate::Action::Fail) (I4).
    Request {
        /// What the connection must lead to.
        key: Key,
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
    /// A waiter goes last of its new priority, and keeps its dial; the same priority changes nothing (R2).
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
    /// A check has ended: the one answer to [`Check`](crate::Action::Check) (R16).
    CheckDone {
        /// Which connection.
        conn: ConnId,
        /// Whether it can be used.
        alive: bool,
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
    /// Opens connections ahead of requests, once: as many as are missing to `count`, where those that are
    /// dialing, under check or open count, on lease or not. May close parked connections of other keys; what
    /// finds no room is dropped (R20).
    Preconnect {
        /// What the connections lead to.
        key: Key,
        /// How many there should be.
        count: u32,
    },
    /// Keeps so many connections of the key idle, or on their way, as room permits (R20). Replaces what was said
    /// of the key before; 0 ends it.
    Keep {
        /// What the connections lead to.
        key: Key,
        /// How many should be idle.
        min_idle: u32,
    },
    /// Limits the dials in progress of the key, instead of [`Config::max_dials_per_key`]: below it, or above it (R8).
    /// A lowered limit is approached, and a raised one starts dials in the same step. It holds for as long as the
    /// key is known (I7), whatever a [`Reconfigure`](Event::Reconfigure) says; of a key that is not known, it does
    /// nothing. Backups (R13) and dials for floors count, too.
    ///
    /// For a key whose next connection will serve many: told behind the first [`Request`](Event::Request), a limit
    /// of 1 has all others wait for that one dial (R18).
    LimitDials {
        /// What the dials lead to.
        key: Key,
        /// How many there may be at once; `None`: as many as the config says.
        max_dials: Option<NonZeroU32>,
    },
    /// A new generation of connections: parked ones and those under check close, dials are cancelled, those on
    /// lease take no new one and close when it ends (R19). Costs O(1) for each connection of the key, and O(keys)
    /// more for all.
    Clear {
        /// Of which key; `None`: of all.
        key: Option<Key>,
        /// What becomes of those who wait.
        waiters: Waiters,
        /// Whether connections on lease close now.
        interrupt: bool,
    },
    /// Nothing is delivered, dialed or checked any more; what comes back is parked, and those who wait keep
    /// waiting, with their deadlines (R19).
    Pause {
        /// What becomes of requests that come meanwhile.
        newcomers: Newcomers,
    },
    /// Ends a pause, or does nothing (R19). Costs O(keys).
    Resume,
    /// New limits and durations for the running pool (R21). Costs O(keys + connections).
    Reconfigure {
        /// Replaces the whole config but its seed.
        config: Conf,
    },
    /// The end: waiters fail, parked connections close, dials are cancelled, leases close on return;
    /// [`Drained`](crate::Action::Drained) tells when nothing is left (R21). Costs O(keys) plus what ends.
    Shutdown,
    /// Time has passed, nothing else: send it when [`Pool::deadline`](crate::Pool::deadline) has come.
    Tick,
}

/// An event as [`Pool::handle`](crate::Pool::handle) takes it: it borrows its key.
pub type Event<'a, K> = EventOf<&'a K, &'a Config>;

/// An event that can be kept.
///
/// ```
/// use latebind::{Event, OwnedEvent, Priority};
///
/// let kept = OwnedEvent::Request { key: "db", token: 7, priority: Priority::default(), deadline: None };
/// let event: Event<'_, &str> = kept.as_event();
/// assert_eq!(event.to_owned(), kept);
/// ```
pub type OwnedEvent<K> = EventOf<K, Config>;

impl<K> OwnedEvent<K> {
    /// The event for a pool to take.
    pub fn as_event(&self) -> Event<'_, K> {
        self.map(|key| key, |config| config)
    }
}

impl<K: Clone> Event<'_, K> {
    /// The event to keep.
    pub fn to_owned(self) -> OwnedEvent<K> {
        self.map(|key| (*key).clone(), |config| (*config).clone())
    }
}

impl<Key, Conf> EventOf<Key, Conf> {
    fn map<'a, OtherKey, OtherConf>(
        &'a self,
        to_key: impl Fn(&'a Key) -> OtherKey,
        to_config: impl Fn(&'a Conf) -> OtherConf,
    ) -> EventOf<OtherKey, OtherConf> {
        match *self {
            Self::Request { ref key, token, priority, deadline } => {
                EventOf::Request { key: to_key(key), token, priority, deadline }
            }
            Self::Cancel { request } => EventOf::Cancel { request },
            Self::Reprioritize { request, priority } => EventOf::Reprioritize { request, priority },
            Self::DialDone { conn, outcome } => EventOf::DialDone { conn, outcome },
            Self::ConnIdle { conn } => EventOf::ConnIdle { conn },
            Self::ConnClosed { conn } => EventOf::ConnClosed { conn },
            Self::CheckDone { conn, alive } => EventOf::CheckDone { conn, alive },
            Self::Capacity { conn, capacity } => EventOf::Capacity { conn, capacity },
            Self::Draining { conn } => EventOf::Draining { conn },
            Self::Preconnect { ref key, count } => EventOf::Preconnect { key: to_key(key), count },
            Self::Keep { ref key, min_idle } => EventOf::Keep { key: to_key(key), min_idle },
            Self::LimitDials { ref key, max_dials } => EventOf::LimitDials { key: to_key(key), max_dials },
            Self::Clear { ref key, waiters, interrupt } => {
                EventOf::Clear { key: key.as_ref().map(to_key), waiters, interrupt }
            }
            Self::Pause { newcomers } => EventOf::Pause { newcomers },
            Self::Resume => EventOf::Resume,
            Self::Reconfigure { ref config } => EventOf::Reconfigure { config: to_config(config) },
            Self::Shutdown => EventOf::Shutdown,
            Self::Tick => EventOf::Tick,
        }
    }
}

/// What becomes of the waiters when connections are cleared (R19).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Waiters {
    /// They keep their places, and get new dials.
    Keep,
    /// They fail with [`RequestError::Cleared`](crate::RequestError::Cleared).
    Fail,
}

/// How urgent a request is: one of eight levels, greater is more urgent (R2).
///
/// Eight, so that a queue finds its place for any of them in constant time (Chrome has six).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "u8", into = "u8")
)]
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

impl TryFrom<u8> for Priority {
    type Error = NoSuchPriority;

    fn try_from(level: u8) -> Result<Self, NoSuchPriority> {
        Self::new(level).ok_or(NoSuchPriority(level))
    }
}

impl From<Priority> for u8 {
    fn from(priority: Priority) -> Self {
        priority.level()
    }
}

/// There is no priority of that level.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NoSuchPriority(pub u8);

impl fmt::Display for NoSuchPriority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "priorities are levels from 0 to {}, not {}", Priority::LEVELS - 1, self.0)
    }
}

impl core::error::Error for NoSuchPriority {}

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
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
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
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
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
    /// [`Event::CheckDone`] for a connection that is not under check.
    NotChecking(ConnId),
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
            Self::NotChecking(conn) => {
                write!(f, "connection {conn} was reported as checked, but is not under check")
            }
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
