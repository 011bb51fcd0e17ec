//! The driver: carries the pool's actions out, honestly but in its own time.

use std::time::Duration;

use latebind::{Action, ConnId, DialError, Event, Opened};

use super::{Planted, Transport, World};
use crate::simulate::agenda::{Happening, Plan};
use crate::simulate::draw::{MICRO, MILLI};
use crate::simulate::faults::Fault;
use crate::simulate::judge::Complaint;
use crate::simulate::ledger::Phase;
use crate::simulate::tally::Rarity;

impl World {
    pub(super) fn carry_out(&mut self) {
        for place in 0..self.actions.len() {
            match self.actions[place] {
                Action::Deliver { token, conn, .. } => self.delivered(token, conn),
                Action::Wait { token, .. } => self.waits(token),
                Action::Fail { .. } => self.leave(),
                Action::StartDial { conn } => self.dial(conn),
                Action::CancelDial { conn } => self.stop_dial(conn),
                Action::Check { conn } => self.check(conn),
                Action::Park { conn } => self.parked(conn),
                Action::Close { conn, .. } => self.close(conn),
                _ => {}
            }
        }
    }

    /// One timer, for the pool's deadline; it may ring late.
    pub(super) fn arm(&mut self) {
        let deadline = self.court.pool.deadline();
        if self.armed == deadline {
            return;
        }
        self.armed = deadline;
        self.timer += 1;
        if let Some(deadline) = deadline {
            let late =
                if self.strikes(Fault::LateTick) { self.draw.around(5 * MILLI) } else { Duration::ZERO };
            self.agenda.plan(deadline.max(self.now).after(late), Happening::Tick(self.timer));
        }
    }

    pub(super) fn tick(&mut self, timer: u64) -> Result<(), Complaint> {
        if timer != self.timer {
            return Ok(());
        }
        self.armed = None;
        self.report(Event::Tick)
    }

    fn dial(&mut self, id: ConnId) {
        let Some(&key) = self.court.pool.key(id) else { return };
        self.note_backup(key);
        let (after, outcome) = self.answer_of(key);
        let mut transport =
            Transport { id, plan: Plan { number: 0, outcome }, is_dead: false, is_swallowed: false };
        if self.planted == Some(Planted::SwallowedDial) && !self.is_calm && self.draw.chance(20) {
            transport.is_swallowed = true;
            self.has_debts = true;
        }
        self.put(transport);
        self.plan(after, Happening::DialEnds(id, 0));
    }

    /// R13: the only dial that starts beside cover, where no floor and no preconnect was ever wanted.
    fn note_backup(&mut self, key: crate::simulate::key::Key) {
        let (dials, waiters) = self.court.judge.ledger().dials_and_waiters(key);
        let is_on = self.court.judge.ledger().config().backup_dial_after.is_some();
        if is_on && dials > waiters && !self.has_floors() {
            self.tally.note(Rarity::Backup);
        }
    }

    pub(super) fn put(&mut self, transport: Transport) {
        let index = transport.id.index();
        if index >= self.transports.len() {
            self.transports.resize(index + 1, transport);
        }
        self.transports[index] = transport;
    }

    /// A dial that was told to stop: it fails soon, or late, or was too far along to be stopped.
    fn stop_dial(&mut self, id: ConnId) {
        if self.strikes(Fault::StoppedDialSucceeds) {
            return;
        }
        let after = self.take_time(200 * MICRO, Fault::LateReport);
        let error = if self.draw.chance(50) { DialError::Fatal } else { DialError::Transient };
        let transport = &mut self.transports[id.index()];
        transport.plan = Plan { number: transport.plan.number + 1, outcome: Err(error) };
        let number = transport.plan.number;
        self.plan(after, Happening::DialEnds(id, number));
    }

    pub(super) fn dial_ends(&mut self, id: ConnId, number: u32) -> Result<(), Complaint> {
        let Transport { id: known, plan, is_swallowed, .. } = self.transports[id.index()];
        if known != id || plan.number != number || is_swallowed {
            return Ok(());
        }
        if let Some(conn) = self.court.judge.ledger().conn(id)
            && plan.outcome.is_ok()
            && conn.phase == Phase::Stopping
        {
            let rarity = if conn.is_condemned { Rarity::ClearedDialCame } else { Rarity::StoppedDialCame };
            self.tally.note(rarity);
        }
        self.report(Event::DialDone { conn: id, outcome: plan.outcome })?;
        if let Ok(Opened { capacity }) = plan.outcome {
            self.opened(id, capacity);
        }
        Ok(())
    }

    fn close(&mut self, id: ConnId) {
        if self.court.judge.ledger().conn(id).is_some_and(|conn| conn.leases > 0) {
            self.tally.note(Rarity::Interrupted);
        }
        let after = self.take_time(300 * MICRO, Fault::SlowClose);
        self.plan(after, Happening::Closed(id));
    }

    pub(super) fn closed(&mut self, id: ConnId) -> Result<(), Complaint> {
        let is_closing =
            |conn: &&_| matches!(conn, &&crate::simulate::ledger::Conn { phase: Phase::Closing, .. });
        match self.court.judge.ledger().conn(id).filter(is_closing) {
            Some(_) => self.report(Event::ConnClosed { conn: id }),
            None => Ok(()),
        }
    }

    /// How long the driver takes for something: a little, or very long.
    pub(super) fn take_time(&mut self, mean: u64, slow: Fault) -> Duration {
        if self.strikes(slow) {
            Duration::from_nanos(self.draw.scale(20 * MILLI, 2_000 * MILLI))
        } else {
            self.draw.around(mean)
        }
    }
}
