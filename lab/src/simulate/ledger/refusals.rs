//! What must be refused (R24).

use latebind::{ConnId, Event, Misuse, Pool};

use super::conns::{Conn, Phase};
use super::{Key, Ledger};

impl Ledger {
    /// The misuse that the event is, as far as the accounts tell.
    pub(super) fn refusal(&self, event: &Event<'_, Key>) -> Option<Misuse> {
        match *event {
            Event::Cancel { request } | Event::Reprioritize { request, .. } => {
                (!self.requests.was_issued(request)).then_some(Misuse::UnknownRequest(request))
            }
            Event::DialDone { conn, .. } => self.unless(conn, |conn| !conn.is_open(), Misuse::NotDialing),
            Event::ConnIdle { conn } => {
                self.unless_open(conn, |conn| !conn.is_open() || conn.leases > 0, Misuse::NotLeased)
            }
            Event::CheckDone { conn, .. } => self.unless_open(
                conn,
                |conn| !conn.is_open() || conn.phase == Phase::Checking,
                Misuse::NotChecking,
            ),
            Event::ConnClosed { conn } | Event::Capacity { conn, .. } | Event::Draining { conn } => {
                self.unless_open(conn, |_| true, Misuse::StillDialing)
            }
            Event::Reconfigure { config } => Pool::<Key>::new(config.clone()).err().map(Misuse::Config),
            _ => None,
        }
    }

    fn unless(&self, id: ConnId, fits: fn(&Conn) -> bool, misuse: fn(ConnId) -> Misuse) -> Option<Misuse> {
        if !self.conns.was_issued(id) {
            return Some(Misuse::UnknownConnection(id));
        }
        let conn = self.conns.get(id).filter(|conn| conn.phase != Phase::Gone)?;
        (!fits(conn)).then(|| misuse(id))
    }

    fn unless_open(
        &self,
        id: ConnId,
        fits: fn(&Conn) -> bool,
        misuse: fn(ConnId) -> Misuse,
    ) -> Option<Misuse> {
        let still_dialing = self.unless(id, |conn| !conn.is_dial(), Misuse::StillDialing);
        still_dialing.or_else(|| self.unless(id, fits, misuse))
    }
}
