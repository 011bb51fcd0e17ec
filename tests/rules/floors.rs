//! R20: keys that keep connections idle: how many, and when they are dialed.

use crate::timeless;
use latebind_testkit::rig::{Rig, ms};

#[test]
fn r20_a_floor_is_filled_at_once() {
    let mut rig = Rig::new(timeless());
    rig.keep("a", 2).gives("dial a1, dial a2");
    rig.dialed("a1").gives("park a1");
    rig.dialed("a2").gives("park a2");
    rig.tick().gives_nothing();
}

#[test]
fn r20_what_is_parked_counts() {
    let mut rig = Rig::new(timeless());
    rig.park("a", 1);
    rig.keep("a", 2).gives("dial a2");
}

#[test]
fn r20_what_is_on_lease_does_not() {
    let mut rig = Rig::new(timeless());
    rig.lease("r1", "a");
    rig.keep("a", 1).gives("dial a2");
    rig.dialed("a2").gives("park a2");
    rig.request("r2", "a").gives("r2 gets a2 (idle), dial a3"); // Refilled.
    rig.returned("a1").gives("park a1");
    rig.dialed("a3").gives("park a3");
}

#[test]
fn r20_dials_count_beyond_the_waiters() {
    let mut rig = Rig::new(timeless());
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.keep("a", 1).gives("dial a2");
    rig.cancel("r1").gives_nothing(); // Now two are coming.
    rig.request("r2", "a").gives("r2 waits");
    rig.request("r3", "a").gives("r3 waits, dial a3"); // The floor's dial covers r3, so one more for the floor.
}

#[test]
fn r16_r20_checks_count_beyond_the_waiters() {
    let mut rig = Rig::new(timeless().check_after_idle(ms(10)));
    rig.park("a", 1);
    rig.keep("a", 1).gives_nothing();
    rig.at(10).request("r1", "a").gives("r1 waits, check a1, dial a2");
    rig.cancel("r1").gives_nothing();
    rig.alive("a1").gives("park a1");
    rig.dialed("a2").gives("park a2");
}

#[test]
fn r20_a_lost_connection_is_replaced() {
    let mut rig = Rig::new(timeless());
    rig.park("a", 2);
    rig.keep("a", 2).gives_nothing();
    rig.closed("a1").gives("dial a3");
}

#[test]
fn r3_r20_a_floors_dial_belongs_to_nobody_and_serves_the_first_waiter() {
    let mut rig = Rig::new(timeless().max_dials_per_key(1));
    rig.keep("a", 1).gives("dial a1");
    rig.request("r1", "a").gives("r1 waits");
    rig.dialed("a1").gives("r1 gets a1 (other dial), dial a2");
}

#[test]
fn r20_zero_ends_it_and_the_key_is_forgotten_with_its_last_connection() {
    let mut rig = Rig::new(timeless());
    rig.keep("a", 1).gives("dial a1");
    rig.keep("a", 0).gives_nothing();
    rig.dial_failed("a1").gives_nothing();
    rig.sleeps_for_ever();
    assert_eq!(rig.stats().keys, 0);
    rig.keep("b", 0).gives_nothing();
    assert_eq!(rig.stats().keys, 0);
}

#[test]
fn i7_a_floor_alone_keeps_its_key_known() {
    let mut rig = Rig::new(timeless());
    rig.pause().gives_nothing();
    rig.keep("a", 1).gives_nothing();
    assert_eq!(rig.key_stats("a").map(|stats| stats.connections()), Some(0));
    rig.sleeps_for_ever();
}

#[test]
fn r20_a_new_number_replaces_the_old_one() {
    let mut rig = Rig::new(timeless());
    rig.keep("a", 1).gives("dial a1");
    rig.keep("a", 2).gives("dial a2");
    rig.keep("a", 1).gives_nothing();
    rig.dialed("a1").gives("park a1");
    rig.dialed("a2").gives("park a2");
}

#[test]
fn r8_r20_no_limit_is_exceeded() {
    let limits = [
        timeless().max_connections(1),
        timeless().max_connections_per_key(1),
        timeless().max_dials(1),
        timeless().max_dials_per_key(1),
    ];
    for config in limits {
        let mut rig = Rig::new(config);
        rig.keep("a", 3).gives("dial a1");
    }
}

#[test]
fn r20_the_limit_of_dials_fills_it_one_by_one() {
    let mut rig = Rig::new(timeless().max_dials(1));
    rig.keep("a", 2).gives("dial a1");
    rig.dialed("a1").gives("park a1, dial a2");
    rig.dialed("a2").gives("park a2");
}

#[test]
fn r20_never_above_the_idle_limits() {
    for config in [timeless().max_idle(1), timeless().max_idle_per_key(1)] {
        let mut rig = Rig::new(config);
        rig.keep("a", 3).gives("dial a1");
        rig.dialed("a1").gives("park a1");
        rig.tick().gives_nothing();
    }
    for config in [timeless().max_idle(0), timeless().max_idle_per_key(0)] {
        let mut rig = Rig::new(config);
        rig.keep("a", 3).gives_nothing();
    }
}

#[test]
fn r20_never_above_the_idle_limit_of_all_keys_together() {
    let mut rig = Rig::new(timeless().max_idle(2));
    rig.park("b", 1);
    rig.keep("a", 3).gives("dial a1");
    rig.dialed("a1").gives("park a1");
    rig.request("r1", "b").gives("r1 gets b1 (idle), dial a2");
}

#[test]
fn r20_never_by_eviction() {
    let mut rig = Rig::new(timeless().max_connections(1));
    rig.park("b", 1);
    rig.keep("a", 1).gives_nothing();
    rig.closed("b1").gives("dial a1");
}

#[test]
fn r20_refilled_after_the_waiters_needs() {
    let mut rig = Rig::new(timeless().max_connections(1));
    rig.lease("r1", "c");
    rig.keep("a", 1).gives_nothing();
    rig.request_level("r2", "b", 0).gives("r2 waits");
    rig.closed("c1").gives("dial b1");
    rig.dial_failed("b1").gives("r2 fails: dial of b1, dial a1");
}

#[test]
fn r20_floors_are_refilled_in_the_order_of_their_keep() {
    let mut rig = Rig::new(timeless().max_connections(1).max_dials(1));
    rig.lease("r1", "z");
    rig.keep("b", 1).gives_nothing();
    rig.keep("a", 1).gives_nothing();
    rig.keep("b", 2).gives_nothing(); // Keeps its place.
    rig.closed("z1").gives("dial b1");
}

#[test]
fn r20_a_floor_that_was_ended_has_lost_its_place() {
    let mut rig = Rig::new(timeless().max_connections(1));
    rig.lease("r1", "z");
    rig.keep("b", 1).gives_nothing();
    rig.keep("a", 1).gives_nothing();
    rig.keep("b", 0).gives_nothing();
    rig.keep("b", 1).gives_nothing();
    rig.closed("z1").gives("dial a1");
}

#[test]
fn r21_r20_a_lowered_idle_limit_lowers_the_floor() {
    let mut rig = Rig::new(timeless());
    rig.park("a", 2);
    rig.keep("a", 2).gives_nothing();
    rig.reconfigure(&timeless().max_idle_per_key(1)).gives("close a1: idle limit");
    rig.closed("a1").gives_nothing();
    rig.reconfigure(&timeless()).gives("dial a3");
}
