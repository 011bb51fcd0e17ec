//! R24: lost races are harmless, misuse changes nothing. R25: what is gone is forgotten. R23 and the
//! invariants are checked by the rig after every event of every script.

use latebind::{Actions, Config, ConnId, Event, Opened, Pool, Priority, RequestId, Time};

use latebind_testkit::rig::{Key, Rig, level, ms};

fn unknown_conn() -> ConnId {
    ConnId::from_parts(77, 1).expect("no generation 0")
}

fn unknown_request() -> RequestId {
    RequestId::from_parts(77, 1).expect("no generation 0")
}

#[test]
fn r24_cancel_of_any_request_that_has_ended_is_harmless() {
    let mut rig = Rig::new(Config::default().max_waiters(1).max_connections_per_key(1));
    rig.lease("served", "a");
    rig.request_until("late", "a", 50).gives("late waits");
    rig.request("refused", "a").gives("refused fails: too many waiters");
    rig.at(50).tick().gives("late fails: timeout");
    rig.request("gone", "a").gives("gone waits");
    rig.cancel("gone").gives_nothing();
    for name in ["served", "late", "refused", "gone", "gone"] {
        rig.cancel(name).gives_nothing();
        rig.reprioritize(name, 7).gives_nothing();
    }
    assert_eq!(rig.stats().leased, 1);
}

#[test]
fn r24_an_old_id_does_not_reach_the_next_request_of_its_place() {
    let mut rig = Rig::new(Config::default().max_connections_per_key(1));
    rig.lease("r0", "a");
    rig.request("old", "a").gives("old waits");
    rig.cancel("old").gives_nothing();
    rig.request("new", "a").gives("new waits");
    assert_eq!(rig.request_id("old").index(), rig.request_id("new").index());
    rig.cancel("old").gives_nothing();
    rig.reprioritize("old", 7).gives_nothing();
    rig.returned("a1").gives("new gets a1 (returned)");
}

#[test]
fn r24_events_for_a_connection_that_has_ended_are_lost_races() {
    let mut rig = Rig::new(Config::default().max_connections_per_key(1));
    rig.lease("r1", "a");
    rig.closed("a1").gives_nothing();
    rig.request("r2", "a").gives("r2 waits, dial a2");
    assert_eq!(rig.conn("a1").index(), rig.conn("a2").index());
    rig.returned("a1").gives_nothing();
    rig.closed("a1").gives_nothing();
    rig.capacity("a1", 9).gives_nothing();
    rig.draining("a1").gives_nothing();
    rig.dialed("a1").gives_nothing();
    rig.dial_failed_fatally("a1").gives_nothing();
    rig.dialed("a2").gives("r2 gets a2 (own dial)");
}

#[test]
fn r24_events_for_a_connection_that_was_told_to_close_are_lost_races() {
    let mut rig = Rig::new(Config::default());
    rig.park("a", 1);
    rig.draining("a1").gives("close a1: draining");
    rig.returned("a1").gives_nothing();
    rig.capacity("a1", 9).gives_nothing();
    rig.draining("a1").gives_nothing();
    rig.dialed("a1").gives_nothing();
    rig.dial_failed("a1").gives_nothing();
    rig.closed("a1").gives_nothing();
    rig.closed("a1").gives_nothing();
}

#[test]
fn r24_a_lost_race_lets_time_pass() {
    let mut rig = Rig::new(Config::default());
    rig.lease("r1", "a");
    rig.closed("a1").gives_nothing();
    rig.request_until("r2", "a", 50).gives("r2 waits, dial a2");
    rig.at(50).returned("a1").gives("r2 fails: timeout");
}

#[test]
fn r24_a_dial_that_was_told_to_stop_is_a_dial_until_it_is_reported() {
    let mut rig = Rig::new(Config::default().dial_timeout(ms(50)));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.at(50).tick().gives("stop a1, r1 fails: dial timeout of a1");
    rig.returned("a1").gives_misuse("still dialing: a1");
    rig.closed("a1").gives_misuse("still dialing: a1");
    rig.capacity("a1", 2).gives_misuse("still dialing: a1");
    rig.draining("a1").gives_misuse("still dialing: a1");
    rig.dialed("a1").gives("park a1");
}

#[test]
fn r24_only_dial_done_can_be_said_of_a_dial() {
    let mut rig = Rig::new(Config::default());
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.returned("a1").gives_misuse("still dialing: a1");
    rig.closed("a1").gives_misuse("still dialing: a1");
    rig.capacity("a1", 2).gives_misuse("still dialing: a1");
    rig.draining("a1").gives_misuse("still dialing: a1");
    rig.dialed("a1").gives("r1 gets a1 (own dial)");
}

#[test]
fn r24_a_second_dial_done_is_misuse_while_the_connection_is_open() {
    let mut rig = Rig::new(Config::default());
    rig.lease("r1", "a");
    rig.dialed("a1").gives_misuse("not dialing: a1");
    rig.dial_failed("a1").gives_misuse("not dialing: a1");
    rig.returned("a1").gives("park a1");
    rig.dialed_shared("a1", 9).gives_misuse("not dialing: a1");
    rig.capacity("a1", 0).gives_nothing();
    rig.dialed("a1").gives_misuse("not dialing: a1");
}

#[test]
fn r24_a_return_without_a_lease_is_misuse() {
    let mut rig = Rig::new(Config::default());
    rig.lease("r1", "a");
    rig.returned("a1").gives("park a1");
    rig.returned("a1").gives_misuse("not leased: a1");
    rig.capacity("a1", 0).gives_nothing();
    rig.returned("a1").gives_misuse("not leased: a1");
    rig.lease_shared("r2", "b", 9);
    rig.request("r3", "b").gives("r3 gets b1 (shared)");
    rig.returned("b1").gives_nothing();
    rig.returned("b1").gives("park b1");
    rig.returned("b1").gives_misuse("not leased: b1");
}

#[test]
fn r24_an_id_that_was_never_issued_is_misuse() {
    let mut rig = Rig::new(Config::default());
    rig.lease("r1", "a");
    let next = |index: usize, generation: u32| (u32::try_from(index).expect("small"), generation + 1);
    let (index, generation) = next(rig.conn("a1").index(), rig.conn("a1").generation());
    let future = ConnId::from_parts(index, generation).expect("no generation 0");
    for conn in [unknown_conn(), future] {
        let outcome = Ok(Opened::EXCLUSIVE);
        rig.tell(Event::DialDone { conn, outcome }).gives_misuse("unknown connection");
        rig.tell(Event::ConnIdle { conn }).gives_misuse("unknown connection");
        rig.tell(Event::ConnClosed { conn }).gives_misuse("unknown connection");
        rig.tell(Event::Capacity { conn, capacity: 1 }).gives_misuse("unknown connection");
        rig.tell(Event::Draining { conn }).gives_misuse("unknown connection");
    }
    let (index, generation) = next(rig.request_id("r1").index(), rig.request_id("r1").generation());
    let future = RequestId::from_parts(index, generation).expect("no generation 0");
    for request in [unknown_request(), future] {
        rig.tell(Event::Cancel { request }).gives_misuse("unknown request");
        rig.tell(Event::Reprioritize { request, priority: level(7) }).gives_misuse("unknown request");
    }
}

#[test]
fn r24_on_misuse_not_even_time_passes() {
    let mut rig = Rig::new(Config::default());
    rig.park("b", 1);
    rig.request_until("r1", "a", 50).gives("r1 waits, dial a1");
    rig.at(100_000).returned("b1").gives_misuse("not leased: b1");
    rig.tell(Event::ConnClosed { conn: unknown_conn() }).gives_misuse("unknown connection");
    assert_eq!((rig.stats().waiters, rig.stats().idle), (1, 1));
    rig.sleeps_until(50).at(49).tick().gives_nothing();
    rig.at(50).tick().gives("r1 fails: timeout");
}

#[test]
fn r24_misuse_is_misuse_after_shutdown_too() {
    let mut rig = Rig::new(Config::default());
    rig.lease("r1", "a");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.shutdown().gives("r2 fails: shutdown, stop a2");
    rig.dialed("a1").gives_misuse("not dialing: a1");
    rig.closed("a2").gives_misuse("still dialing: a2");
    rig.tell(Event::Cancel { request: unknown_request() }).gives_misuse("unknown request");
    rig.cancel("r2").gives_nothing();
}

#[test]
fn r25_a_key_with_nothing_left_is_forgotten() {
    let mut rig = Rig::new(Config::default());
    assert_eq!(rig.key_stats("a"), None);
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.cancel("r1").gives_nothing();
    assert_eq!(rig.key_stats("a").map(|stats| stats.dialing), Some(1));
    rig.dialed("a1").gives("park a1");
    rig.draining("a1").gives("close a1: draining");
    assert_eq!(rig.key_stats("a").map(|stats| stats.closing), Some(1));
    rig.closed("a1").gives_nothing();
    assert_eq!((rig.key_stats("a"), rig.stats().keys), (None, 0));
}

#[test]
fn r25_a_request_that_fails_at_once_leaves_no_key_behind() {
    let mut rig = Rig::new(Config::default().max_waiters_per_key(0));
    rig.request("r1", "a").gives("r1 fails: too many waiters");
    assert_eq!(rig.key_stats("a"), None);
    rig.reconfigure(&Config::default()).gives_nothing();
    rig.at(9).request_until("r2", "b", 9).gives("r2 fails: timeout");
    assert_eq!((rig.key_stats("b"), rig.stats().keys), (None, 0));
}

#[test]
fn r25_places_are_used_again() {
    let mut pool: Pool<u32> = Pool::new(Config::default()).expect("a config that holds together");
    let mut out = Actions::new();
    for key in 0..100_000 {
        let now = Time(u64::from(key));
        let request = Event::Request { key: &key, token: 0, priority: Priority::default(), deadline: None };
        pool.handle(now, request, &mut out).expect("a request");
        let conn = dial_of(&out);
        pool.handle(now, Event::DialDone { conn, outcome: Ok(Opened::EXCLUSIVE) }, &mut out).expect("a dial");
        pool.handle(now, Event::ConnClosed { conn }, &mut out).expect("a lease");
        assert_eq!((conn.index(), pool.key(conn)), (0, None));
        out.clear();
    }
    assert_eq!(pool.stats().keys, 0);
    assert_eq!(pool.deadline(), None);
    assert_eq!(pool.check_invariants(), Ok(()));
}

#[test]
fn r25_many_waiters_leave_nothing_behind() {
    let mut pool: Pool<Key> = Pool::new(Config::default()).expect("a config that holds together");
    let mut out = Actions::new();
    let mut requests = Vec::new();
    for token in 0..10_000 {
        out.clear();
        let request = Event::Request { key: &"a", token, priority: Priority::default(), deadline: None };
        pool.handle(Time::ZERO, request, &mut out).expect("a request");
        requests.extend(out.iter().find_map(|action| match *action {
            latebind::Action::Wait { request, .. } => Some(request),
            _ => None,
        }));
    }
    assert_eq!((requests.len(), pool.stats().waiters), (10_000, 10_000));
    for &request in requests.iter().step_by(2).chain(requests.iter().skip(1).step_by(2)) {
        pool.handle(Time::ZERO, Event::Cancel { request }, &mut out).expect("a waiter");
    }
    assert_eq!((pool.stats().waiters, pool.stats().dialing), (0, 10));
    assert_eq!(pool.check_invariants(), Ok(()));
}

#[test]
fn actions_are_appended_to_what_the_caller_has_not_taken() {
    let mut pool: Pool<Key> = Pool::new(Config::default()).expect("a config that holds together");
    let mut out = Actions::new();
    for token in [5, 6] {
        let request = Event::Request { key: &"a", token, priority: Priority::default(), deadline: None };
        pool.handle(Time::ZERO, request, &mut out).expect("a request");
    }
    assert_eq!(out.len(), 4);
    assert_eq!(out.drain().count(), 4);
    assert!(out.is_empty());
}

fn dial_of(out: &Actions) -> ConnId {
    let dial = out.iter().find_map(|action| match *action {
        latebind::Action::StartDial { conn } => Some(conn),
        _ => None,
    });
    dial.expect("a dial was started")
}
