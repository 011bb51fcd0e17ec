//! What the machine knows of a connection, and the states that it can be in.

use crate::structure::{Linked, Links, NIL, Slotted};
use crate::{CloseReason, Time};

/// The state of a connection: it is in exactly one (I5).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum State {
    /// A dial in progress: cover for one waiter.
    Dialing,
    /// Parked, and never on lease so far.
    Fresh,
    /// Parked, and was on lease before.
    Used,
    /// Under check: cover for as many waiters as it has capacity (R16).
    Checking,
    /// Under check, and suspect: no cover (R17).
    Probing,
    /// On lease to nobody, without capacity: its peer set it to 0. Cover for one waiter (R18).
    Dormant,
    /// A dial that was told to stop, or that took too long: no cover, but it may still succeed (R5).
    Stopping,
    /// Shared, on lease, with room for more.
    Roomy,
    /// On lease, without room.
    Busy,
    /// On lease, and without capacity meanwhile: cover for one waiter (R18).
    Hollow,
    /// On its last leases: takes no new one, and closes when the last one ends.
    Leaving,
    /// Told to close; holds its slot until it is reported as closed (R9).
    Closing,
}

impl State {
    pub(super) const COUNT: usize = 12;
    /// The first so many are those that a key's connections are listed by.
    pub(super) const LISTED: usize = 3;
    pub(super) const ALL: [Self; Self::COUNT] = [
        Self::Dialing,
        Self::Fresh,
        Self::Used,
        Self::Checking,
        Self::Probing,
        Self::Dormant,
        Self::Stopping,
        Self::Roomy,
        Self::Busy,
        Self::Hollow,
        Self::Leaving,
        Self::Closing,
    ];

    pub(super) fn is_dial(self) -> bool {
        matches!(self, Self::Dialing | Self::Stopping)
    }

    /// Whether it counts for what the key may start, or for what is to be parked, also where nobody waits.
    pub(super) fn matters_to_key(self) -> bool {
        self.is_dial() || self.is_under_check()
    }

    pub(super) fn is_parked(self) -> bool {
        matches!(self, Self::Fresh | Self::Used)
    }

    /// Whether it carries leases, and takes new ones when there is room.
    pub(super) fn is_in_service(self) -> bool {
        self.is_parked() || matches!(self, Self::Roomy | Self::Busy)
    }

    pub(super) fn is_under_check(self) -> bool {
        matches!(self, Self::Checking | Self::Probing)
    }
}

/// The states of those on their way out: they count (R9), but nothing need be done to get rid of them.
pub(super) const ENDING: [State; 3] = [State::Stopping, State::Leaving, State::Closing];

/// The states of those on lease.
pub(super) const LEASED: [State; 4] = [State::Roomy, State::Busy, State::Hollow, State::Leaving];

/// The clocks that run for connections: each a list in the order of beginning, which is the order of ending,
/// since all of one clock have the same duration.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Clock {
    Dial,
    Check,
    FreshIdle,
    UsedIdle,
    Lease,
}

impl Clock {
    pub(super) const COUNT: usize = 5;
}

/// What a dial was started for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Purpose {
    /// A waiter without cover (R4), or one that has gone since.
    Waiter,
    /// A waiter that waits for long already (R13).
    Backup,
    /// A floor or a preconnect (R20): nobody.
    Stock,
}

#[derive(Clone, Debug)]
pub(super) struct Conn {
    pub(super) key: u32,
    pub(super) state: State,
    /// The clock that runs for it: that of its state, unless its end is just being reported.
    pub(super) clock: Option<Clock>,
    /// Why it closes when its last lease ends, if it does.
    pub(super) leaving: Option<CloseReason>,
    /// Leases that it can carry; may be less than those it carries (R18).
    pub(super) capacity: u32,
    pub(super) leases: u32,
    /// How often it was delivered.
    pub(super) uses: u32,
    /// When its dial or its check began, when it was parked, or when the first of its leases began.
    pub(super) since: Time,
    /// The lease is not to be reported as overdue: it was, or nobody wants to know.
    pub(super) is_excused: bool,
    /// It was reported as overdue since its leases were last none (R22).
    pub(super) is_reported: bool,
    /// The order of that among everything that happened; while on lease, of its last delivery.
    pub(super) order: u64,
    /// When its lifetime begins: its birth, later by its jitter (R12).
    pub(super) born: Time,
    /// The dial was told to stop because it took too long.
    pub(super) has_timed_out: bool,
    /// What the dial was started for.
    pub(super) purpose: Purpose,
    /// The waiter that the dial belongs to (R3), or [`NIL`].
    pub(super) owner: u32,
    in_all: Links,
    in_key: Links,
    in_clock: Links,
    /// Where it stands in the heap of lifetimes while it is parked, or among its key's shared ones with room.
    pub(super) slot: u32,
}

impl Conn {
    /// A dial of `key` that begins now.
    pub(super) fn dialing(key: u32, purpose: Purpose, owner: u32, now: Time, order: u64) -> Self {
        Self {
            key,
            state: State::Dialing,
            clock: None,
            leaving: None,
            capacity: 0,
            leases: 0,
            uses: 0,
            since: now,
            order,
            born: Time::NEVER,
            has_timed_out: false,
            purpose,
            owner,
            is_excused: false,
            is_reported: false,
            in_all: Links::NONE,
            in_key: Links::NONE,
            in_clock: Links::NONE,
            slot: NIL,
        }
    }

    /// A backup of a request that still waits (R13).
    pub(super) fn is_wanted_backup(&self) -> bool {
        self.purpose == Purpose::Backup && self.owner != NIL
    }

    /// A dial that `Surplus::Cancel` leaves alone (R5).
    pub(super) fn is_aside(&self) -> bool {
        self.is_stock() || self.is_wanted_backup()
    }

    /// A dial for a floor or a preconnect (R20).
    pub(super) fn is_stock(&self) -> bool {
        self.purpose == Purpose::Stock
    }

    /// Serves several at once (R18).
    pub(super) fn is_shared(&self) -> bool {
        self.capacity > 1 && self.state.is_in_service()
    }

    /// How many waiters may hope for it (R4).
    pub(super) fn cover(&self) -> u32 {
        match self.state {
            State::Dialing | State::Dormant | State::Hollow => 1,
            State::Checking => self.capacity.max(1),
            _ => 0,
        }
    }

    /// The clock that is to run for it.
    pub(super) fn due_clock(&self) -> Option<Clock> {
        match self.state {
            State::Dialing => Some(Clock::Dial),
            State::Checking | State::Probing => Some(Clock::Check),
            State::Fresh => Some(Clock::FreshIdle),
            State::Used => Some(Clock::UsedIdle),
            State::Roomy | State::Busy | State::Hollow | State::Leaving => {
                (!self.is_excused).then_some(Clock::Lease)
            }
            State::Dormant | State::Stopping | State::Closing => None,
        }
    }

    /// Whether it can take a lease.
    pub(super) fn has_room(&self) -> bool {
        self.leaving.is_none() && self.leases < self.capacity
    }

    /// The state of an open connection by what it carries, when it is not to close.
    pub(super) fn resting_state(&self) -> State {
        if self.leaving.is_some() {
            State::Leaving
        } else if self.capacity == 0 {
            if self.leases == 0 { State::Dormant } else { State::Hollow }
        } else if self.leases == 0 {
            if self.uses == 0 { State::Fresh } else { State::Used }
        } else if self.leases < self.capacity {
            State::Roomy
        } else {
            State::Busy
        }
    }
}

/// The list of all connections of a key.
#[derive(Clone, Debug)]
pub(super) struct InAll;
/// The list of a key's connections in one state.
#[derive(Clone, Debug)]
pub(super) struct InKey;
/// The list of a clock.
#[derive(Clone, Debug)]
pub(super) struct InClock;
/// The heap of lifetimes.
#[derive(Clone, Debug)]
pub(super) struct InLifetimes;
/// The heap of a key's shared connections with room.
#[derive(Clone, Debug)]
pub(super) struct InRoomy;

impl Linked<InAll> for Conn {
    fn links(&self) -> &Links {
        &self.in_all
    }

    fn links_mut(&mut self) -> &mut Links {
        &mut self.in_all
    }
}

impl Linked<InKey> for Conn {
    fn links(&self) -> &Links {
        &self.in_key
    }

    fn links_mut(&mut self) -> &mut Links {
        &mut self.in_key
    }
}

impl Linked<InClock> for Conn {
    fn links(&self) -> &Links {
        &self.in_clock
    }

    fn links_mut(&mut self) -> &mut Links {
        &mut self.in_clock
    }
}

impl Slotted<InLifetimes> for Conn {
    fn slot(&self) -> u32 {
        self.slot
    }

    fn slot_mut(&mut self) -> &mut u32 {
        &mut self.slot
    }
}

impl Slotted<InRoomy> for Conn {
    fn slot(&self) -> u32 {
        self.slot
    }

    fn slot_mut(&mut self) -> &mut u32 {
        &mut self.slot
    }
}
