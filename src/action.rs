//! What the pool wants done.

use core::fmt;
use core::mem;
use core::ops::Deref;

use smallvec::SmallVec;

use crate::{ConnId, RequestId};

/// Something for the caller to do, or to tell on.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Action {
    /// The connection is on lease to the request from now on, until [`ConnIdle`](crate::Event::ConnIdle)
    /// or [`ConnClosed`](crate::Event::ConnClosed). If the requester has gone, report `ConnIdle`.
    Deliver {
        /// The requester's own correlation.
        token: u64,
        /// Whose wish is fulfilled, and thereby over.
        request: RequestId,
        /// What it gets.
        conn: ConnId,
        /// How the connection became available.
        source: Source,
    },
    /// The request waits: a `Deliver` or a `Fail` follows in a later step, unless it is cancelled.
    Wait {
        /// The requester's own correlation.
        token: u64,
        /// The name to cancel it by.
        request: RequestId,
    },
    /// The request is over without a connection.
    Fail {
        /// The requester's own correlation.
        token: u64,
        /// Whose wish ends.
        request: RequestId,
        /// Why.
        error: RequestError,
        /// The dial whose failure is the reason or, with [`RequestError::Timeout`], the last dial of the
        /// key that failed with no success since (R7).
        cause: Option<ConnId>,
    },
    /// Open a connection of the key that [`Pool::key`](crate::Pool::key) tells, and report
    /// [`DialDone`](crate::Event::DialDone).
    StartDial {
        /// The name of the connection to be.
        conn: ConnId,
    },
    /// Stop this dial if it can be stopped; its [`DialDone`](crate::Event::DialDone) is still owed.
    CancelDial {
        /// Which dial.
        conn: ConnId,
    },
    /// See whether the connection is still alive, and report [`CheckDone`](crate::Event::CheckDone) (R16).
    Check {
        /// Which connection.
        conn: ConnId,
    },
    /// The connection is idle, and the pool keeps it for the next request.
    Park {
        /// Which connection.
        conn: ConnId,
    },
    /// Close the connection, and report [`ConnClosed`](crate::Event::ConnClosed) when it is gone.
    Close {
        /// Which connection.
        conn: ConnId,
        /// Why.
        reason: CloseReason,
    },
    /// The connection has been on lease for longer than
    /// [`Config::lease_warn_after`](crate::Config::lease_warn_after); said once for each time that it is (R22).
    Overdue {
        /// Which connection.
        conn: ConnId,
    },
    /// After [`Event::Shutdown`](crate::Event::Shutdown): no connection and no dial is left. Said once.
    Drained,
}

/// How a delivered connection became available.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Source {
    /// It was parked when the request came.
    Idle,
    /// Another request gave it back: late binding.
    Returned,
    /// The dial that was started for this request.
    OwnDial,
    /// A dial that was started for another request, or for nobody: late binding.
    OtherDial,
    /// It was parked for so long that it was checked first, and passed (R16).
    Check,
    /// A shared connection that is in use had room, or got room.
    Shared,
}

impl Source {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Idle, Self::Returned, Self::OwnDial, Self::OtherDial, Self::Check, Self::Shared];
}

/// Why a request ended without a connection.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum RequestError {
    /// Its deadline has passed (R12).
    Timeout,
    /// A dial failed, and this request is the one that hears of it (R7).
    Dial,
    /// The same, and the dial failed because it took longer than
    /// [`Config::dial_timeout`](crate::Config::dial_timeout).
    DialTimeout,
    /// It would have had to wait beyond [`Config::max_waiters`](crate::Config::max_waiters) or
    /// [`Config::max_waiters_per_key`](crate::Config::max_waiters_per_key) (R8).
    TooManyWaiters,
    /// The pool is paused, and refuses newcomers (R19).
    Paused,
    /// The connections of its key were cleared, and the waiters with them (R19).
    Cleared,
    /// The pool shuts down (R21).
    Shutdown,
}

/// Why the pool closes a connection.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum CloseReason {
    /// Parked for longer than [`Config::idle_timeout`](crate::Config::idle_timeout), or never used and
    /// parked for longer than [`Config::unused_idle_timeout`](crate::Config::unused_idle_timeout) (R12).
    IdleTimeout,
    /// Older than [`Config::max_lifetime`](crate::Config::max_lifetime) (R12).
    Lifetime,
    /// Used [`Config::max_uses`](crate::Config::max_uses) times (R12).
    MaxUses,
    /// One more than [`Config::max_idle`](crate::Config::max_idle) or
    /// [`Config::max_idle_per_key`](crate::Config::max_idle_per_key) allow to be parked (R11).
    IdleLimit,
    /// Another key needs the room (R10).
    Evicted,
    /// Its check failed, or took too long (R16).
    CheckFailed,
    /// [`Event::Clear`](crate::Event::Clear) (R19).
    Cleared,
    /// More connections than a lowered limit allows (R21).
    ConnectionLimit,
    /// [`Event::Draining`](crate::Event::Draining) was said of it (R18).
    Draining,
    /// The pool shuts down (R21).
    Shutdown,
}

impl CloseReason {
    /// Whether another config might have kept the connection (R21).
    pub(crate) fn is_by_config(self) -> bool {
        matches!(self, Self::Lifetime | Self::MaxUses | Self::ConnectionLimit)
    }
}

/// Where [`Pool::handle`](crate::Pool::handle) puts its actions: kept by the caller and used again, so that
/// nothing is allocated in the steady state.
///
/// Reads as a slice; [`drain`](Self::drain) empties it. What was not taken out stays: `handle` appends.
#[derive(Clone, Default)]
pub struct Actions {
    /// Those that were taken out or forgotten stay behind, to be written over in place.
    buffer: SmallVec<[Action; 8]>,
    len: usize,
}

impl Actions {
    /// An empty buffer, with room for the actions of a usual step.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes all actions out, in their order.
    #[inline]
    pub fn drain(&mut self) -> impl DoubleEndedIterator<Item = Action> + ExactSizeIterator + '_ {
        let len = mem::take(&mut self.len);
        self.buffer[..len].iter().copied()
    }

    /// Forgets all actions.
    #[inline]
    pub fn clear(&mut self) {
        self.len = 0;
    }

    #[expect(clippy::inline_always, reason = "so that the action is made in its place, and never moved")]
    #[inline(always)]
    pub(crate) fn push(&mut self, action: Action) {
        if self.len == self.buffer.len() {
            self.make_place();
        }
        self.buffer[self.len] = action;
        self.len += 1;
    }

    #[cold]
    fn make_place(&mut self) {
        self.buffer.push(Action::Drained);
    }
}

impl Deref for Actions {
    type Target = [Action];

    #[inline]
    fn deref(&self) -> &[Action] {
        &self.buffer[..self.len]
    }
}

impl PartialEq for Actions {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Actions {}

impl<'a> IntoIterator for &'a Actions {
    type Item = &'a Action;
    type IntoIter = core::slice::Iter<'a, Action>;

    #[inline]
    fn into_iter(self) -> Self::IntoIter {
        (**self).iter()
    }
}

impl fmt::Debug for Actions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}
