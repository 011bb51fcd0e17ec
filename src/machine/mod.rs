//! The rules: a state machine over indices, which knows no key by name.
//!
//! Every event is one method here or in a module below; each has the three parts of a step: time passes
//! ([`expiry`]), the event has its effect, and the pool settles ([`settle`]).

mod check;
mod clear;
mod conn;
mod dial;
mod expiry;
mod filing;
mod floor;
mod invariants;
mod key;
mod keys;
mod lease;
mod lifecycle;
mod quick;
mod request;
mod room;
mod settle;
mod waiter;

use alloc::vec::Vec;
use core::time::Duration;

use crate::config::{Limits, Newcomers, Rules};
use crate::structure::{Arena, Heap, List, Lookup, NIL, Random};
use crate::{Actions, Config, ConfigError, ConnId, Counters, Misuse, RequestId, Stats, Time};

pub(crate) use clear::Clearing;
use conn::{Clock, Conn, ENDING, InClock, InLifetimes, LEASED, State};
use keys::{
    InAlarms, InBackupLine, InCooling, InFloored, InLastPreconnects, InPreconnects, InRefills, InStalled,
    InSurplus, Keys,
};
pub(crate) use waiter::Wish;
use waiter::{InDeadlines, InPatience, Request};

/// All the state of a pool but the names of its keys.
///
/// Laid out as written, what nearly every step writes first: threads that share a pool pass each cache line of it to and fro.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub(crate) struct Machine {
    now: Time,
    /// Counts what happens, to tell what came first.
    order: u64,
    /// Until then the most usual steps may be [`quick`].
    quick_until: Time,
    /// Nothing is due before.
    due: Time,
    /// The counter of that name, in nanoseconds.
    waited_for: u64,
    /// How many dials the stalled keys would start, all together.
    need: u64,
    /// Waiters under the default timeout, in order of arrival.
    patience: List<InPatience>,
    phase: Phase,
    /// What a pause means for newcomers, while there is one (R19).
    paused: Option<Newcomers>,
    /// One parked connection more or less is of use to somebody, as was found at the end of the last full step.
    room_is_asked_for: bool,

    counters: Counters,
    /// Those that wait.
    requests: Arena<Request>,
    conns: Arena<Conn>,
    keys: Keys,
    /// How many connections are in each state.
    counts: [u32; State::COUNT],
    clocks: [List<InClock>; Clock::COUNT],
    /// Keys whose waiters, cover or connections changed in this step.
    touched: Vec<u32>,
    /// Keys that ended in this step: the pool forgets their names.
    pub(crate) forgotten: Vec<u32>,

    rules: Rules,
    /// The greatest value that each limit has had: what invariant I2 can promise after a `Reconfigure`.
    loosest: Limits,
    random: Random,

    /// Waiters with a deadline of their own.
    deadlines: Heap<InDeadlines>,
    /// Parked connections whose lifetime ends before their idle timeout, by birth.
    lifetimes: Heap<InLifetimes>,
    /// Keys for whom something of their own is due at some time: a backoff, a held dial, a backup.
    alarms: Heap<InAlarms>,
    /// Keys in a backoff that holds nobody up: known until it ends, which needs no timer (I7).
    cooling: Heap<InCooling>,

    /// Keys that would dial if the pool had room, by their first waiter without cover (R4).
    stalled: Heap<InStalled>,
    /// Keys with a waiter whose backup dial is due and finds no room (R13).
    backup_line: Heap<InBackupLine>,
    /// Keys with more cover than waiters, the one with the youngest dial first (R10).
    surplus: Heap<InSurplus>,
    /// Keys with preconnects that wait for room that is being made (R20).
    preconnects: Heap<InPreconnects>,
    /// The same, the last one first: what finds no room is dropped from there.
    last_preconnects: Heap<InLastPreconnects>,
    /// How many those are.
    preconnecting: u64,
    /// Keys below their floor that could dial, in the order of their `Keep` (R20).
    refills: Heap<InRefills>,
    /// Dials and checks beyond the waiters of their keys: what is to be parked.
    expected: u64,
    /// Keys with a floor and more than that parked, by what they parked first; and the others with a floor.
    above_floor: Heap<InFloored>,
    within_floor: Heap<InFloored>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    Running,
    ShuttingDown,
    Drained,
}

impl Machine {
    pub(crate) fn new(config: &Config) -> Result<Self, ConfigError> {
        let rules = Rules::new(config)?;
        Ok(Self {
            loosest: rules.limits,
            rules,
            phase: Phase::Running,
            paused: config.start_paused,
            quick_until: Time::ZERO,
            room_is_asked_for: false,
            random: Random::new(config.seed),
            now: Time::ZERO,
            order: 0,
            conns: Arena::new(),
            requests: Arena::new(),
            keys: Keys::default(),
            counts: [0; State::COUNT],
            counters: Counters::default(),
            waited_for: 0,
            clocks: Default::default(),
            patience: List::default(),
            deadlines: Heap::default(),
            lifetimes: Heap::default(),
            alarms: Heap::default(),
            cooling: Heap::default(),
            due: Time::NEVER,
            stalled: Heap::default(),
            need: 0,
            backup_line: Heap::default(),
            surplus: Heap::default(),
            preconnects: Heap::default(),
            last_preconnects: Heap::default(),
            preconnecting: 0,
            refills: Heap::default(),
            expected: 0,
            above_floor: Heap::default(),
            within_floor: Heap::default(),
            touched: Vec::new(),
            forgotten: Vec::new(),
        })
    }

    pub(crate) fn tick(&mut self, now: Time, out: &mut Actions) {
        self.pass(now, out);
        self.settle(out);
    }

    pub(crate) fn is_drained(&self) -> bool {
        self.phase == Phase::Drained
    }

    /// The key of a connection that is not gone yet.
    pub(crate) fn key_of(&self, conn: ConnId) -> Option<u32> {
        match self.conns.find(conn.index, conn.generation) {
            Lookup::Live(conn) => Some(self.conns[conn].key),
            _ => None,
        }
    }

    pub(crate) fn stats(&self, keys: u32) -> Stats {
        let counters = Counters { waited_for: Duration::from_nanos(self.waited_for), ..self.counters };
        Stats { keys, ..gauges(self.requests.len(), counters, |state| self.count(state)) }
    }

    pub(crate) fn key_stats(&self, key: u32) -> Stats {
        let key = &self.keys[key];
        let counters = Counters { waited_for: Duration::from_nanos(key.waited_for), ..key.counters };
        Stats { keys: 1, ..gauges(key.waiters(), counters, |state| key.count(state)) }
    }

    /// Counts what happens, for the key and for all.
    fn tally(&mut self, key: u32, count: impl Fn(&mut Counters)) {
        count(&mut self.counters);
        count(&mut self.keys[key].counters);
    }

    #[inline]
    fn conn_id(&self, conn: u32) -> ConnId {
        ConnId { index: conn, generation: self.conns.generation(conn) }
    }

    fn request_id(&self, request: u32) -> RequestId {
        RequestId { index: request, generation: self.requests.generation(request) }
    }

    /// The connection of that id, `None` if it has ended.
    fn find(&self, conn: ConnId) -> Result<Option<u32>, Misuse> {
        match self.conns.find(conn.index, conn.generation) {
            Lookup::Live(conn) => Ok(Some(conn)),
            Lookup::Ended => Ok(None),
            Lookup::NeverIssued => Err(Misuse::UnknownConnection(conn)),
        }
    }

    /// An open connection of that id; `None` if it has ended or was told to close, so that what is said of
    /// it is a lost race (R24).
    fn find_open(&self, conn: ConnId) -> Result<Option<u32>, Misuse> {
        match self.find(conn)? {
            Some(index) if self.conns[index].state.is_dial() => Err(Misuse::StillDialing(conn)),
            Some(index) if self.conns[index].state == State::Closing => Ok(None),
            found => Ok(found),
        }
    }

    /// Whether `conn` is still what it was when the event was looked at: time may have ended it meanwhile.
    fn is_closing(&self, conn: u32) -> bool {
        self.conns[conn].state == State::Closing
    }

    fn next_order(&mut self) -> u64 {
        self.order += 1;
        self.order
    }

    fn count(&self, state: State) -> u32 {
        self.counts[state as usize]
    }

    fn connections(&self) -> u32 {
        self.conns.len()
    }

    fn dials(&self) -> u32 {
        self.count(State::Dialing) + self.count(State::Stopping)
    }

    fn idle(&self) -> u32 {
        self.count(State::Fresh) + self.count(State::Used)
    }

    /// Connections that are not on their way out: those count when a lowered limit is approached (R21).
    fn remaining(&self) -> u32 {
        self.connections() - ENDING.map(|state| self.count(state)).iter().sum::<u32>()
    }

    /// The one place where a connection changes its state: lists, counts, cover and clocks follow.
    fn change(&mut self, conn: u32, to: State) {
        let Conn { key, state: from, .. } = self.conns[conn];
        // A shared connection with room has its place among its like by its last delivery.
        if from != to || to == State::Roomy {
            self.exit(conn);
            self.conns[conn].state = to;
            self.enter(conn);
            // A connection that has no part in what its key waits for comes and goes without a look at the key.
            // One that comes back into service may make the key's dials surplus (R5).
            let comes_back = !from.is_in_service() && to.is_in_service();
            let matters = from.matters_to_key() || to.matters_to_key() || comes_back;
            let filed = &self.keys[key];
            if matters || filed.waiters() > 0 || filed.floor.is_listed {
                self.touch(key);
                self.file_parked(key);
            }
        }
        self.run_clock(conn);
    }

    fn enter(&mut self, conn: u32) {
        let Conn { key, state, .. } = self.conns[conn];
        self.keys[key].enter(&mut self.conns, &self.requests, conn);
        self.counts[state as usize] += 1;
    }

    fn exit(&mut self, conn: u32) {
        let Conn { key, state, .. } = self.conns[conn];
        if state.is_parked() {
            // It may live on as long as it is on lease.
            self.lifetimes.remove(&mut self.conns, conn);
        }
        self.keys[key].exit(&mut self.conns, &self.requests, conn);
        self.counts[state as usize] -= 1;
    }

    /// A dial has begun.
    fn begin(&mut self, conn: u32) {
        let key = self.conns[conn].key;
        self.keys[key].all.push_back(&mut self.conns, conn);
        self.enter(conn);
        self.run_clock(conn);
        self.touch(key);
    }

    /// The connection is gone: its slot is free (R9).
    fn end(&mut self, conn: u32) {
        let key = self.conns[conn].key;
        self.exit(conn);
        self.stop_clock(conn);
        self.keys[key].all.remove(&mut self.conns, conn);
        self.conns.remove(conn);
        self.touch(key);
        self.file_parked(key);
    }

    /// Has the clock of its state run for the connection; a clock that runs already runs on.
    fn run_clock(&mut self, conn: u32) {
        let Conn { key, clock, state, since, .. } = self.conns[conn];
        let by_floor = state.is_parked() && self.keys[key].floor.is_listed;
        let due = self.conns[conn].due_clock().filter(|_| !by_floor);
        if clock != due {
            self.stop_clock(conn);
            if let Some(due) = due {
                self.clocks[due as usize].push_back(&mut self.conns, conn);
                self.arm(self.duration(due).from(since));
            }
            self.conns[conn].clock = due;
        }
    }

    #[inline]
    fn stop_clock(&mut self, conn: u32) {
        if let Some(clock) = self.conns[conn].clock.take() {
            self.clocks[clock as usize].remove(&mut self.conns, conn);
        }
    }

    /// Has `settle` look after the key.
    fn touch(&mut self, key: u32) {
        let touched = &mut self.keys[key].touched;
        if !core::mem::replace(touched, true) {
            self.touched.push(key);
        }
    }
}

fn gauges(waiters: u32, counters: Counters, count: impl Fn(State) -> u32) -> Stats {
    Stats {
        waiters,
        dialing: count(State::Dialing) + count(State::Stopping),
        leased: LEASED.map(&count).iter().sum(),
        idle: count(State::Fresh) + count(State::Used),
        checking: count(State::Checking) + count(State::Probing),
        dormant: count(State::Dormant),
        closing: count(State::Closing),
        keys: 0,
        counters,
    }
}
