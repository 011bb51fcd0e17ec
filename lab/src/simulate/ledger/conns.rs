//! The connections of the ledger, with counts that are kept beside them.

use latebind::{ConnId, Time};

use crate::simulate::key::Key;

/// How far a connection has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Phase {
    /// A dial in progress.
    Dialing,
    /// A dial that was told to stop.
    Stopping,
    /// Open, and neither parked nor under check.
    Open,
    /// Parked.
    Parked,
    /// Under check.
    Checking,
    /// Told to close.
    Closing,
    /// It has ended.
    Gone,
}

/// What a connection counts as: the gauges of [`Stats`](latebind::Stats).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Dials, told to stop or not.
    Dialing,
    /// On lease.
    Leased,
    /// Parked.
    Idle,
    /// Under check.
    Checking,
    /// None of the others, and open.
    Dormant,
    /// Told to close.
    Closing,
}

/// A connection, from the start of its dial on.
#[derive(Clone, Debug)]
pub struct Conn {
    /// Its id.
    pub id: ConnId,
    /// What it leads to.
    pub key: Key,
    /// How far it has come.
    pub phase: Phase,
    /// Leases that it can carry.
    pub capacity: u32,
    /// Leases that it carries.
    pub leases: u32,
    /// It may not be delivered or parked any more.
    pub is_condemned: bool,
    /// When it was parked last.
    pub parked_at: Time,
}

impl Conn {
    fn kind(&self) -> Option<Kind> {
        Some(match self.phase {
            Phase::Dialing | Phase::Stopping => Kind::Dialing,
            Phase::Open if self.leases > 0 => Kind::Leased,
            Phase::Open => Kind::Dormant,
            Phase::Parked => Kind::Idle,
            Phase::Checking => Kind::Checking,
            Phase::Closing => Kind::Closing,
            Phase::Gone => return None,
        })
    }

    /// Whether it was dialed, and was not told to close.
    pub fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Open | Phase::Parked | Phase::Checking)
    }

    /// Whether its dial has not been reported.
    pub fn is_dial(&self) -> bool {
        matches!(self.phase, Phase::Dialing | Phase::Stopping)
    }
}

type Counts = [u32; 6];

/// Connections by index, and how many there are of each kind.
#[derive(Clone, Default, Debug)]
pub(super) struct Conns {
    table: Vec<Conn>,
    counts: Counts,
    of_keys: Vec<Counts>,
    /// Dials of each key that were not told to stop.
    running: Vec<u32>,
    /// Of this step: those that were changed.
    touched: Vec<usize>,
}

impl Conns {
    pub(super) fn get(&self, id: ConnId) -> Option<&Conn> {
        self.table.get(id.index()).filter(|conn| conn.id == id)
    }

    /// Whether the pool has issued the id, now or before.
    pub(super) fn was_issued(&self, id: ConnId) -> bool {
        self.table.get(id.index()).is_some_and(|conn| conn.id.generation() >= id.generation())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Conn> {
        self.table.iter()
    }

    pub(super) fn any(&self, pick: usize) -> Option<&Conn> {
        self.table.get(pick.checked_rem(self.table.len())?)
    }

    /// Takes a new dial in; tells whether its place was free.
    pub(super) fn start(&mut self, id: ConnId, key: Key) -> bool {
        let index = id.index();
        let conn = Conn {
            id,
            key,
            phase: Phase::Gone,
            capacity: 0,
            leases: 0,
            is_condemned: false,
            parked_at: Time::ZERO,
        };
        if index == self.table.len() {
            self.table.push(conn);
        } else {
            let place = self.table.get_mut(index).filter(|place| place.phase == Phase::Gone);
            let Some(place) = place.filter(|place| place.id.generation() < id.generation()) else {
                return false;
            };
            *place = conn;
        }
        if self.of_keys.len() <= key.index() {
            self.of_keys.resize(key.index() + 1, [0; 6]);
            self.running.resize(key.index() + 1, 0);
        }
        self.change(index, |conn| conn.phase = Phase::Dialing);
        true
    }

    /// Changes one, and the counts with it.
    pub(super) fn change(&mut self, index: usize, change: impl FnOnce(&mut Conn)) {
        let conn = &mut self.table[index];
        let (kind, ran) = (conn.kind(), conn.phase == Phase::Dialing);
        change(conn);
        let (key, now, runs) = (conn.key.index(), conn.kind(), conn.phase == Phase::Dialing);
        if let Some(kind) = kind {
            self.counts[kind as usize] -= 1;
            self.of_keys[key][kind as usize] -= 1;
        }
        if let Some(kind) = now {
            self.counts[kind as usize] += 1;
            self.of_keys[key][kind as usize] += 1;
        }
        self.running[key] = self.running[key] + u32::from(runs) - u32::from(ran);
        self.touched.push(index);
    }

    /// One of those changed in this step that can serve nobody any more, and was not told to end.
    pub(super) fn condemned_and_free(&mut self) -> Option<ConnId> {
        let table = &self.table;
        let waits = |conn: &Conn| match conn.phase {
            Phase::Dialing | Phase::Parked | Phase::Checking => true,
            Phase::Open => conn.leases == 0,
            _ => false,
        };
        let mut changed = self.touched.drain(..).map(|index| &table[index]);
        changed.find(|conn| conn.is_condemned && waits(conn)).map(|conn| conn.id)
    }

    pub(super) fn len(&self) -> usize {
        self.table.len()
    }

    pub(super) fn at(&self, index: usize) -> &Conn {
        &self.table[index]
    }

    /// The key of a connection that the ledger knows.
    pub(super) fn key_of(&self, id: ConnId) -> Key {
        self.table[id.index()].key
    }

    pub(super) fn gauges(&self) -> Counts {
        self.counts
    }

    pub(super) fn count(&self, kind: Kind) -> u32 {
        self.counts[kind as usize]
    }

    pub(super) fn count_of(&self, key: Key, kind: Kind) -> u32 {
        self.of_keys[key.index()][kind as usize]
    }

    pub(super) fn total(&self) -> u32 {
        self.counts.iter().sum()
    }

    pub(super) fn total_of(&self, key: Key) -> u32 {
        self.of_keys.get(key.index()).map_or(0, |counts| counts.iter().sum())
    }

    pub(super) fn running_dials(&self, key: Key) -> u32 {
        self.running.get(key.index()).copied().unwrap_or(0)
    }
}
