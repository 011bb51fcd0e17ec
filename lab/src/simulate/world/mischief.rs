//! Reports that are not true, or not news: the pool must refuse them, or take no notice. The ledger tells which.

use latebind::{ConnId, DialError, Event, Opened, Priority, RequestId};

use super::World;
use crate::simulate::agenda::Happening;
use crate::simulate::faults::Fault;
use crate::simulate::judge::Complaint;
use crate::simulate::key::Key;
use crate::simulate::ledger::{Conn, Phase};

impl World {
    pub(super) fn mischief(&mut self) -> Result<(), Complaint> {
        self.plan_around(self.swarm.mischief_gap, Happening::Mischief);
        let event = if self.draw.chance(150) { self.of_nobody() } else { self.of_somebody() };
        let Some(event) = event else { return Ok(()) };
        let result = self.tell(event)?;
        self.tally.strike(if result.is_err() { Fault::Misuse } else { Fault::StaleReport });
        Ok(())
    }

    /// Of a connection or a request that the pool has never named.
    fn of_nobody(&mut self) -> Option<Event<'static, Key>> {
        let (index, generation) = (self.draw.count(0, 5), 0xFFFF_0000 + self.draw.count(0, 5));
        let conn = ConnId::from_parts(index, generation)?;
        let request = RequestId::from_parts(index, generation)?;
        Some(match self.draw.between(0, 3) {
            0 => Event::Cancel { request },
            1 => Event::Reprioritize { request, priority: Priority::HIGHEST },
            2 => Event::ConnIdle { conn },
            _ => Event::DialDone { conn, outcome: Ok(Opened::EXCLUSIVE) },
        })
    }

    /// Of a connection that there is, or was: what a pool must be able to tell from the truth.
    fn of_somebody(&mut self) -> Option<Event<'static, Key>> {
        let pick = self.draw.any() as usize;
        let found = self.court.judge.ledger().any_conn(pick)?;
        let Conn { id: conn, leases, phase, .. } = *found;
        let (is_dial, is_open) = (found.is_dial(), found.is_open());
        let kind = self.draw.between(0, 4);
        match kind {
            0 if !is_open || leases == 0 => Some(Event::ConnIdle { conn }),
            1 if phase != Phase::Checking => Some(Event::CheckDone { conn, alive: self.draw.chance(500) }),
            2 if !is_dial => {
                let failed = self.draw.chance(500);
                let outcome = if failed { Err(DialError::Fatal) } else { Ok(Opened::EXCLUSIVE) };
                Some(Event::DialDone { conn, outcome })
            }
            3 if !is_open => Some(Event::Capacity { conn, capacity: self.draw.count(0, 3) }),
            4 if !is_open && phase != Phase::Closing => Some(if self.draw.chance(500) {
                Event::Draining { conn }
            } else {
                Event::ConnClosed { conn }
            }),
            _ => None,
        }
    }
}
