//! The second phase: nothing goes wrong any more, everything under way ends, and the pool comes to rest (I10).

use std::time::Duration;

use latebind::{ConnId, Event, Opened, Time};
use latebind_testkit::rest;

use super::{Transport, World};
use crate::simulate::agenda::{End, Happening, Plan};
use crate::simulate::draw::Draw;
use crate::simulate::faults::Faults;
use crate::simulate::judge::{Complaint, Court};
use crate::simulate::key::Key;
use crate::simulate::ledger::{Conn, Phase};
use crate::simulate::swarm::{Habits, MOST_HOSTS, Swarm};
use crate::simulate::tally::Rarity;

/// Far more steps than are left of any world.
const STEPS: usize = 1_000_000;

/// How long somebody may still wait when all goes well.
const PATIENCE: Duration = Duration::from_secs(3_600);

impl World {
    /// A world that is calm from the start, around a pool to which something has happened; one dial may never be
    /// reported.
    pub(crate) fn calm(court: Court, now: Time, swallowed: Option<ConnId>) -> Self {
        let mut draw = Draw::new(0);
        let mut swarm = Swarm::draw(&mut draw);
        let habits = swarm.hosts[0].clone();
        swarm.hosts = vec![Habits { capacity: 1, ..habits }; MOST_HOSTS];
        let mut world = Self::around(swarm, draw, court, None);
        world.now = now;
        world.know_transports();
        if let Some(id) = swallowed {
            world.transports[id.index()].is_swallowed = true;
        }
        world
    }

    fn know_transports(&mut self) {
        let conns: Vec<_> = self.court.judge.ledger().conns().map(|conn| conn.id).collect();
        for id in conns {
            let plan = Plan { number: 0, outcome: Ok(Opened::EXCLUSIVE) };
            self.put(Transport { id, plan, is_dead: false, is_swallowed: false });
        }
    }

    /// Faults stop, operators leave; then the pool must come to rest, and shut down at once.
    pub(crate) fn rest(&mut self) -> Result<(), Complaint> {
        self.calm_down();
        self.report(Event::Resume)?;
        for host in 0..self.swarm.hosts.len() {
            self.report(Event::Keep { key: &Key(host as u16), min_idle: 0 })?;
        }
        self.come_to_rest()?;
        self.now = rest::much_later(self.now);
        self.report(Event::Tick)?;
        if !rest::is_at_rest(&self.court.pool) {
            return Err(Complaint::restless(&self.court.pool, "in the end something is left"));
        }
        self.report(Event::Shutdown)?;
        self.expect_drained()
    }

    /// R21: everything under way ends, and nothing is left.
    pub(crate) fn shut_down(&mut self) -> Result<(), Complaint> {
        self.tally.note(Rarity::Shutdown);
        self.report(Event::Shutdown)?;
        let stats = self.court.pool.stats();
        if stats.waiters + stats.idle > 0 {
            return Err(Complaint::restless(&self.court.pool, "after a shutdown"));
        }
        self.calm_down();
        self.come_to_rest()?;
        self.expect_drained()
    }

    fn expect_drained(&self) -> Result<(), Complaint> {
        if self.court.pool.is_drained() && rest::is_at_rest(&self.court.pool) {
            Ok(())
        } else {
            Err(Complaint::restless(&self.court.pool, "not drained after the shutdown"))
        }
    }

    /// Nothing goes wrong any more, and all that is under way ends soon and well.
    fn calm_down(&mut self) {
        self.is_calm = true;
        self.faults = Faults::NONE;
        self.agenda.clear();
        self.armed = None;
        self.arm();
        let conns: Vec<Conn> = self.court.judge.ledger().conns().cloned().collect();
        for Conn { id, phase, leases, capacity, .. } in conns {
            match phase {
                Phase::Dialing | Phase::Stopping => self.dial_ends_well(id),
                Phase::Checking => self.plan(Duration::ZERO, Happening::CheckEnds(id, true)),
                Phase::Closing => self.plan(Duration::ZERO, Happening::Closed(id)),
                _ => {}
            }
            for _ in 0..leases {
                self.plan(Duration::ZERO, Happening::LeaseEnds(id, End::Returned));
            }
            if capacity == 0 && phase == Phase::Open {
                self.plan(Duration::ZERO, Happening::CapacityChanges(id));
            }
        }
    }

    fn dial_ends_well(&mut self, id: ConnId) {
        let plan = &mut self.transports[id.index()].plan;
        *plan = Plan { number: plan.number + 1, outcome: Ok(Opened::EXCLUSIVE) };
        let number = plan.number;
        self.plan(Duration::ZERO, Happening::DialEnds(id, number));
    }

    fn come_to_rest(&mut self) -> Result<(), Complaint> {
        let until = self.now.after(PATIENCE);
        for _ in 0..STEPS {
            if let Some((at, happening)) = self.agenda.take_next() {
                self.now = self.now.max(at);
                if self.now > until && self.court.pool.stats().waiters > 0 {
                    return Err(Complaint::restless(
                        &self.court.pool,
                        "somebody waits, and nothing goes wrong",
                    ));
                }
                self.happen(happening)?;
            } else if let Some(conn) = self.parked_conn() {
                // A waiter may need the room of another host's.
                self.report(Event::ConnClosed { conn })?;
            } else {
                return Ok(());
            }
        }
        Err(Complaint::restless(&self.court.pool, "it goes on and on"))
    }

    fn parked_conn(&self) -> Option<ConnId> {
        let mut conns = self.court.judge.ledger().conns();
        conns.find(|conn| conn.phase == Phase::Parked).map(|conn| conn.id)
    }
}
