//! R22: long leases are reported once.

use latebind::Config;

use crate::timeless;
use latebind_testkit::rig::{Rig, ms};

fn warning() -> Config {
    Config::default().request_timeout(None).dial_timeout(None).idle_timeout(None).lease_warn_after(ms(100))
}

#[test]
fn r22_a_long_lease_is_reported_once() {
    let mut rig = Rig::new(warning());
    rig.at(20).lease("r1", "a");
    rig.sleeps_until(120).just_before(120).tick().gives_nothing();
    rig.at(120).tick().gives("overdue a1");
    rig.sleeps_for_ever().at(5000).tick().gives_nothing();
    rig.returned("a1").gives("park a1");
}

#[test]
fn r22_a_new_lease_is_reported_again() {
    let mut rig = Rig::new(warning());
    rig.lease("r1", "a");
    rig.at(100).tick().gives("overdue a1");
    rig.at(150).returned("a1").gives("park a1");
    rig.sleeps_for_ever();
    rig.at(160).request("r2", "a").gives("r2 gets a1 (idle)");
    rig.sleeps_until(260).at(260).tick().gives("overdue a1");
}

#[test]
fn r22_a_lease_handed_over_is_a_new_one() {
    let mut rig = Rig::new(warning().max_connections_per_key(1));
    rig.lease("r1", "a");
    rig.request("r2", "a").gives("r2 waits");
    rig.at(60).returned("a1").gives("r2 gets a1 (returned)");
    rig.sleeps_until(160).at(160).tick().gives("overdue a1");
    rig.request("r3", "a").gives("r3 waits");
    rig.at(170).returned("a1").gives("r3 gets a1 (returned)");
    rig.sleeps_until(270);
}

#[test]
fn r22_of_a_shared_connection_the_time_counts_since_its_leases_were_last_none() {
    let mut rig = Rig::new(warning());
    rig.lease_shared("r1", "a", 3);
    rig.at(60).request("r2", "a").gives("r2 gets a1 (shared)");
    rig.at(70).returned("a1").gives_nothing();
    rig.sleeps_until(100).at(100).tick().gives("overdue a1");
    rig.at(110).request("r3", "a").gives("r3 gets a1 (shared)");
    rig.sleeps_for_ever().at(120).returned("a1").gives_nothing();
    rig.returned("a1").gives("park a1");
    rig.at(130).request("r4", "a").gives("r4 gets a1 (idle)");
    rig.sleeps_until(230);
}

#[test]
fn r22_a_lease_whose_end_is_just_being_reported_is_not_overdue() {
    let mut rig = Rig::new(warning());
    rig.lease("r1", "a");
    rig.at(500).returned("a1").gives("park a1");
}

#[test]
fn r22_a_shared_connection_with_leases_left_is() {
    let mut rig = Rig::new(warning());
    rig.lease_shared("r1", "a", 2);
    rig.request("r2", "a").gives("r2 gets a1 (shared)");
    rig.at(500).returned("a1").gives("overdue a1");
}

#[test]
fn r22_those_on_their_last_lease_are_reported_too() {
    let mut rig = Rig::new(warning().max_uses(1));
    rig.lease("r1", "a");
    rig.lease("r2", "b");
    rig.draining("b1").gives_nothing();
    rig.at(100).tick().gives("overdue a1, overdue b1");
}

#[test]
fn r22_a_lease_without_capacity_is_reported() {
    let mut rig = Rig::new(warning());
    rig.lease("r1", "a");
    rig.capacity("a1", 0).gives_nothing();
    rig.at(100).tick().gives("overdue a1");
    rig.capacity("a1", 4).gives_nothing();
    rig.sleeps_for_ever();
}

#[test]
fn r22_off_by_default() {
    let mut rig = Rig::new(warning().lease_warn_after(None));
    rig.lease("r1", "a");
    rig.sleeps_for_ever();
}

#[test]
fn r22_a_reconfigured_duration_applies_to_running_leases() {
    let mut rig = Rig::new(warning().lease_warn_after(None));
    rig.lease("r1", "a");
    rig.at(10).lease("r2", "a");
    rig.reconfigure(&warning()).gives_nothing();
    rig.sleeps_until(100).at(100).tick().gives("overdue a1");
    rig.reconfigure(&warning().lease_warn_after(ms(200))).gives_nothing();
    rig.sleeps_until(210).at(210).tick().gives("overdue a2");
    rig.sleeps_for_ever();
}

#[test]
fn r22_what_was_reported_is_not_reported_again_when_the_warning_is_switched_off_and_on() {
    let mut rig = Rig::new(warning());
    rig.lease("r1", "a");
    rig.at(100).tick().gives("overdue a1");
    rig.reconfigure(&warning().lease_warn_after(None)).gives_nothing();
    rig.reconfigure(&warning()).gives_nothing();
    rig.sleeps_for_ever().at(300).tick().gives_nothing();
}

#[test]
fn r22_an_interrupted_lease_is_not_overdue() {
    let mut rig = Rig::new(warning());
    rig.lease("r1", "a");
    rig.interrupt("a").gives("close a1: cleared");
    rig.sleeps_for_ever();
}

#[test]
fn r21_r22_leases_that_outlive_a_shutdown_are_reported() {
    let mut rig = Rig::new(warning());
    rig.lease("r1", "a");
    rig.shutdown().gives_nothing();
    rig.sleeps_until(100).at(100).tick().gives("overdue a1");
    rig.returned("a1").gives("close a1: shutdown");
}

#[test]
fn r22_a_lease_that_ends_with_its_connection_is_not_overdue_in_that_step() {
    let mut rig = Rig::new(warning());
    rig.lease_shared("r1", "a", 2);
    rig.request("r2", "a").gives("r2 gets a1 (shared)");
    rig.at(500).closed("a1").gives_nothing();
}

#[test]
fn r22_a_lease_after_one_that_was_reported_is_reported_too_also_if_reports_were_off_meanwhile() {
    let config = timeless().lease_warn_after(ms(10)).max_connections_per_key(1);
    let mut rig = Rig::new(config.clone());
    rig.lease("r1", "a");
    rig.at(10).tick().gives("overdue a1");
    rig.returned("a1").gives("park a1");
    rig.request("r2", "a").gives("r2 gets a1 (idle)");
    rig.reconfigure(&config.clone().lease_warn_after(None)).gives_nothing();
    rig.reconfigure(&config).gives_nothing();
    rig.at(20).tick().gives("overdue a1");
}
