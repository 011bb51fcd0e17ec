//! A world: a pool with its driver, hosts, users and operators, in virtual time.
//!
//! Everything that happens is drawn from the seed, and nothing else is asked: no clock, no thread.

mod driver;
mod hosts;
mod mischief;
mod operators;
mod rest;
mod users;

use std::time::Duration;

use latebind::{Action, ConnId, Event, Misuse, Time};

use super::agenda::{Agenda, Happening, Plan};
use super::draw::Draw;
use super::faults::{Fault, Faults};
use super::judge::{Complaint, Court, Watch};
use super::key::Key;
use super::swarm::{Ending, Swarm};
use super::tally::Tally;

/// A fault that is planted into the driver, so that the search is tested: it must be found.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum Planted {
    /// Some dials are never reported
    SwallowedDial,
    /// Some connections are given back a second time, when somebody else has them
    ReturnedTwice,
}

impl Planted {
    /// What the command line calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::SwallowedDial => "swallowed-dial",
            Self::ReturnedTwice => "returned-twice",
        }
    }
}

/// How worlds are run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Manner {
    /// Whether small worlds are compared with the model; large ones never are.
    pub with_model: bool,
    /// A fault planted into the driver.
    pub planted: Option<Planted>,
    /// The phase with faults ends after so many events at most.
    pub most_events: u64,
}

/// What the driver knows of a connection, beside the ledger.
#[derive(Clone, Copy, Debug)]
struct Transport {
    id: ConnId,
    /// How its dial ends.
    plan: Plan,
    /// Its peer has gone, and nobody has noticed.
    is_dead: bool,
    /// Its dial is never reported (planted).
    is_swallowed: bool,
}

/// A world in progress.
#[derive(Debug)]
pub struct World {
    swarm: Swarm,
    draw: Draw,
    faults: Faults,
    now: Time,
    court: Court,
    agenda: Agenda,
    transports: Vec<Transport>,
    /// Until when each host is down.
    down_until: Vec<Time>,
    /// The deadline that the timer is armed for, and which timer it is.
    armed: Option<Time>,
    timer: u64,
    users: u32,
    tokens: u64,
    /// The second phase, in which all goes well.
    is_calm: bool,
    planted: Option<Planted>,
    /// Whether a dial was never reported (planted).
    has_debts: bool,
    tally: Tally,
    actions: Vec<Action>,
}

impl World {
    /// The world of a seed.
    pub fn new(seed: u64, manner: Manner, records: bool) -> Self {
        let mut draw = Draw::new(seed);
        let mut swarm = Swarm::draw(&mut draw);
        swarm.events = swarm.events.min(manner.most_events);
        let watch = match (swarm.is_large, manner.with_model) {
            (true, _) => Watch::Invariants(2_000),
            (false, true) => Watch::Model,
            (false, false) => Watch::Invariants(1),
        };
        let court = Court::new(&swarm.config, watch, records);
        Self::around(swarm, draw, court, manner.planted)
    }

    fn around(swarm: Swarm, draw: Draw, court: Court, planted: Option<Planted>) -> Self {
        let hosts = swarm.hosts.len();
        Self {
            faults: swarm.faults.clone(),
            draw,
            now: Time::ZERO,
            court,
            agenda: Agenda::default(),
            transports: Vec::new(),
            down_until: vec![Time::ZERO; hosts],
            armed: None,
            timer: 0,
            users: 0,
            tokens: 0,
            is_calm: false,
            planted,
            has_debts: false,
            tally: Tally::default(),
            actions: Vec::new(),
            swarm,
        }
    }

    /// Runs to the end: a phase with faults, then one without (I10), then a shutdown (R21).
    ///
    /// # Errors
    ///
    /// The first complaint.
    pub fn run(&mut self) -> Result<(), Complaint> {
        self.begin();
        // Users that find no place tell no event.
        for _ in 0..self.swarm.events.saturating_mul(8) {
            if self.tally.events >= self.swarm.events {
                break;
            }
            let Some((at, happening)) = self.agenda.take_next() else { break };
            self.now = self.now.max(at);
            self.happen(happening)?;
        }
        match self.swarm.ending {
            Ending::Rest => self.rest(),
            Ending::Shutdown => self.shut_down(),
        }
    }

    fn begin(&mut self) {
        self.plan(Duration::ZERO, Happening::Arrival);
        if !self.swarm.operations.is_empty() {
            self.plan_around(self.swarm.operation_gap, Happening::Operation);
        }
        if self.swarm.config.start_paused.is_some() {
            self.plan_around(self.swarm.operation_gap, Happening::Resume);
        }
        if self.faults.rate(Fault::Misuse) > 0 || self.faults.rate(Fault::StaleReport) > 0 {
            self.plan_around(self.swarm.mischief_gap, Happening::Mischief);
        }
        if self.faults.rate(Fault::Outage) > 0 {
            self.plan_outage();
        }
    }

    fn happen(&mut self, happening: Happening) -> Result<(), Complaint> {
        match happening {
            Happening::Arrival => self.arrive(),
            Happening::GivesUp(token) => self.give_up(token),
            Happening::Reprioritizes(token) => self.reprioritize(token),
            Happening::DialEnds(conn, number) => self.dial_ends(conn, number),
            Happening::CheckEnds(conn, alive) => self.check_ends(conn, alive),
            Happening::LeaseEnds(conn, end) => self.lease_ends(conn, end),
            Happening::Closed(conn) => self.closed(conn),
            Happening::PeerCloses(conn, is_watched) => self.peer_closes(conn, is_watched),
            Happening::Goaway(conn) => self.goaway(conn),
            Happening::CapacityChanges(conn) => self.capacity_changes(conn),
            Happening::Outage(key) => self.outage(key),
            Happening::Operation => self.operate(),
            Happening::Resume => self.report(Event::Resume),
            Happening::Mischief => self.mischief(),
            Happening::Tick(timer) => self.tick(timer),
        }
    }

    fn plan(&mut self, after: Duration, happening: Happening) {
        self.agenda.plan(self.now.after(after), happening);
    }

    fn plan_around(&mut self, mean: u64, happening: Happening) {
        let after = self.draw.around(mean);
        self.plan(after, happening);
    }

    /// Whether the fault strikes now.
    fn strikes(&mut self, fault: Fault) -> bool {
        let strikes = self.draw.chance(self.faults.rate(fault));
        if strikes {
            self.tally.strike(fault);
        }
        strikes
    }

    /// Tells the pool what is true.
    fn report(&mut self, event: Event<'_, Key>) -> Result<(), Complaint> {
        self.tell(event)?.map_err(Complaint::refused)
    }

    /// Tells the pool anything, and carries out what it wants.
    fn tell(&mut self, event: Event<'_, Key>) -> Result<Result<(), Misuse>, Complaint> {
        let mut at = self.now;
        if self.strikes(Fault::ClockBack) {
            let back = self.draw.around(1_000_000);
            at = Time(self.now.0.saturating_sub(back.as_nanos() as u64));
        }
        let answer = self.court.tell(at, event)?;
        self.tally.step(&event, answer);
        self.actions.clear();
        self.actions.extend_from_slice(answer.unwrap_or_default());
        let result = answer.map(|_| ());
        self.carry_out();
        self.arm();
        Ok(result)
    }

    /// What was told so far, if it was recorded.
    pub fn take_run(&mut self) -> Option<latebind_testkit::Run<Key>> {
        self.court.run.take()
    }

    /// What was drawn.
    pub fn swarm(&self) -> &Swarm {
        &self.swarm
    }

    /// Whether the driver has failed to report a dial (planted).
    pub fn has_debts(&self) -> bool {
        self.has_debts
    }

    /// What was met so far.
    pub fn tally(&self) -> Tally {
        let mut tally = self.tally.clone();
        tally.end(&self.court.pool.stats().counters, self.swarm.is_large, self.now.0 / 1_000_000);
        tally
    }
}
