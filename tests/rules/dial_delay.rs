//! R14: a dial is held while connections of its key are on lease, in the hope of a return.

use std::time::Duration;

use latebind::Config;

use latebind_testkit::rig::{Rig, ms};

fn hoping() -> Config {
    Config::default().request_timeout(None).dial_timeout(None).idle_timeout(None).dial_delay(ms(40))
}

#[test]
fn r14_a_dial_is_held_while_a_connection_is_on_lease() {
    let mut rig = Rig::new(hoping());
    rig.lease("r1", "a");
    rig.at(5).request("r2", "a").gives("r2 waits");
    rig.sleeps_until(45).just_before(45).tick().gives_nothing();
    rig.at(45).tick().gives("dial a2");
    rig.dialed("a2").gives("r2 gets a2 (own dial)");
}

#[test]
fn r14_a_return_spares_the_dial() {
    let mut rig = Rig::new(hoping());
    rig.lease("r1", "a");
    rig.request("r2", "a").gives("r2 waits");
    rig.at(20).returned("a1").gives("r2 gets a1 (returned)");
    rig.sleeps_for_ever();
    assert_eq!(rig.stats().connections(), 1);
}

#[test]
fn r14_without_a_lease_of_the_key_nothing_is_held() {
    let mut rig = Rig::new(hoping());
    rig.lease("r1", "b");
    rig.request("r2", "a").gives("r2 waits, dial a1");
    rig.request("r3", "a").gives("r3 waits, dial a2"); // A dial is no lease.
}

#[test]
fn r14_the_hold_ends_with_the_keys_last_lease() {
    let mut rig = Rig::new(hoping());
    rig.lease("r1", "a");
    rig.at(10).request("r2", "a").gives("r2 waits");
    rig.at(20).closed("a1").gives("dial a2");

    let mut rig = Rig::new(hoping());
    let one = rig.lease("r1", "a");
    rig.at(40).request("r2", "a").gives("r2 waits");
    rig.at(80).tick().gives("dial a2");
    rig.dialed("a2").gives("r2 gets a2 (own dial)");
    rig.request("r3", "a").gives("r3 waits");
    rig.closed(&one).gives_nothing(); // Another lease is left.
    rig.closed("a2").gives("dial a3");
}

#[test]
fn r14_nobody_hopes_for_a_connection_that_is_worn_out() {
    let mut rig = Rig::new(hoping().max_uses(1));
    rig.lease("r1", "a");
    rig.request("r2", "a").gives("r2 waits, dial a2");
}

#[test]
fn r14_each_hold_counts_from_the_arrival_of_the_first_waiter_without_cover() {
    let mut rig = Rig::new(hoping());
    rig.lease("r1", "a");
    rig.request("r2", "a").gives("r2 waits");
    rig.at(30).request("r3", "a").gives("r3 waits");
    rig.sleeps_until(40).at(40).tick().gives("dial a2"); // For r2.
    rig.sleeps_until(70).at(70).tick().gives("dial a3");
}

#[test]
fn r14_who_has_waited_long_enough_is_not_held_again() {
    let mut rig = Rig::new(hoping());
    rig.lease("r1", "a");
    rig.request("r2", "a").gives("r2 waits");
    rig.at(40).tick().gives("dial a2");
    rig.request("r3", "a").gives("r3 waits");
    // The dial's failure is charged to r2, who alone was there; r3 is still held.
    rig.dial_failed("a2").gives("r2 fails: dial of a2");
    rig.sleeps_until(80);
}

#[test]
fn r14_off_by_default_and_when_it_is_switched_off() {
    let mut rig = Rig::new(hoping());
    rig.lease("r1", "a");
    rig.request("r2", "a").gives("r2 waits");
    rig.reconfigure(&hoping().dial_delay(None)).gives("dial a2");
    let mut rig = Rig::new(Config::default());
    rig.lease("r1", "a");
    rig.request("r2", "a").gives("r2 waits, dial a2");
}

#[test]
fn r14_a_held_dial_evicts_nobody() {
    let mut rig = Rig::new(hoping().max_connections(2));
    rig.park("b", 1);
    rig.lease("r1", "a");
    rig.request("r2", "a").gives("r2 waits");
    rig.at(40).tick().gives("close b1: evicted");
    rig.closed("b1").gives("dial a2");
}

#[test]
fn r14_a_held_waiter_lets_others_have_the_slot() {
    let mut rig = Rig::new(hoping().max_connections(3));
    rig.lease("r1", "a");
    rig.lease("r2", "b");
    rig.lease("r3", "c");
    rig.request_level("held", "a", 7).gives("held waits");
    rig.request("r4", "d").gives("r4 waits");
    rig.closed("c1").gives("dial d1");
    rig.at(40).tick().gives_nothing();
    rig.closed("b1").gives("dial a2");
}

#[test]
fn r14_with_zero_nothing_is_held() {
    let mut rig = Rig::new(hoping().dial_delay(ms(0)));
    rig.lease("r1", "a");
    rig.request("r2", "a").gives("r2 waits, dial a2");
}

#[test]
fn r14_the_longest_hold_lasts_as_long_as_the_lease() {
    let mut rig = Rig::new(hoping().dial_delay(Duration::MAX));
    rig.lease("r1", "a");
    rig.request("r2", "a").gives("r2 waits");
    rig.sleeps_for_ever();
    rig.closed("a1").gives("dial a2");
}
