//! R16: connections that were parked for long are checked before they are delivered.

use latebind::{Config, IdleOrder};

use crate::timeless;
use latebind_testkit::rig::{Rig, ms};

/// Checks after 10 ms, no other durations.
fn checking() -> Config {
    timeless().check_after_idle(ms(10))
}

#[test]
fn r16_a_connection_parked_for_long_is_checked_before_it_is_delivered() {
    let mut rig = Rig::new(checking());
    rig.park("a", 1);
    rig.at(10).request("r1", "a").gives("r1 waits, check a1");
    assert_eq!((rig.stats().checking, rig.stats().idle, rig.stats().connections()), (1, 0, 1));
    rig.alive("a1").gives("r1 gets a1 (checked)");
}

#[test]
fn r16_a_connection_parked_just_now_is_not() {
    let mut rig = Rig::new(checking());
    rig.park("a", 1);
    rig.just_before(10).request("r1", "a").gives("r1 gets a1 (idle)");
    rig.at(30).returned("a1").gives("park a1"); // Parked anew.
    rig.just_before(40).request("r2", "a").gives("r2 gets a1 (idle)");
}

#[test]
fn r16_off_by_default() {
    let mut rig = Rig::new(Config::default());
    rig.park("a", 1);
    rig.at(89_999).request("r1", "a").gives("r1 gets a1 (idle)");
}

#[test]
fn r16_nothing_is_checked_while_nobody_wants_it() {
    let mut rig = Rig::new(checking());
    rig.park("a", 1);
    rig.sleeps_for_ever().at(500).tick().gives_nothing();
}

#[test]
fn r1_r16_if_the_one_whose_turn_it_is_needs_a_check_the_last_parked_may_be_delivered_without() {
    let mut rig = Rig::new(checking().idle_order(IdleOrder::Fifo));
    rig.lease("r1", "a");
    rig.lease("r2", "a");
    rig.returned("a1").gives("park a1");
    rig.at(8).returned("a2").gives("park a2");
    rig.at(10).request("r3", "a").gives("r3 gets a2 (idle)");
    rig.request("r4", "a").gives("r4 waits, check a1");

    let mut rig = Rig::new(checking());
    rig.park("a", 1);
    rig.request("r1", "a").gives("r1 gets a1 (idle)");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.returned("a1").gives("r2 gets a1 (returned)");
    rig.returned("a1").gives("park a1");
    rig.at(15).dialed("a2").gives("park a2"); // Never used, so a1 would come first.
    rig.request("r3", "a").gives("r3 gets a2 (idle)");
}

#[test]
fn r16_a_check_starts_for_each_waiter_without_cover() {
    let mut rig = Rig::new(checking());
    rig.park("a", 2);
    rig.at(10).request("r1", "a").gives("r1 waits, check a2");
    rig.request("r2", "a").gives("r2 waits, check a1");
    rig.request("r3", "a").gives("r3 waits, dial a3");
    rig.alive("a1").gives("r1 gets a1 (checked)"); // The first waiter, whichever check.
    rig.alive("a2").gives("r2 gets a2 (checked)");
}

#[test]
fn r16_a_waiter_who_has_a_dial_starts_no_check() {
    let mut rig = Rig::new(checking());
    rig.park("a", 1);
    rig.request("gone", "a").gives("gone gets a1 (idle)");
    rig.request("r1", "a").gives("r1 waits, dial a2");
    rig.cancel("r1").gives_nothing();
    rig.returned("a1").gives("park a1");
    rig.at(10).request("r2", "a").gives("r2 waits"); // a2 is cover.
    rig.dialed("a2").gives("r2 gets a2 (other dial)");
}

#[test]
fn r16_the_waiter_stays_eligible_for_anything_else() {
    let mut rig = Rig::new(checking());
    rig.lease("r1", "a");
    rig.lease("r2", "a");
    rig.returned("a1").gives("park a1");
    rig.at(10).request("r3", "a").gives("r3 waits, check a1");
    rig.returned("a2").gives("r3 gets a2 (returned)"); // Late binding over checks.
    rig.alive("a1").gives("park a1"); // Passed without a waiter.
}

#[test]
fn r16_a_request_whose_deadline_has_passed_starts_no_check() {
    let mut rig = Rig::new(checking());
    rig.park("a", 1);
    rig.at(10).request_until("r1", "a", 10).gives("r1 fails: timeout");
    assert_eq!(rig.stats().checking, 0);
}

#[test]
fn r16_a_longer_time_lets_those_who_wait_have_what_is_parked() {
    let mut rig = Rig::new(checking().max_dials_per_key(1));
    rig.park("a", 2);
    rig.at(10).request("r1", "a").gives("r1 waits, check a2");
    rig.reconfigure(&checking().check_after_idle(ms(50))).gives("r1 gets a1 (idle)");
    rig.alive("a2").gives("park a2");
}

#[test]
fn r16_r18_new_capacity_does_not_spare_a_check() {
    let mut rig = Rig::new(checking().check_after_idle(ms(1)).max_dials_per_key(1));
    rig.request("r0", "a").gives("r0 waits, dial a1");
    rig.request_until("r1", "a", 1).gives("r1 waits");
    rig.dialed("a1").gives("r0 gets a1 (own dial), dial a2");
    rig.at(1).returned("a1").gives("r1 fails: timeout, park a1");
    // The dial under way is cover for it, so no check starts.
    rig.at(9).request("r2", "a").gives("r2 waits");
    rig.capacity("a1", 2).gives_nothing();
    rig.dialed("a2").gives("r2 gets a2 (other dial)");
}
