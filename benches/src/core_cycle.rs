//! The core alone: a request served from idle, and the connection given back.

use std::hint::black_box;
use std::time::Instant;

use latebind::{Action, Actions, Config, ConnId, Event, Opened, Pool, Priority, Time};

pub(crate) fn run(parked: u32, keys: u32, cycles: u32) {
    let mut pool = Pool::new(Config::default().max_connections(None).max_connections_per_key(None))
        .expect("the config holds together");
    let mut actions = Actions::new();
    park(&mut pool, &mut actions, parked, keys);

    let start = Instant::now();
    for cycle in 0..cycles {
        let key = u64::from(cycle % keys);
        let now = Time(u64::from(cycle));
        let conn = request(black_box(&mut pool), &mut actions, key, now).expect("one is parked");
        pool.handle(now, Event::ConnIdle { conn }, &mut actions).expect("it is on lease");
        actions.clear();
    }
    let each = start.elapsed().as_nanos() / u128::from(cycles.max(1));
    println!("{cycles} cycles over {parked} parked connections of {keys} keys: {each} ns each");
}

/// Opens connections until so many are parked.
fn park(pool: &mut Pool<u64>, actions: &mut Actions, parked: u32, keys: u32) {
    for number in 0..parked.max(keys) {
        let key = u64::from(number % keys);
        assert_eq!(request(pool, actions, key, Time::ZERO), None, "all others are on lease");
    }
    let dialed: Vec<ConnId> = actions.drain().filter_map(started).collect();
    for conn in &dialed {
        let outcome = Ok(Opened::EXCLUSIVE);
        pool.handle(Time::ZERO, Event::DialDone { conn: *conn, outcome }, actions).expect("it is a dial");
    }
    for conn in dialed {
        pool.handle(Time::ZERO, Event::ConnIdle { conn }, actions).expect("it is on lease");
    }
    actions.clear();
    assert_eq!(pool.stats().idle, parked.max(keys));
}

/// Asks for a connection, and returns the one that was delivered at once.
fn request(pool: &mut Pool<u64>, actions: &mut Actions, key: u64, now: Time) -> Option<ConnId> {
    let event = Event::Request { key: &key, token: 0, priority: Priority::default(), deadline: None };
    pool.handle(now, event, actions).expect("a request is never misuse");
    match actions.last() {
        Some(Action::Deliver { conn, .. }) => Some(*conn),
        _ => None,
    }
}

fn started(action: Action) -> Option<ConnId> {
    match action {
        Action::StartDial { conn } => Some(conn),
        _ => None,
    }
}
