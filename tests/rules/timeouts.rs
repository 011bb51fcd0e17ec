//! R12: how long requests wait. R15: the deadline.

use latebind::{Config, Priority, Time};

use crate::timeless;
use latebind_testkit::rig::{Rig, ms};

fn with_deadline(rig: &mut Rig, name: &str, deadline: Time, expected: &str) {
    rig.request_with(name, "a", Priority::default(), Some(deadline)).gives(expected);
}

#[test]
fn r12_a_waiter_fails_at_its_deadline_and_not_before() {
    let mut rig = Rig::new(timeless().request_timeout(ms(50)));
    rig.at(7).request("r1", "a").gives("r1 waits, dial a1");
    rig.sleeps_until(57).just_before(57).tick().gives_nothing();
    rig.at(57).tick().gives("r1 fails: timeout");
    rig.sleeps_for_ever();
    rig.dialed("a1").gives("park a1");
}

#[test]
fn r12_the_request_brings_a_deadline_that_replaces_the_default() {
    let mut rig = Rig::new(timeless().request_timeout(ms(50)));
    rig.request_until("early", "a", 20).gives("early waits, dial a1");
    rig.request_until("late", "a", 80).gives("late waits, dial a2");
    rig.request("default", "a").gives("default waits, dial a3");
    with_deadline(&mut rig, "never", Time::NEVER, "never waits, dial a4");
    rig.sleeps_until(20).at(20).tick().gives("early fails: timeout");
    rig.sleeps_until(50).at(50).tick().gives("default fails: timeout");
    rig.sleeps_until(80).at(80).tick().gives("late fails: timeout");
    rig.sleeps_for_ever();
    assert_eq!(rig.stats().waiters, 1);
}

#[test]
fn r12_all_that_are_due_fail_in_one_step() {
    let mut rig = Rig::new(timeless().request_timeout(ms(50)));
    for (at, name) in [(0, "r1"), (10, "r2"), (20, "r3"), (60, "r4")] {
        let gone = if at == 60 { "r1 fails: timeout, r2 fails: timeout, " } else { "" };
        let dial = match name {
            "r1" => ", dial a1",
            "r2" => ", dial a2",
            "r3" => ", dial a3",
            _ => "",
        };
        rig.at(at).request(name, "a").gives(&format!("{gone}{name} waits{dial}"));
    }
    rig.at(1000).tick().gives("r3 fails: timeout, r4 fails: timeout");
}

#[test]
fn r12_a_deadline_that_has_passed_on_arrival_fails_and_starts_no_dial() {
    let mut rig = Rig::new(timeless());
    for (name, deadline) in [("past", 99), ("now", 100), ("origin", 0)] {
        rig.at(100).request_until(name, "a", deadline).gives(&format!("{name} fails: timeout"));
    }
    assert_eq!((rig.stats().keys, rig.stats().connections()), (0, 0));
    rig.request_until("future", "a", 101).gives("future waits, dial a1");
}

#[test]
fn r12_a_deadline_that_has_passed_on_arrival_is_served_all_the_same_if_that_can_be_done_at_once() {
    let mut rig = Rig::new(timeless());
    rig.park("a", 1);
    rig.lease_shared("r0", "b", 2);
    rig.at(100).request_until("r1", "a", 50).gives("r1 gets a1 (idle)");
    rig.request_until("r2", "b", 50).gives("r2 gets b1 (shared)");
    rig.request_until("r3", "a", 50).gives("r3 fails: timeout");
}

#[test]
fn r12_a_waiter_that_is_due_is_not_served_by_the_event_of_that_moment() {
    let mut rig = Rig::new(timeless().request_timeout(ms(50)).max_connections_per_key(1));
    rig.lease("r0", "a");
    rig.request("r1", "a").gives("r1 waits");
    rig.at(10).request("r2", "a").gives("r2 waits");
    rig.at(50).returned("a1").gives("r1 fails: timeout, r2 gets a1 (returned)");
    rig.request("r3", "b").gives("r3 waits, dial b1");
    rig.at(100).dialed("b1").gives("r3 fails: timeout, park b1");
}

#[test]
fn r12_a_timeout_ends_the_wait_and_not_the_dial() {
    let mut rig = Rig::new(Config::default().request_timeout(ms(50)).dial_timeout(ms(80)));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.at(50).tick().gives("r1 fails: timeout");
    rig.sleeps_until(80).at(80).tick().gives("stop a1");
    rig.sleeps_for_ever();
    rig.dial_failed("a1").gives_nothing();
}

#[test]
fn r12_requests_expire_before_dials() {
    let mut rig = Rig::new(timeless().request_timeout(ms(50)).dial_timeout(ms(50)));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.at(50).tick().gives("r1 fails: timeout, stop a1");
}

#[test]
fn r15_the_deadline_is_the_earliest_of_all() {
    let mut rig = Rig::new(Config::default());
    rig.sleeps_for_ever();
    rig.request_until("r1", "a", 60_000).gives("r1 waits, dial a1");
    rig.sleeps_until(30_000); // The dial.
    rig.at(1000).request_until("r2", "b", 5000).gives("r2 waits, dial b1");
    rig.sleeps_until(5000);
    rig.cancel("r2").gives_nothing();
    rig.sleeps_until(30_000);
    rig.at(2000).dialed("a1").gives("r1 gets a1 (own dial)");
    rig.sleeps_until(31_000);
    rig.dialed("b1").gives("park b1");
    rig.sleeps_until(92_000);
    rig.at(3000).closed("b1").gives_nothing();
    rig.sleeps_for_ever();
}

#[test]
fn r15_leases_and_closing_connections_need_no_timer() {
    let mut rig = Rig::new(Config::default().max_lifetime(ms(100)));
    rig.lease("r1", "a");
    rig.sleeps_for_ever();
    rig.at(100).returned("a1").gives("close a1: lifetime");
    rig.sleeps_for_ever();
}

#[test]
fn r15_after_it_was_late_the_deadline_is_in_the_future_again() {
    let mut rig = Rig::new(Config::default());
    rig.park("a", 2);
    rig.at(89_000).request("r1", "a").gives("r1 gets a2 (idle)");
    rig.returned("a2").gives("park a2");
    rig.at(100_000).tick().gives("close a1: idle timeout");
    rig.sleeps_until(179_000);
}

#[test]
fn r12_time_that_goes_backwards_is_no_time_passing() {
    let mut rig =
        Rig::new(timeless().request_timeout(ms(50)).idle_timeout(ms(90)).max_connections_per_key(1));
    rig.at(1000).request("r1", "a").gives("r1 waits, dial a1");
    rig.at(10).dialed("a1").gives("r1 gets a1 (own dial)");
    rig.at(0).request("r2", "a").gives("r2 waits");
    rig.sleeps_until(1050); // Counted from 1000, the latest time that was told.
    rig.at(20).returned("a1").gives("r2 gets a1 (returned)");
    rig.at(500).returned("a1").gives("park a1");
    rig.sleeps_until(1090).at(999).tick().gives_nothing();
    rig.at(1090).tick().gives("close a1: idle timeout");
}

#[test]
fn r7_r12_who_comes_too_late_hears_of_the_keys_last_failure() {
    let mut rig = Rig::new(Config::default());
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.dial_failed("a1").gives("r1 fails: dial of a1");
    rig.at(9).request_until("r3", "a", 8).gives("r3 fails: timeout of a1");
    rig.request_until("r4", "b", 8).gives("r4 fails: timeout");
}
