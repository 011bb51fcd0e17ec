//! The rules: a state machine over indices, which knows no key by name.
//!
//! Every event is one method here or in a module below; each has the three parts of a step: time passes
//! ([`expiry`]), the event has its effect, and the pool settles ([`settle`]).

mod conn;
mod dial;
mod expiry;
mod invariants;
mod key;
mod lease;
mod lifecycle;
mod request;
mod settle;
mod waiter;

use alloc::vec::Vec;

use crate::config::{Limits, Rules};
use crate::structure::{Arena, Heap, List, Lookup, NIL, Random};
use crate::{Actions, Config, ConfigError, ConnId, Misuse, RequestId, Stats, Time};

use conn::{Clock, Conn, ENDING, InClock, InLifetimes, LEASED, State};
use key::{InBackoffs, InStalled, Keys};
pub(crate) use waiter::Wish;
use waiter::{InDeadlines, InPatience, Request};

/// All the state of a pool but the names of its keys.
#[derive(Debug)]
pub(crate) struct Machine {
    rules: Rules,
    /// The greatest value that each limit has had: what invariant I2 can promise after a `Reconfigure`.
    loosest: Limits,
    phase: Phase,
    random: Random,
    now: Time,
    /// Counts what happens, to tell what came first.
    order: u64,

    conns: Arena<Conn>,
    /// Those that wait.
    requests: Arena<Request>,
    keys: Keys,
    /// How many connections are in each state.
    counts: [u32; State::COUNT],

    clocks: [List<InClock>; Clock::COUNT],
    /// Waiters under the default timeout, in order of arrival.
    patience: List<InPatience>,
    /// Waiters with a deadline of their own.
    deadlines: Heap<InDeadlines>,
    /// Connections by birth: all that are parked, and some that were and are on lease again.
    // Invariant: the first is parked.
    lifetimes: Heap<InLifetimes>,
    /// Keys in backoff with a waiter that it holds up.
    held: Heap<InBackoffs>,
    /// Keys in backoff without: known until it ends, which needs no timer (I7).
    cooling: Heap<InBackoffs>,
    /// Nothing is due before.
    due: Time,

    /// Keys that would dial if the pool had room, by their first waiter without cover (R4).
    stalled: Heap<InStalled>,
    /// Keys whose waiters, cover or connections changed in this step.
    touched: Vec<u32>,
    /// Keys that ended in this step: the pool forgets their names.
    pub(crate) forgotten: Vec<u32>,
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
            random: Random::new(config.seed),
            now: Time::ZERO,
            order: 0,
            conns: Arena::new(),
            requests: Arena::new(),
            keys: Keys::default(),
            counts: [0; State::COUNT],
            clocks: Default::default(),
            patience: List::default(),
            deadlines: Heap::default(),
            lifetimes: Heap::default(),
            held: Heap::default(),
            cooling: Heap::default(),
            due: Time::NEVER,
            stalled: Heap::default(),
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
        stats(self.requests.len(), keys, |state| self.count(state))
    }

    pub(crate) fn key_stats(&self, key: u32) -> Stats {
        let key = &self.keys[key];
        stats(key.waiters(), 1, |state| key.count(state))
    }

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

    /// The one place where a connection changes its state: lists, counts, clocks and cover follow.
    fn change(&mut self, conn: u32, to: State) {
        if self.conns[conn].state == to && to != State::Roomy {
            return;
        }
        self.exit(conn);
        self.conns[conn].state = to;
        self.enter(conn);
    }

    fn enter(&mut self, conn: u32) {
        let Conn { key, state, .. } = self.conns[conn];
        self.keys[key].enter(&mut self.conns, &self.requests, conn);
        self.counts[state as usize] += 1;
        if let Some(clock) = Clock::of(state) {
            self.clocks[clock as usize].push_back(&mut self.conns, conn);
            self.conns[conn].clock = Some(clock);
        }
        if state.is_cover() {
            self.touch(key);
        }
    }

    fn exit(&mut self, conn: u32) {
        let Conn { key, state, .. } = self.conns[conn];
        self.keys[key].exit(&mut self.conns, &self.requests, conn);
        self.counts[state as usize] -= 1;
        self.stop_clock(conn);
        if state.is_cover() || state.is_dial() {
            self.touch(key);
        }
    }

    fn stop_clock(&mut self, conn: u32) {
        if let Some(clock) = self.conns[conn].clock.take() {
            self.clocks[clock as usize].remove(&mut self.conns, conn);
        }
    }

    /// The connection is gone: its slot is free (R9).
    fn end(&mut self, conn: u32) {
        let key = self.conns[conn].key;
        self.exit(conn);
        self.drop_lifetime(conn);
        self.conns.remove(conn);
        self.keys[key].subtract();
        self.touch(key);
    }

    /// Has `settle` look after the key.
    fn touch(&mut self, key: u32) {
        let touched = &mut self.keys[key].touched;
        if !core::mem::replace(touched, true) {
            self.touched.push(key);
        }
    }
}

fn stats(waiters: u32, keys: u32, count: impl Fn(State) -> u32) -> Stats {
    Stats {
        waiters,
        dialing: count(State::Dialing) + count(State::Stopping),
        leased: LEASED.map(&count).iter().sum(),
        idle: count(State::Fresh) + count(State::Used),
        dormant: count(State::Dormant),
        closing: count(State::Closing),
        keys,
    }
}
