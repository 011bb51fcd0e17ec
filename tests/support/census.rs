//! Who is there: the choice that generated runs have.

use latebind::{ConnId, Event, Priority, RequestId, Time};

use super::ledger::{Conn, Life, Stage};
use super::{Key, Rig};

impl Rig {
    /// Whether long leases are reported (R22), also in a pool that shuts down.
    pub(crate) fn warns_of_leases(&self) -> bool {
        self.ledger.config.lease_warn_after.is_some()
    }

    /// The latest time that was told.
    pub(crate) fn now(&self) -> Time {
        self.now.max(self.ledger.now)
    }

    fn conns(&self, fit: impl Fn(&Conn) -> bool) -> Vec<ConnId> {
        self.ledger.conns.iter().filter(|(_, conn)| fit(conn)).map(|(&id, _)| id).collect()
    }

    pub(crate) fn dials(&self) -> Vec<ConnId> {
        self.conns(|conn| conn.life == Life::Dialing)
    }

    pub(crate) fn leases(&self) -> Vec<ConnId> {
        self.conns(|conn| conn.leases > 0)
    }

    pub(crate) fn parked(&self) -> Vec<ConnId> {
        self.conns(|conn| conn.life == Life::Parked)
    }

    pub(crate) fn checking(&self) -> Vec<ConnId> {
        self.conns(|conn| conn.life == Life::Checking)
    }

    pub(crate) fn closing(&self) -> Vec<ConnId> {
        self.conns(|conn| conn.life == Life::Closing)
    }

    /// Those that wait for their peer to give them capacity.
    pub(crate) fn dormant(&self) -> Vec<ConnId> {
        self.conns(|conn| conn.life == Life::Open && conn.leases == 0)
    }

    /// All that are open or closing.
    pub(crate) fn open(&self) -> Vec<ConnId> {
        self.conns(|conn| conn.life != Life::Dialing)
    }

    pub(crate) fn conns_ever(&self) -> Vec<ConnId> {
        self.ledger.names.keys().copied().collect()
    }

    pub(crate) fn waiters(&self) -> Vec<RequestId> {
        let waiting = self.ledger.wishes.iter().filter(|wish| wish.stage == Stage::Waiting);
        waiting.filter_map(|wish| wish.id).collect()
    }

    pub(crate) fn requests_ever(&self) -> Vec<RequestId> {
        self.ledger.tokens.keys().copied().collect()
    }

    /// A request of a generated run.
    pub(crate) fn attempt_request(
        &mut self,
        name: &str,
        key: Key,
        priority: Priority,
        deadline: Option<Time>,
    ) -> Result<(), String> {
        let token = self.ledger.wish(name, key, priority, deadline);
        self.attempt(Event::Request { key: &key, token, priority, deadline }).map(drop)
    }
}
