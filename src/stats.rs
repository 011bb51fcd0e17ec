//! What a pool holds at the moment.

use core::fmt;

/// Gauges of a pool or of one key of it: read off the pool's own lists, so they cannot drift.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
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
    /// Connections on lease to nobody that can take no lease for the moment: their peer set their capacity to 0
    /// (R18).
    pub dormant: u32,
    /// Connections that were told to close and are not reported as closed yet.
    pub closing: u32,
    /// Known keys; of one key: 1.
    pub keys: u32,
}

impl Stats {
    /// All that count against the limits: dialing, open and closing (R8, R9).
    pub fn connections(&self) -> u32 {
        self.dialing + self.leased + self.idle + self.dormant + self.closing
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
        if self.dormant > 0 { write!(f, ", {} without capacity", self.dormant) } else { Ok(()) }
    }
}
