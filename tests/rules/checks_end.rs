//! R16: how a check ends, and what may come between.

use latebind::Config;

use crate::timeless;
use latebind_testkit::rig::{Rig, ms};

/// Checks after 10 ms, no other durations.
fn checking() -> Config {
    timeless().check_after_idle(ms(10))
}

#[test]
fn r16_what_passed_without_a_waiter_is_parked_anew() {
    let mut rig = Rig::new(checking().idle_timeout(ms(30)));
    rig.park("a", 1);
    rig.at(10).request("r1", "a").gives("r1 waits, check a1");
    rig.cancel("r1").gives_nothing();
    rig.at(20).alive("a1").gives("park a1");
    rig.sleeps_until(50).at(29).request("r2", "a").gives("r2 gets a1 (idle)");
}

#[test]
fn r16_a_failed_check_closes_and_a_dial_starts() {
    let mut rig = Rig::new(checking());
    rig.park("a", 1);
    rig.at(10).request("r1", "a").gives("r1 waits, check a1");
    rig.dead("a1").gives("close a1: check failed, dial a2");
    rig.closed("a1").gives_nothing();
    rig.dialed("a2").gives("r1 gets a2 (own dial)");
}

#[test]
fn r9_r16_what_failed_its_check_holds_its_slot() {
    let mut rig = Rig::new(checking().max_connections_per_key(1));
    rig.park("a", 1);
    rig.at(10).request("r1", "a").gives("r1 waits, check a1");
    rig.dead("a1").gives("close a1: check failed");
    rig.closed("a1").gives("dial a2");
}

#[test]
fn r12_a_check_that_takes_too_long_is_a_failed_check() {
    let mut rig = Rig::new(checking().check_timeout(ms(5)));
    rig.park("a", 1);
    rig.at(10).request("r1", "a").gives("r1 waits, check a1");
    rig.sleeps_until(15).just_before(15).tick().gives_nothing();
    rig.at(15).tick().gives("close a1: check failed, dial a2");
    rig.sleeps_for_ever();
    rig.alive("a1").gives_nothing(); // A lost race.
    rig.closed("a1").gives_nothing();
}

#[test]
fn r12_a_check_that_is_just_being_reported_does_not_take_too_long() {
    let mut rig = Rig::new(checking().check_timeout(ms(5)));
    rig.park("a", 1);
    rig.at(10).request("r1", "a").gives("r1 waits, check a1");
    rig.at(500).alive("a1").gives("r1 gets a1 (checked)");
}

#[test]
fn r12_requests_expire_before_checks() {
    let mut rig = Rig::new(checking().check_timeout(ms(5)));
    rig.park("a", 1);
    rig.at(10).request_until("r1", "a", 15).gives("r1 waits, check a1");
    rig.at(15).tick().gives("r1 fails: timeout, close a1: check failed");
}

#[test]
fn r16_no_idle_timeout_runs_under_check() {
    let mut rig = Rig::new(checking().idle_timeout(ms(20)));
    rig.park("a", 1);
    rig.at(10).request("r1", "a").gives("r1 waits, check a1");
    rig.sleeps_for_ever().at(500).alive("a1").gives("r1 gets a1 (checked)");
}

#[test]
fn r12_r16_what_got_too_old_under_check_is_closed() {
    let mut rig = Rig::new(checking().max_lifetime(ms(20)));
    rig.park("a", 1);
    rig.at(10).request("r1", "a").gives("r1 waits, check a1");
    rig.sleeps_for_ever();
    rig.at(20).alive("a1").gives("close a1: lifetime, dial a2");
}

#[test]
fn r16_a_check_is_cover_for_as_many_waiters_as_the_connection_has_capacity() {
    let mut rig = Rig::new(checking());
    let conn = rig.lease_shared("r0", "a", 2);
    rig.returned(&conn).gives("park a1");
    rig.at(10).request("r1", "a").gives("r1 waits, check a1");
    rig.request("r2", "a").gives("r2 waits");
    rig.request("r3", "a").gives("r3 waits, dial a2");
    rig.alive("a1").gives("r1 gets a1 (checked), r2 gets a1 (checked)");
}

#[test]
fn r16_capacity_that_changes_under_check_changes_its_cover() {
    let mut rig = Rig::new(checking());
    rig.park("a", 1);
    rig.at(10).request("r1", "a").gives("r1 waits, check a1");
    rig.capacity("a1", 2).gives_nothing(); // Not delivered before the check has passed.
    rig.request("r2", "a").gives("r2 waits");
    rig.capacity("a1", 1).gives("dial a2");
    rig.alive("a1").gives("r1 gets a1 (checked)");
}

#[test]
fn r16_capacity_zero_under_check_makes_it_dormant_when_it_has_passed() {
    let mut rig = Rig::new(checking());
    rig.park("a", 1);
    rig.at(10).request("r1", "a").gives("r1 waits, check a1");
    rig.capacity("a1", 0).gives_nothing();
    rig.alive("a1").gives_nothing();
    assert_eq!((rig.stats().dormant, rig.stats().checking, rig.stats().dialing), (1, 0, 0));
    rig.capacity("a1", 1).gives("r1 gets a1 (shared)");
}

#[test]
fn r16_draining_ends_a_check() {
    let mut rig = Rig::new(checking());
    rig.park("a", 1);
    rig.at(10).request("r1", "a").gives("r1 waits, check a1");
    rig.draining("a1").gives("close a1: draining, dial a2");
    rig.alive("a1").gives_nothing();
}

#[test]
fn r16_a_connection_under_check_that_closes_is_gone() {
    let mut rig = Rig::new(checking());
    rig.park("a", 1);
    rig.at(10).request("r1", "a").gives("r1 waits, check a1");
    rig.closed("a1").gives("dial a2");
    rig.alive("a1").gives_nothing();
}

#[test]
fn r24_a_check_that_was_not_asked_for_is_misuse() {
    let mut rig = Rig::new(checking());
    rig.park("a", 1);
    rig.alive("a1").gives_misuse("not checking: a1");
    rig.dead("a1").gives_misuse("not checking: a1");
    rig.request("r1", "a").gives("r1 gets a1 (idle)");
    rig.alive("a1").gives_misuse("not checking: a1");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.alive("a2").gives_misuse("still dialing: a2");
    rig.closed("a1").gives_nothing();
    rig.alive("a1").gives_nothing();
}

#[test]
fn r24_a_connection_under_check_is_on_lease_to_nobody() {
    let mut rig = Rig::new(checking());
    rig.park("a", 1);
    rig.at(10).request("r1", "a").gives("r1 waits, check a1");
    rig.returned("a1").gives_misuse("not leased: a1");
    rig.dialed("a1").gives_misuse("not dialing: a1");
}

#[test]
fn r16_a_change_of_capacity_delivers_nothing_unchecked() {
    let mut rig = Rig::new(checking());
    rig.keep("a", 2).gives("dial a1, dial a2");
    rig.dialed("a1").gives("park a1");
    rig.at(10).request("r1", "a").gives("r1 waits, dial a3"); // a2 is its cover, a3 the floor's.
    rig.capacity("a1", 4).gives_nothing();
    rig.dialed("a2").gives("r1 gets a2 (other dial)");
}

#[test]
fn r12_a_check_that_ends_with_its_connection_does_not_take_too_long_in_that_step() {
    let mut rig = Rig::new(checking().check_timeout(ms(5)));
    rig.park("a", 1);
    rig.at(10).request("r1", "a").gives("r1 waits, check a1");
    rig.at(500).closed("a1").gives("dial a2");
}
