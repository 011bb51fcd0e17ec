//! The state of one connection, as an adapter would tell it: for the tables of docs/STATES.md.

use latebind::{ConnId, Event};

use super::ledger::{Conn, Life};
use super::{Key, Rig, Step};

impl Rig {
    /// The state of the connection in the words of docs/STATES.md.
    pub(crate) fn state_of(&self, id: ConnId) -> &'static str {
        match self.ledger.conns.get(&id) {
            None if self.ledger.names.contains_key(&id) => "ended",
            None => "never issued",
            Some(conn) => self.state(conn),
        }
    }

    fn state(&self, conn: &Conn) -> &'static str {
        match conn.life {
            Life::Dialing if conn.stopped => "stopping",
            Life::Dialing => "dialing",
            Life::Parked if conn.uses == 0 => "fresh",
            Life::Parked => "used",
            Life::Checking if conn.probing => "probing",
            Life::Checking => "checking",
            Life::Closing => "closing",
            Life::Open if conn.leases == 0 => "dormant",
            Life::Open if conn.draining || conn.cleared || self.ledger.shutdown => "leaving",
            Life::Open if conn.capacity == 0 => "hollow",
            Life::Open if conn.leases < conn.capacity => "roomy",
            Life::Open => "busy",
        }
    }

    /// Whether the event is a lost race (R24).
    pub(crate) fn is_lost(&self, event: &Event<'_, Key>) -> bool {
        self.ledger.is_lost(event)
    }
}

impl Step<'_> {
    pub(crate) fn is_refused(&self) -> bool {
        self.refused.is_some()
    }

    /// What is done with the connection, in the words of docs/STATES.md, and whether a dial starts.
    pub(crate) fn deeds(&self, name: &str) -> Vec<&'static str> {
        let deed = |words: &String| {
            let words: Vec<&str> = words.split([' ', ':']).collect();
            let named = words.contains(&name);
            match words[0] {
                "dial" => Some("dial"),
                _ if !named => None,
                _ if words.contains(&"gets") => Some("deliver"),
                "park" => Some("park"),
                "close" => Some("close"),
                "stop" => Some("stop"),
                "overdue" => Some("overdue"),
                _ => Some("?"),
            }
        };
        self.got.iter().filter_map(deed).collect()
    }
}
