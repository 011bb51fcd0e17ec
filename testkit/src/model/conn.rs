//! Connections and their states.

use latebind::{CloseReason, ConnId, RequestId, Time};

use super::state::Moment;

/// What a dial was started for (R3).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Purpose {
    /// The first waiter that had no dial of its own.
    Deficit,
    /// A waiter whose dial takes long (R13).
    Backup,
    /// Nobody: a floor or a preconnect (R20).
    Stock,
}

/// How far a connection has come.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Phase {
    Dialing,
    /// A dial that was told to stop.
    Stopping(Stop),
    Open,
    /// It was told to close.
    Closing,
}

/// Why a dial was told to stop.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Stop {
    /// It took too long.
    TimedOut,
    /// Nobody needs it.
    Needless,
    /// It is of an old generation, and never serves (R19).
    Cleared,
}

/// A check in progress.
#[derive(Clone, Copy, Debug)]
pub(super) struct Check {
    pub(super) began: Moment,
    /// The check of a suspect, which is no cover (R17).
    pub(super) of_suspect: bool,
}

/// A connection, from the start of its dial until it is gone.
#[derive(Clone, Debug)]
pub(super) struct Conn<K> {
    pub(super) id: ConnId,
    pub(super) key: K,
    pub(super) phase: Phase,
    pub(super) purpose: Purpose,
    /// The request that the dial belongs to.
    pub(super) owner: Option<RequestId>,
    pub(super) started: Moment,
    /// When its life began, with the jitter added.
    pub(super) born: Time,
    pub(super) capacity: u32,
    pub(super) leases: u32,
    pub(super) uses: u32,
    /// When its leases were last none, and somebody got it.
    pub(super) leased: Moment,
    /// When somebody got it last.
    pub(super) delivered: u64,
    pub(super) told_overdue: bool,
    pub(super) parked: Option<Moment>,
    pub(super) check: Option<Check>,
    /// Why it closes when its last lease ends.
    pub(super) leaving: Option<CloseReason>,
}

/// The states of a connection, in the words of `docs/STATES.md`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum State {
    /// A dial in progress.
    Dialing,
    /// A dial that was told to stop, and is not reported yet.
    Stopping,
    /// Parked, and never on lease so far.
    Fresh,
    /// Parked, and was on lease before.
    Used,
    /// Under check after it was parked for long: cover (R16).
    Checking,
    /// Under check because it is suspect: no cover (R17).
    Probing,
    /// On lease to nobody, and without capacity (R18).
    Dormant,
    /// On lease, with room for more.
    Roomy,
    /// On lease, without room.
    Busy,
    /// On lease, and its capacity is 0 meanwhile (R18).
    Hollow,
    /// On lease, takes no new one, closes when the last one ends.
    Leaving,
    /// Told to close, and not reported yet.
    Closing,
}

impl State {
    /// A dial, told to stop or not.
    pub fn is_dial(self) -> bool {
        matches!(self, Self::Dialing | Self::Stopping)
    }

    /// On lease to nobody, healthy, and available.
    pub fn is_parked(self) -> bool {
        matches!(self, Self::Fresh | Self::Used)
    }

    /// Under check.
    pub fn is_checking(self) -> bool {
        matches!(self, Self::Checking | Self::Probing)
    }

    /// On lease to somebody.
    pub fn is_leased(self) -> bool {
        matches!(self, Self::Roomy | Self::Busy | Self::Hollow | Self::Leaving)
    }

    /// Dialed, and not told to close.
    pub fn is_open(self) -> bool {
        !self.is_dial() && self != Self::Closing
    }

    /// Not on its way out: what counts when a lowered limit is approached (R21).
    pub(super) fn stays(self) -> bool {
        !matches!(self, Self::Stopping | Self::Leaving | Self::Closing)
    }
}

impl<K> Conn<K> {
    pub(super) fn state(&self) -> State {
        match self.phase {
            Phase::Dialing => State::Dialing,
            Phase::Stopping(_) => State::Stopping,
            Phase::Closing => State::Closing,
            Phase::Open if self.leases > 0 && self.leaving.is_some() => State::Leaving,
            Phase::Open if self.leases > 0 && self.capacity == 0 => State::Hollow,
            Phase::Open if self.leases > 0 && self.leases < self.capacity => State::Roomy,
            Phase::Open if self.leases > 0 => State::Busy,
            Phase::Open => match self.check {
                Some(Check { of_suspect: true, .. }) => State::Probing,
                Some(Check { of_suspect: false, .. }) => State::Checking,
                None if self.capacity == 0 => State::Dormant,
                None if self.uses == 0 => State::Fresh,
                None => State::Used,
            },
        }
    }

    /// Whether it can take one more lease.
    pub(super) fn has_room(&self) -> bool {
        self.phase == Phase::Open && self.leaving.is_none() && self.leases < self.capacity
    }

    /// Whether it is parked or on lease, goes on to serve, and can serve several at once.
    pub(super) fn is_shared(&self) -> bool {
        let serves = matches!(self.state(), State::Fresh | State::Used | State::Roomy | State::Busy);
        serves && self.capacity > 1
    }

    /// How many waiters may hope for it.
    pub(super) fn cover(&self) -> usize {
        match self.state() {
            State::Dialing | State::Dormant | State::Hollow => 1,
            State::Checking => self.capacity.max(1) as usize,
            _ => 0,
        }
    }
}
