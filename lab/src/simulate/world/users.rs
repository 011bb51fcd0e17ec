//! The users: they come, wait, hold, give up, leak, panic, and give back.

use std::time::Duration;

use latebind::{ConnId, Event, Priority, Time};

use super::{Planted, World};
use crate::simulate::agenda::{End, Happening};
use crate::simulate::draw::{MICRO, MILLI};
use crate::simulate::faults::Fault;
use crate::simulate::judge::Complaint;
use crate::simulate::key::Key;
use crate::simulate::tally::Rarity;

impl World {
    /// One user comes, or a burst of them.
    pub(super) fn arrive(&mut self) -> Result<(), Complaint> {
        let (burst, before) = (self.draw.count(1, self.swarm.crowd.burst), self.users);
        for _ in 0..burst {
            if self.users < self.swarm.crowd.most {
                self.users += 1;
                self.request()?;
            }
        }
        let gap = self.swarm.crowd.gap.saturating_mul(burst.into());
        // Where nobody is let in, fewer try.
        let gap = if self.users > before { gap } else { gap.saturating_mul(8).max(MILLI / 2) };
        self.plan_around(gap, Happening::Arrival);
        Ok(())
    }

    fn request(&mut self) -> Result<(), Complaint> {
        let is_hot = self.draw.chance(self.swarm.crowd.hot);
        let key = Key(if is_hot { 0 } else { self.draw.index(self.swarm.hosts.len()) as u16 });
        let token = self.tokens;
        self.tokens += 1;
        let has_own = self.draw.chance(self.swarm.crowd.priorities);
        let priority = if has_own { self.level() } else { Priority::default() };
        let deadline = self.draw.chance(self.swarm.crowd.deadlines).then(|| self.deadline());
        self.report(Event::Request { key: &key, token, priority, deadline })
    }

    fn level(&mut self) -> Priority {
        Priority::new(self.draw.count(0, 7) as u8).unwrap_or_default()
    }

    /// Mostly soon, sometimes never, or it has passed.
    fn deadline(&mut self) -> Time {
        match self.draw.between(0, 9) {
            0 => Time::NEVER,
            1 => Time(self.now.0.saturating_sub(MICRO)),
            _ => self.now.after(self.draw.around(self.swarm.crowd.patience)),
        }
    }

    pub(super) fn waits(&mut self, token: u64) {
        if self.is_calm {
            return;
        }
        if self.draw.chance(self.swarm.crowd.impatient) {
            self.plan_around(self.swarm.crowd.patience, Happening::GivesUp(token));
        }
        if self.draw.chance(self.swarm.crowd.fickle) {
            self.plan_around(self.swarm.crowd.patience / 2, Happening::Reprioritizes(token));
        }
    }

    /// A user is done.
    pub(super) fn leave(&mut self) {
        self.users = self.users.saturating_sub(1);
    }

    pub(super) fn give_up(&mut self, token: u64) -> Result<(), Complaint> {
        let ledger = self.court.judge.ledger();
        let Some(request) = ledger.request(token) else { return Ok(()) };
        if ledger.waiting(token).is_some() {
            self.leave();
        } else {
            self.tally.note(Rarity::LostRace);
        }
        self.report(Event::Cancel { request })
    }

    pub(super) fn reprioritize(&mut self, token: u64) -> Result<(), Complaint> {
        let Some(request) = self.court.judge.ledger().waiting(token) else { return Ok(()) };
        let priority = self.level();
        self.report(Event::Reprioritize { request, priority })
    }

    /// A user has the connection, and holds it for a while.
    pub(super) fn delivered(&mut self, token: u64, id: ConnId) {
        if self.court.judge.ledger().conn(id).is_some_and(|conn| conn.leases > 1) {
            self.tally.note(Rarity::Shared);
        }
        if self.transports[id.index()].is_dead {
            self.tally.note(Rarity::DeadAtUse);
            return self.plan_around(50 * MICRO, Happening::LeaseEnds(id, End::Broken));
        }
        if self.is_calm {
            return self.plan_around(MILLI / 4, Happening::LeaseEnds(id, End::Returned));
        }
        if self.draw.chance(self.swarm.crowd.racing) {
            self.plan(Duration::ZERO, Happening::GivesUp(token));
            return self.plan(Duration::ZERO, Happening::LeaseEnds(id, End::Returned));
        }
        let breaks = self.strikes(Fault::Breaks) || self.strikes(Fault::Panics);
        let end = if breaks { End::Broken } else { End::Returned };
        let hold = self.take_time(self.swarm.crowd.hold, Fault::Leaks);
        self.plan(hold, Happening::LeaseEnds(id, end));
    }

    pub(super) fn lease_ends(&mut self, id: ConnId, end: End) -> Result<(), Complaint> {
        self.leave();
        if self.open(id).is_none() {
            // It was closed under its user's hands.
            return if self.strikes(Fault::StaleReport) {
                self.report(Event::ConnIdle { conn: id })
            } else {
                Ok(())
            };
        }
        if end == End::Broken || self.transports[id.index()].is_dead {
            return self.report(Event::ConnClosed { conn: id });
        }
        self.report(Event::ConnIdle { conn: id })?;
        let is_planted =
            self.planted == Some(Planted::ReturnedTwice) && !self.is_calm && self.draw.chance(50);
        if is_planted && self.open(id).is_some_and(|conn| conn.leases > 0) {
            return self.report(Event::ConnIdle { conn: id });
        }
        Ok(())
    }
}
