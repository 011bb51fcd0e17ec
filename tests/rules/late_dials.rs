//! R7 and R12: dials that take too long, and the cause that a timeout names.

use latebind::{Config, DialFailure};

use latebind_testkit::rig::{Rig, ms};

#[test]
fn r7_a_dial_that_takes_too_long_has_failed() {
    let mut rig = Rig::new(Config::default().dial_timeout(ms(100)).max_connections_per_key(2));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.at(50).request("r2", "a").gives("r2 waits, dial a2");
    rig.at(60).request("r3", "a").gives("r3 waits");
    rig.sleeps_until(100).just_before(100).tick().gives_nothing();
    // R9: it holds its slot until it is reported, so r3 has to wait for a dial.
    rig.at(100).tick().gives("stop a1, r1 fails: dial timeout of a1");
    rig.at(110).dial_failed("a1").gives("dial a3");
    rig.sleeps_until(150);
}

#[test]
fn r7_dials_that_time_out_in_one_step_are_charged_one_after_the_other() {
    let mut rig = Rig::new(Config::default().dial_timeout(ms(100)));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.at(1).request("r2", "a").gives("r2 waits, dial a2");
    rig.at(500).tick().gives("stop a1, r1 fails: dial timeout of a1, stop a2, r2 fails: dial timeout of a2");
}

#[test]
fn r7_a_timed_out_dial_that_succeeds_all_the_same_is_used() {
    let mut rig = Rig::new(Config::default().dial_timeout(ms(100)).max_connections_per_key(1));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.at(90).request("r2", "a").gives("r2 waits");
    rig.at(100).tick().gives("stop a1, r1 fails: dial timeout of a1");
    rig.at(120).dialed("a1").gives("r2 gets a1 (other dial)");
}

#[test]
fn r7_a_stopped_dial_is_charged_only_once() {
    let mut rig = Rig::new(Config::default().dial_timeout(ms(100)).dial_failure(DialFailure::FailAll));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.at(100).tick().gives("stop a1, r1 fails: dial timeout of a1");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.dial_failed("a1").gives_nothing();
    rig.dialed("a2").gives("r2 gets a2 (own dial)");
}

#[test]
fn r7_a_dial_reported_at_its_timeout_has_not_timed_out() {
    let mut rig = Rig::new(Config::default().dial_timeout(ms(100)));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.at(100).dialed("a1").gives("r1 gets a1 (own dial)");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.at(250).dialed("a2").gives("r2 gets a2 (own dial)");
    rig.request("r3", "a").gives("r3 waits, dial a3");
    rig.at(400).dial_failed("a3").gives("r3 fails: dial of a3");
}

#[test]
fn r7_a_later_timeout_names_the_failure_as_its_cause() {
    let mut rig = Rig::new(Config::default().request_timeout(ms(50)));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.at(10).request("r2", "a").gives("r2 waits, dial a2");
    rig.cancel("r1").gives_nothing();
    rig.at(20).dial_failed("a1").gives_nothing();
    rig.at(60).tick().gives("r2 fails: timeout of a1");
}

#[test]
fn r7_after_a_success_a_timeout_has_no_cause() {
    let mut rig = Rig::new(Config::default().max_connections_per_key(2).request_timeout(ms(50)));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.request("r3", "a").gives("r3 waits");
    rig.dial_failed("a1").gives("r1 fails: dial of a1, dial a3");
    rig.dialed("a2").gives("r2 gets a2 (own dial)");
    rig.at(50).tick().gives("r3 fails: timeout");
}

#[test]
fn r7_a_timeout_in_the_step_of_the_failure_comes_first() {
    let mut rig = Rig::new(Config::default().request_timeout(ms(50)));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.at(50).dial_failed("a1").gives("r1 fails: timeout");
    rig.request("r2", "b").gives("r2 waits, dial b1");
}
