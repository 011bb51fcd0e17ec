//! R10: who gets room, and what is given back while somebody waits for it.

use latebind::DialFailure;

use crate::of_all;
use latebind_testkit::rig::{Rig, ms};

#[test]
fn r10_a_returned_connection_is_closed_without_being_parked_while_another_key_waits() {
    let mut rig = Rig::new(of_all(1));
    rig.lease("r1", "a");
    rig.request("r2", "b").gives("r2 waits");
    rig.returned("a1").gives("close a1: evicted");
    rig.closed("a1").gives("dial b1");
}

#[test]
fn r10_a_returned_connection_stays_with_its_own_key_if_that_wants_it() {
    let mut rig = Rig::new(of_all(1));
    rig.lease("r1", "a");
    rig.request_level("r2", "b", 7).gives("r2 waits");
    rig.request("r3", "a").gives("r3 waits");
    rig.returned("a1").gives("r3 gets a1 (returned)");
    rig.returned("a1").gives("close a1: evicted");
    rig.closed("a1").gives("dial b1");
}

#[test]
fn r10_a_dial_without_a_waiter_is_closed_without_being_parked_while_another_key_waits() {
    let mut rig = Rig::new(of_all(2).max_dials(1));
    rig.lease("r0", "c");
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("r2", "b").gives("r2 waits");
    rig.cancel("r1").gives("stop a1"); // Which succeeds all the same.
    rig.dialed("a1").gives("close a1: evicted");
    rig.closed("a1").gives("dial b1");
}

#[test]
fn r10_one_return_is_closed_for_one_need() {
    let mut rig = Rig::new(of_all(2));
    rig.lease("r1", "a");
    rig.lease("r2", "a");
    rig.request("r3", "b").gives("r3 waits");
    rig.returned("a1").gives("close a1: evicted");
    rig.returned("a2").gives("park a2");
    rig.closed("a1").gives("dial b1");
}

#[test]
fn r10_keys_that_wait_for_room_go_by_priority_and_then_by_arrival() {
    let mut rig = Rig::new(of_all(1));
    rig.lease("r0", "z");
    rig.request("late", "a").gives("late waits");
    rig.request("later", "b").gives("later waits");
    rig.request_level("urgent", "c", 5).gives("urgent waits");
    rig.closed("z1").gives("dial c1");
    rig.dial_failed("c1").gives("urgent fails: dial of c1, dial a1");
    rig.dial_failed("a1").gives("late fails: dial of a1, dial b1");
}

#[test]
fn r10_a_lowered_request_goes_behind_those_at_its_new_level() {
    let mut rig = Rig::new(of_all(1));
    rig.lease("r0", "z");
    rig.request_level("r1", "a", 5).gives("r1 waits");
    rig.request("r2", "b").gives("r2 waits");
    rig.reprioritize("r1", 3).gives_nothing();
    rig.closed("z1").gives("dial b1");
}

#[test]
fn r10_a_raised_request_goes_before_other_keys() {
    let mut rig = Rig::new(of_all(1));
    rig.lease("r0", "z");
    rig.request("r1", "a").gives("r1 waits");
    rig.request("r2", "b").gives("r2 waits");
    rig.reprioritize("r2", 4).gives_nothing();
    rig.closed("z1").gives("dial b1");
}

#[test]
fn r10_a_freed_slot_finds_a_key_behind_those_that_cannot_use_it() {
    let mut rig = Rig::new(of_all(3).max_connections_per_key(1));
    rig.lease("r1", "a");
    rig.lease("r2", "b");
    rig.lease("r3", "c");
    for (name, key) in [("r4", "a"), ("r5", "b"), ("r6", "d")] {
        rig.request_level(name, key, if key == "d" { 0 } else { 7 }).gives(&format!("{name} waits"));
    }
    rig.closed("c1").gives("dial d1"); // The others have no room of their own.
}

#[test]
fn r10_nobody_starves_while_a_busy_key_comes_and_goes() {
    let mut rig = Rig::new(of_all(1));
    rig.lease("r0", "a");
    rig.request("poor", "b").gives("poor waits");
    for number in 0..5 {
        rig.request(&format!("n{number}"), "a").gives(&format!("n{number} waits"));
    }
    for number in 0..5 {
        rig.returned("a1").gives(&format!("n{number} gets a1 (returned)"));
    }
    rig.returned("a1").gives("close a1: evicted");
    rig.closed("a1").gives("dial b1");
}

#[test]
fn r10_a_returned_connection_is_parked_if_the_others_could_not_use_its_room() {
    let mut rig = Rig::new(of_all(2).max_connections_per_key(1));
    rig.lease("r1", "a");
    rig.lease("r2", "b");
    rig.request("r3", "b").gives("r3 waits"); // Held up by its own limit.
    rig.returned("a1").gives("park a1");
}

#[test]
fn r7_r10_a_key_in_a_backoff_wants_no_room() {
    let retry = DialFailure::Retry { backoff: ms(100), backoff_max: ms(100), attempts: 9 };
    let mut rig = Rig::new(of_all(2).dial_failure(retry));
    rig.lease("r1", "a");
    rig.request("r2", "b").gives("r2 waits, dial b1");
    rig.dial_failed("b1").gives_nothing();
    rig.lease("r3", "c");
    rig.returned("a1").gives("park a1");
    rig.at(100).tick().gives("close a1: evicted"); // Now it does.
    rig.closed("a1").gives("dial b2");
}

#[test]
fn r10_r18_a_dial_that_is_surplus_since_another_turned_out_shared_makes_room() {
    let mut rig = Rig::new(of_all(2));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.request("r3", "b").gives("r3 waits");
    rig.dialed_shared("a1", 2).gives("r1 gets a1 (own dial), r2 gets a1 (other dial), stop a2");
    rig.dialed("a2").gives("close a2: evicted"); // It succeeds all the same, and nobody waits for it.
    rig.closed("a2").gives("dial b1");
}

#[test]
fn r5_r10_a_dial_that_was_stopped_for_room_serves_its_own_key_if_it_succeeds() {
    let mut rig = Rig::new(of_all(1));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.cancel("r1").gives_nothing();
    rig.request("r2", "b").gives("r2 waits, stop a1");
    rig.request("r3", "a").gives("r3 waits");
    rig.dialed("a1").gives("r3 gets a1 (other dial)");
    rig.returned("a1").gives("close a1: evicted");
}

#[test]
fn r10_a_waiter_that_goes_leaves_no_wish_for_room_behind() {
    let mut rig = Rig::new(of_all(1).request_timeout(ms(50)));
    rig.lease("r1", "a");
    rig.request("r2", "b").gives("r2 waits");
    rig.cancel("r2").gives_nothing();
    rig.request("r3", "c").gives("r3 waits");
    rig.at(50).tick().gives("r3 fails: timeout");
    rig.returned("a1").gives("park a1");
}
