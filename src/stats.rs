//! What a pool holds at the moment, and what it has done so far.

use core::fmt;
use core::ops::{Index, IndexMut};
use core::time::Duration;

use crate::Source;

/// Gauges and counters of a pool, or of one key of it.
///
/// The gauges are the lengths of the pool's own lists, so they cannot drift.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Stats {
    /// Requests that wait.
    pub waiters: u32,
    /// Dials in progress, also those that were told to stop.
    pub dialing: u32,
    /// Connections on lease to somebody.
    pub leased: u32,
    /// Parked connections.
    pub idle: u32,
    /// Connections under check (R16).
    pub checking: u32,
    /// Connections on lease to nobody that can take no lease for the moment: their peer set their capacity to 0
    /// (R18).
    pub dormant: u32,
    /// Connections that were told to close and are not reported as closed yet.
    pub closing: u32,
    /// Known keys; of one key: 1.
    pub keys: u32,
    /// What has happened so far; of one key: since it was known, for keys with nothing left are forgotten (I7).
    pub counters: Counters,
}

impl Stats {
    /// All that count against the limits: dialing, open and closing (R8, R9).
    pub fn connections(&self) -> u32 {
        self.dialing + self.leased + self.idle + self.checking + self.dormant + self.closing
    }
}

/// In the words of an error message: `3 waiters; 2 connections: 1 dialing, 1 leased, 0 idle, 0 closing`.
impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} waiters; {} connections: {} dialing, {} leased, {} idle, {} closing",
            self.waiters,
            self.connections(),
            self.dialing,
            self.leased,
            self.idle,
            self.closing
        )?;
        if self.checking > 0 {
            write!(f, ", {} under check", self.checking)?;
        }
        if self.dormant > 0 { write!(f, ", {} without capacity", self.dormant) } else { Ok(()) }
    }
}

/// How often what has happened.
///
/// Every request ends in exactly one of [`delivered`](Self::delivered), [`failed`](Self::failed),
/// [`timed_out`](Self::timed_out), [`refused`](Self::refused) and [`cancelled`](Self::cancelled), or still waits
/// (I4); every dial in one of [`opened`](Self::opened) and [`dials_failed`](Self::dials_failed), or is still in
/// progress (I5).
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
// Laid out as written: what nearly every step counts stands together.
#[repr(C)]
pub struct Counters {
    /// Requests.
    pub requests: u64,
    /// Those that were not answered at once.
    pub waited: u64,
    /// Deliveries by [`Source`]: how much of late binding there is.
    pub delivered: Deliveries,
    /// How long those waited, all together, that wait no more.
    pub waited_for: Duration,
    /// Requests that failed because of a dial (R7).
    pub failed: u64,
    /// Requests that failed because their deadline had passed (R12).
    pub timed_out: u64,
    /// Requests that failed at once or with others: too many waiters, a pause, a `Clear`, a shutdown.
    pub refused: u64,
    /// Requests that were cancelled while they waited (R6).
    pub cancelled: u64,
    /// Dials started.
    pub dials: u64,
    /// Dials that brought a connection.
    pub opened: u64,
    /// Dials that brought none, those that were told to stop included.
    pub dials_failed: u64,
    /// Dials that were told to stop because they took too long (R12).
    pub dials_timed_out: u64,
    /// Dials that were told to stop because they were not needed any more (R5, R10, R19, R21).
    pub dials_cancelled: u64,
    /// Checks that passed (R16).
    pub checks_passed: u64,
    /// Checks that failed, or took too long (R16).
    pub checks_failed: u64,
    /// Connections parked (R1).
    pub parked: u64,
    /// Connections told to close.
    pub closed: u64,
    /// Leases that were reported as overdue (R22).
    pub overdue: u64,
}

/// How many deliveries came from where: a number for each [`Source`].
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Deliveries([u64; Source::ALL.len()]);

impl Deliveries {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// The number for each source, in the order of [`Source::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = (Source, u64)> + '_ {
        Source::ALL.into_iter().zip(self.0)
    }
}

impl Index<Source> for Deliveries {
    type Output = u64;

    fn index(&self, source: Source) -> &u64 {
        &self.0[source as usize]
    }
}

impl IndexMut<Source> for Deliveries {
    fn index_mut(&mut self, source: Source) -> &mut u64 {
        &mut self.0[source as usize]
    }
}
