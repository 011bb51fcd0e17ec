//! The hosts: how dials and checks end, and what becomes of connections.

use std::time::Duration;

use latebind::{ConnId, DialError, Event, Opened};

use super::World;
use crate::simulate::agenda::Happening;
use crate::simulate::draw::{MICRO, MILLI};
use crate::simulate::faults::Fault;
use crate::simulate::judge::Complaint;
use crate::simulate::key::Key;
use crate::simulate::ledger::{Conn, Phase};
use crate::simulate::tally::Rarity;

impl World {
    /// What comes of a dial, and after how long.
    pub(super) fn answer_of(&mut self, key: Key) -> (Duration, Result<Opened, DialError>) {
        let habits = self.swarm.hosts[key.index()].clone();
        let opened = Ok(Opened { capacity: habits.capacity });
        if self.is_calm {
            return (self.draw.around(MILLI / 2), opened);
        }
        let after = self.draw.around(habits.latency);
        let hung = Duration::from_nanos(self.draw.scale(200 * MILLI, 10_000 * MILLI));
        if self.down_until[key.index()] > self.now {
            let is_silent = self.draw.chance(500);
            return (if is_silent { hung } else { after }, Err(DialError::Transient));
        }
        if self.strikes(Fault::DialHangs) {
            let comes = self.draw.chance(500);
            return (hung, if comes { opened } else { Err(DialError::Transient) });
        }
        if self.strikes(Fault::DialRefused) {
            return (after, Err(DialError::Transient));
        }
        if self.strikes(Fault::DialFatal) {
            return (after, Err(DialError::Fatal));
        }
        if habits.capacity > 1 && self.strikes(Fault::CapacityZero) {
            return (after, Ok(Opened { capacity: 0 }));
        }
        (after, opened)
    }

    /// A connection is open from now on.
    pub(super) fn opened(&mut self, id: ConnId, capacity: u32) {
        let Some(life) = self.habits(id).map(|habits| habits.life) else { return };
        if self.strikes(Fault::Goaway) {
            self.plan_around(life, Happening::Goaway(id));
        }
        if capacity == 0 || self.strikes(Fault::CapacityChanges) {
            self.plan_around(life, Happening::CapacityChanges(id));
        }
    }

    fn habits(&self, id: ConnId) -> Option<&crate::simulate::swarm::Habits> {
        let conn = self.court.judge.ledger().conn(id)?;
        self.swarm.hosts.get(conn.key.index())
    }

    pub(super) fn open(&self, id: ConnId) -> Option<&Conn> {
        self.court.judge.ledger().conn(id).filter(|conn| conn.is_open())
    }

    pub(super) fn check(&mut self, id: ConnId) {
        let config = self.court.judge.ledger().config();
        let parked_for = self.court.judge.ledger().parked_for(id);
        if config.check_after_idle > parked_for {
            self.tally.note(Rarity::Suspect);
        }
        let mean = self.habits(id).map_or(MICRO, |habits| habits.check);
        let mut alive = !self.transports[id.index()].is_dead;
        alive &= !self.strikes(Fault::CheckFails);
        let after = self.take_time(mean, Fault::CheckHangs);
        self.plan(after, Happening::CheckEnds(id, alive));
    }

    pub(super) fn check_ends(&mut self, id: ConnId, alive: bool) -> Result<(), Complaint> {
        // Too late: the check has timed out, or the connection has ended.
        let is_news = self.open(id).is_some_and(|conn| conn.phase == Phase::Checking);
        if is_news || self.strikes(Fault::StaleReport) {
            self.report(Event::CheckDone { conn: id, alive })
        } else {
            Ok(())
        }
    }

    /// A parked connection: its peer may close it.
    pub(super) fn parked(&mut self, id: ConnId) {
        let Some(life) = self.habits(id).map(|habits| habits.life) else { return };
        for (fault, is_watched) in [(Fault::PeerCloses, true), (Fault::HalfClosed, false)] {
            if self.strikes(fault) {
                self.plan_around(life, Happening::PeerCloses(id, is_watched));
            }
        }
    }

    pub(super) fn peer_closes(&mut self, id: ConnId, is_watched: bool) -> Result<(), Complaint> {
        let Some(conn) = self.open(id) else { return Ok(()) };
        if is_watched && conn.leases == 0 {
            return self.report(Event::ConnClosed { conn: id });
        }
        self.transports[id.index()].is_dead = true;
        Ok(())
    }

    pub(super) fn goaway(&mut self, id: ConnId) -> Result<(), Complaint> {
        match self.open(id).map(|conn| conn.leases > 0) {
            Some(in_use) => {
                if in_use {
                    self.tally.note(Rarity::DrainedInUse);
                }
                self.report(Event::Draining { conn: id })
            }
            None if self.strikes(Fault::StaleReport) => self.report(Event::Draining { conn: id }),
            None => Ok(()),
        }
    }

    pub(super) fn capacity_changes(&mut self, id: ConnId) -> Result<(), Complaint> {
        let Some(conn) = self.open(id) else { return Ok(()) };
        let (was, key) = (conn.capacity, conn.key);
        let habits = self.swarm.hosts[key.index()].clone();
        let is_zero = was > 0 && self.strikes(Fault::CapacityZero);
        let capacity = if is_zero { 0 } else { self.draw.count(1, habits.capacity) };
        if was == 0 {
            self.tally.note(Rarity::CapacityBack);
        }
        self.report(Event::Capacity { conn: id, capacity })?;
        if is_zero || self.strikes(Fault::CapacityChanges) {
            self.plan_around(habits.life, Happening::CapacityChanges(id));
        }
        Ok(())
    }

    pub(super) fn plan_outage(&mut self) {
        let key = Key(self.draw.index(self.swarm.hosts.len()) as u16);
        let after = self.draw.scale(10 * MILLI, 500 * MILLI);
        self.plan(Duration::from_nanos(after), Happening::Outage(key));
    }

    /// A host is down for a while: its open connections are lost, with notice or without.
    pub(super) fn outage(&mut self, key: Key) -> Result<(), Complaint> {
        if self.strikes(Fault::Outage) {
            let lasts = self.draw.scale(MILLI, 200 * MILLI);
            self.down_until[key.index()] = self.now.after(Duration::from_nanos(lasts));
            let of_host = |conn: &&Conn| conn.key == key && conn.is_open();
            let conns: Vec<_> =
                self.court.judge.ledger().conns().filter(of_host).map(|conn| conn.id).collect();
            for id in conns {
                let is_noticed = self.draw.chance(300);
                self.peer_closes(id, is_noticed)?;
            }
        }
        self.plan_outage();
        Ok(())
    }
}
