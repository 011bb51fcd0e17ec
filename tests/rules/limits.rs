//! R8: the limits. R9: what holds a slot, and until when.

use latebind::{Config, Surplus};

use latebind_testkit::rig::{Rig, ms};

fn unlimited() -> Config {
    Config::default().max_connections(None).max_connections_per_key(None)
}

#[test]
fn r8_connections_never_exceed_the_limit_in_all() {
    let mut rig = Rig::new(unlimited().max_connections(2));
    rig.lease("r1", "a");
    rig.request("r2", "b").gives("r2 waits, dial b1");
    rig.request("r3", "c").gives("r3 waits");
    rig.dialed("b1").gives("r2 gets b1 (own dial)");
    rig.closed("a1").gives("dial c1");
}

#[test]
fn r8_connections_never_exceed_the_limit_of_their_key() {
    let mut rig = Rig::new(unlimited().max_connections_per_key(2));
    rig.lease("r1", "a");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.request("r3", "a").gives("r3 waits");
    rig.request("r4", "b").gives("r4 waits, dial b1");
    rig.dialed("a2").gives("r2 gets a2 (own dial)");
    rig.closed("a2").gives("dial a3");
}

#[test]
fn r8_the_default_is_ten_of_a_key() {
    let mut rig = Rig::new(Config::default());
    for number in 1..=10 {
        rig.request(&format!("r{number}"), "a").gives(&format!("r{number} waits, dial a{number}"));
    }
    rig.request("r11", "a").gives("r11 waits");
}

#[test]
fn r8_none_is_no_limit() {
    let mut rig = Rig::new(unlimited());
    for number in 1..=40 {
        rig.request(&format!("r{number}"), "a").gives(&format!("r{number} waits, dial a{number}"));
    }
}

#[test]
fn r8_dials_in_progress_never_exceed_their_limit_in_all() {
    let mut rig = Rig::new(unlimited().max_dials(2));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("r2", "b").gives("r2 waits, dial b1");
    rig.request("r3", "a").gives("r3 waits");
    rig.request("r4", "c").gives("r4 waits");
    rig.dialed("b1").gives("r2 gets b1 (own dial), dial a2");
    rig.dial_failed("a1").gives("r1 fails: dial of a1, dial c1");
}

#[test]
fn r8_dials_in_progress_never_exceed_the_limit_of_their_key() {
    let mut rig = Rig::new(unlimited().max_dials_per_key(1));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("r2", "a").gives("r2 waits");
    rig.request("r3", "b").gives("r3 waits, dial b1");
    rig.dialed("a1").gives("r1 gets a1 (own dial), dial a2");
    rig.dialed("a2").gives("r2 gets a2 (own dial)");
}

#[test]
fn r8_whoever_would_wait_beyond_the_limit_is_refused_at_once() {
    for config in [unlimited().max_waiters(2), unlimited().max_waiters_per_key(2)] {
        let mut rig = Rig::new(config.max_connections_per_key(1));
        rig.lease("r0", "a");
        rig.request("r1", "a").gives("r1 waits");
        rig.request("r2", "a").gives("r2 waits");
        rig.request_level("r3", "a", 7).gives("r3 fails: too many waiters");
        rig.returned("a1").gives("r1 gets a1 (returned)");
        rig.request("r4", "a").gives("r4 waits");
        rig.cancel("r2").gives_nothing();
        rig.request("r5", "a").gives("r5 waits");
        rig.request("r6", "a").gives("r6 fails: too many waiters");
    }
}

#[test]
fn r8_the_limits_of_waiters_are_in_all_and_of_each_key() {
    let mut rig = Rig::new(unlimited().max_waiters(2).max_waiters_per_key(1));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("r2", "a").gives("r2 fails: too many waiters");
    rig.request("r3", "b").gives("r3 waits, dial b1");
    rig.request("r4", "c").gives("r4 fails: too many waiters");
    assert_eq!((rig.stats().keys, rig.key_stats("c")), (2, None));
}

#[test]
fn r8_whoever_can_be_served_is_not_refused() {
    let mut rig = Rig::new(unlimited().max_waiters(1));
    rig.park("a", 1);
    rig.lease_shared("r1", "c", 2);
    rig.request("r2", "b").gives("r2 waits, dial b1");
    rig.request("r3", "a").gives("r3 gets a1 (idle)");
    rig.request("r4", "c").gives("r4 gets c1 (shared)");
    rig.request("r5", "a").gives("r5 fails: too many waiters");
}

#[test]
fn r8_with_no_waiters_allowed_only_what_is_there_is_delivered() {
    let mut rig = Rig::new(unlimited().max_waiters(0));
    rig.request("r1", "a").gives("r1 fails: too many waiters");
    assert_eq!((rig.stats().keys, rig.stats().connections()), (0, 0));
    rig.reconfigure(&unlimited()).gives_nothing();
    rig.park("a", 1);
    rig.reconfigure(&unlimited().max_waiters(0)).gives_nothing();
    rig.request("r2", "a").gives("r2 gets a1 (idle)");
    rig.request("r3", "a").gives("r3 fails: too many waiters");
}

#[test]
fn r8_a_waiter_that_times_out_makes_place_in_the_same_step() {
    let mut rig = Rig::new(unlimited().max_waiters(1).request_timeout(ms(50)));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.just_before(50).request("r2", "a").gives("r2 fails: too many waiters");
    rig.at(50).request("r3", "a").gives("r1 fails: timeout, r3 waits");
}

#[test]
fn r9_a_connection_that_is_being_closed_holds_its_slot() {
    for config in [unlimited().max_connections(1), unlimited().max_connections_per_key(1)] {
        let mut rig = Rig::new(config.max_uses(1));
        rig.lease("r1", "a");
        rig.request("r2", "a").gives("r2 waits");
        rig.returned("a1").gives("close a1: max uses");
        assert_eq!(rig.stats().closing, 1);
        rig.closed("a1").gives("dial a2");
    }
}

#[test]
fn r9_a_dial_that_was_told_to_stop_holds_its_slots() {
    let limits = [
        unlimited().max_connections(1),
        unlimited().max_connections_per_key(1),
        unlimited().max_dials(1),
        unlimited().max_dials_per_key(1),
    ];
    for config in limits {
        let mut rig = Rig::new(config.surplus(Surplus::Cancel));
        rig.request("r1", "a").gives("r1 waits, dial a1");
        rig.cancel("r1").gives("stop a1");
        rig.request("r2", "a").gives("r2 waits");
        assert_eq!(rig.stats().dialing, 1);
        rig.dial_failed("a1").gives("dial a2");
    }
}

#[test]
fn r9_a_dial_that_was_told_to_stop_holds_its_slot_against_other_keys() {
    for config in [unlimited().max_connections(1), unlimited().max_dials(1)] {
        let mut rig = Rig::new(config.dial_timeout(ms(100)));
        rig.request("r1", "a").gives("r1 waits, dial a1");
        rig.at(50).request("r2", "b").gives("r2 waits");
        rig.at(100).tick().gives("stop a1, r1 fails: dial timeout of a1");
        rig.dial_failed("a1").gives("dial b1");
    }
}

#[test]
fn r9_a_failed_dial_frees_its_slot() {
    let mut rig = Rig::new(unlimited().max_connections(1));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.dial_failed("a1").gives("r1 fails: dial of a1");
    assert_eq!(rig.stats().connections(), 0);
    rig.request("r2", "b").gives("r2 waits, dial b1");
}

#[test]
fn r9_a_lease_that_closes_frees_its_slot_once() {
    let mut rig = Rig::new(unlimited().max_connections(2));
    rig.lease("r1", "a");
    rig.lease("r2", "a");
    rig.request("r3", "a").gives("r3 waits");
    rig.request("r4", "a").gives("r4 waits");
    rig.closed("a1").gives("dial a3");
    rig.closed("a1").gives_nothing();
    rig.closed("a2").gives("dial a4");
}
