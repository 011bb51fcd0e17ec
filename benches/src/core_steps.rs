//! The core alone: what a step costs in a world of so many keys, parked connections and waiters.

use std::collections::VecDeque;
use std::hint::black_box;
use std::time::Instant;

use clap::ValueEnum;
use latebind::{Action, Actions, Config, ConnId, Event, Opened, Pool, Priority, RequestId, Time, Waiters};

/// What is measured.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Step {
    /// A request served from idle, and its connection parked again.
    Idle,
    /// A request that waits last of all, and the one that waits first cancelled.
    Cancel,
    /// A connection given back to the first waiter, and one more request that waits.
    HandOver,
    /// At the total limit: a request that stalls, an eviction, a dial, a delivery, a return.
    Stall,
    /// A key cleared, its connection closed, dialed anew and parked again.
    Clear,
}

pub(crate) fn run(step: Step, size: u32, cycles: u32) {
    let mut world = World::new(size);
    let start = Instant::now();
    for cycle in 0..cycles {
        match step {
            Step::Idle => world.idle(1 + u64::from(cycle % size)),
            Step::Cancel => world.cancel(),
            Step::HandOver => world.hand_over(),
            Step::Stall => world.stall(),
            Step::Clear => world.clear(1 + u64::from(cycle % size)),
        }
    }
    let each = start.elapsed().as_nanos() / u128::from(cycles.max(1));
    println!("{step:?} among {size} keys, parked connections and waiters: {cycles} times, {each} ns each");
}

/// The key that has all the waiters.
const CROWDED: u64 = 0;

/// A pool at its total limit: each key from 1 on has a parked connection, and the key 0 has one on lease and
/// all the waiters.
struct World {
    pool: Pool<u64>,
    actions: Actions,
    now: Time,
    leased: ConnId,
    waiters: VecDeque<RequestId>,
    /// The key without a connection, and so the next to stall.
    evicted: u64,
}

impl World {
    fn new(size: u32) -> Self {
        let config = Config::default().max_connections(size + 1).max_connections_per_key(1);
        let mut world = Self {
            pool: Pool::new(config).expect("the config holds together"),
            actions: Actions::new(),
            now: Time::ZERO,
            leased: ConnId::from_parts(0, 1).expect("1 is a generation"),
            waiters: VecDeque::new(),
            evicted: u64::from(size) + 1,
        };
        world.leased = world.dial(CROWDED);
        for key in 1..=u64::from(size) {
            let conn = world.dial(key);
            world.tell(Event::ConnIdle { conn });
        }
        for _ in 0..size {
            world.wait();
        }
        world
    }

    fn tell(&mut self, event: Event<'_, u64>) {
        self.now.0 += 1;
        self.actions.clear();
        black_box(&mut self.pool).handle(self.now, event, &mut self.actions).expect("the event is true");
    }

    fn request(&mut self, key: u64) {
        self.tell(Event::Request { key: &key, token: 0, priority: Priority::default(), deadline: None });
    }

    /// Opens the first connection of a key, and leaves it on lease.
    fn dial(&mut self, key: u64) -> ConnId {
        self.request(key);
        let Some(Action::StartDial { conn }) = self.actions.last().copied() else { panic!("a dial starts") };
        self.tell(Event::DialDone { conn, outcome: Ok(Opened::EXCLUSIVE) });
        conn
    }

    fn wait(&mut self) {
        self.request(CROWDED);
        let Some(Action::Wait { request, .. }) = self.actions.first() else { panic!("it waits") };
        self.waiters.push_back(*request);
    }

    fn idle(&mut self, key: u64) {
        self.request(key);
        let Some(&Action::Deliver { conn, .. }) = self.actions.first() else { panic!("one is parked") };
        self.tell(Event::ConnIdle { conn });
    }

    fn cancel(&mut self) {
        self.wait();
        let request = self.waiters.pop_front().expect("there are waiters");
        self.tell(Event::Cancel { request });
    }

    fn hand_over(&mut self) {
        self.tell(Event::ConnIdle { conn: self.leased });
        self.waiters.pop_front();
        self.wait();
    }

    fn stall(&mut self) {
        self.request(self.evicted);
        let Some(&Action::Close { conn: victim, .. }) = self.actions.last() else { panic!("one is evicted") };
        self.evicted = *self.pool.key(victim).expect("it is closing");
        self.tell(Event::ConnClosed { conn: victim });
        let Some(&Action::StartDial { conn }) = self.actions.last() else { panic!("a dial starts") };
        self.tell(Event::DialDone { conn, outcome: Ok(Opened::EXCLUSIVE) });
        self.tell(Event::ConnIdle { conn });
    }

    fn clear(&mut self, key: u64) {
        self.tell(Event::Clear { key: Some(&key), waiters: Waiters::Keep, interrupt: false });
        let Some(&Action::Close { conn, .. }) = self.actions.last() else { panic!("one is closed") };
        self.tell(Event::ConnClosed { conn });
        let conn = self.dial(key);
        self.tell(Event::ConnIdle { conn });
    }
}
