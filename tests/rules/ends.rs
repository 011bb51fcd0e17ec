//! R12: how connections end by themselves: idle for too long, too old, worn out.

use latebind::{Config, Time};

use crate::timeless;
use latebind_testkit::rig::{Rig, ms};

#[test]
fn r12_a_parked_connection_closes_after_the_idle_timeout() {
    let mut rig = Rig::new(timeless().idle_timeout(ms(90)));
    rig.lease("r1", "a");
    rig.lease("r2", "a");
    rig.at(10).returned("a1").gives("park a1");
    rig.at(20).returned("a2").gives("park a2");
    rig.sleeps_until(100).just_before(100).tick().gives_nothing();
    rig.at(100).tick().gives("close a1: idle timeout");
    rig.sleeps_until(110).at(500).tick().gives("close a2: idle timeout");
    rig.sleeps_for_ever();
    rig.closed("a1").gives_nothing();
    rig.closed("a2").gives_nothing();
    assert_eq!(rig.stats().keys, 0);
}

#[test]
fn r12_use_starts_the_idle_timeout_anew() {
    let mut rig = Rig::new(timeless().idle_timeout(ms(90)));
    rig.park("a", 1);
    rig.sleeps_until(90).at(80).request("r1", "a").gives("r1 gets a1 (idle)");
    rig.sleeps_for_ever().at(1000).returned("a1").gives("park a1");
    rig.sleeps_until(1090);
}

#[test]
fn r12_a_connection_never_used_closes_sooner() {
    let mut rig = Rig::new(timeless().idle_timeout(ms(90)).unused_idle_timeout(ms(30)));
    rig.lease("r1", "a");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.cancel("r2").gives_nothing();
    rig.returned("a1").gives("park a1");
    rig.dialed("a2").gives("park a2");
    rig.sleeps_until(30).at(30).tick().gives("close a2: idle timeout");
    rig.sleeps_until(90);
}

#[test]
fn r12_a_connection_is_unused_until_it_was_delivered() {
    let mut rig = Rig::new(timeless().unused_idle_timeout(ms(30)));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.cancel("r1").gives_nothing();
    rig.dialed("a1").gives("park a1");
    rig.sleeps_until(30).at(20).request("r2", "a").gives("r2 gets a1 (idle)");
    rig.returned("a1").gives("park a1");
    rig.sleeps_for_ever(); // No idle timeout for those that were used.
}

#[test]
fn r12_a_parked_connection_closes_at_the_end_of_its_life() {
    let mut rig = Rig::new(timeless().max_lifetime(ms(100)).idle_timeout(ms(90)));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.at(50).dialed("a1").gives("r1 gets a1 (own dial)"); // Its life begins here.
    rig.sleeps_for_ever().at(70).returned("a1").gives("park a1");
    rig.sleeps_until(150).just_before(150).tick().gives_nothing();
    rig.at(150).tick().gives("close a1: lifetime");
}

#[test]
fn r12_the_sooner_of_idle_timeout_and_lifetime_decides() {
    let mut rig = Rig::new(timeless().max_lifetime(ms(100)).idle_timeout(ms(30)));
    rig.park("a", 1);
    rig.sleeps_until(30).at(20).request("r1", "a").gives("r1 gets a1 (idle)");
    rig.at(80).returned("a1").gives("park a1");
    rig.sleeps_until(100).at(100).tick().gives("close a1: lifetime");
}

#[test]
fn r12_a_lease_outlives_its_connections_lifetime() {
    let mut rig = Rig::new(timeless().max_lifetime(ms(100)).max_connections_per_key(1));
    rig.lease("r1", "a");
    rig.request("r2", "a").gives("r2 waits");
    rig.sleeps_for_ever().at(5000).tick().gives_nothing();
    rig.returned("a1").gives("close a1: lifetime");
    rig.closed("a1").gives("dial a2");
}

#[test]
fn r12_the_lifetime_is_asked_exactly_at_return() {
    let mut rig = Rig::new(timeless().max_lifetime(ms(100)));
    rig.lease("r1", "a");
    rig.lease("r2", "a");
    rig.just_before(100).returned("a1").gives("park a1");
    rig.at(100).returned("a2").gives("close a2: lifetime, close a1: lifetime");
}

#[test]
fn r12_jitter_is_added_to_the_lifetime_and_drawn_once() {
    let mut rig = Rig::new(timeless().max_lifetime(ms(100)).lifetime_jitter(ms(50)));
    rig.park("a", 1);
    let end = rig.deadline().expect("its life ends");
    assert!((ms(100)..=ms(150)).contains(&end.since(Time::ZERO)), "{end:?}");
    for now in [10, 60, 99] {
        rig.at(now).tick().gives_nothing();
        rig.request(&format!("r{now}"), "a").gives(&format!("r{now} gets a1 (idle)"));
        rig.returned("a1").gives("park a1");
        assert_eq!(rig.deadline(), Some(end));
    }
    rig.at_time(Time(end.0 - 1)).tick().gives_nothing();
    rig.at_time(end).tick().gives("close a1: lifetime");
}

#[test]
fn r12_a_worn_out_connection_closes_on_return() {
    let mut rig = Rig::new(timeless().max_uses(2).max_connections_per_key(1));
    rig.lease("r1", "a");
    rig.returned("a1").gives("park a1");
    rig.request("r2", "a").gives("r2 gets a1 (idle)");
    rig.request("r3", "a").gives("r3 waits");
    rig.returned("a1").gives("close a1: max uses");
    rig.closed("a1").gives("dial a2");
}

#[test]
fn r12_uses_are_counted_at_delivery_and_handing_over_is_one() {
    let mut rig = Rig::new(timeless().max_uses(2).max_connections_per_key(1));
    rig.lease("r1", "a");
    rig.request("r2", "a").gives("r2 waits");
    rig.returned("a1").gives("r2 gets a1 (returned)");
    rig.returned("a1").gives("close a1: max uses");
}

#[test]
fn r12_a_surplus_dial_was_not_used() {
    let mut rig = Rig::new(timeless().max_uses(1));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.cancel("r1").gives_nothing();
    rig.dialed("a1").gives("park a1");
    rig.request("r2", "a").gives("r2 gets a1 (idle)");
    rig.returned("a1").gives("close a1: max uses");
}

#[test]
fn r12_what_is_reported_as_closed_is_not_told_to_close_in_the_same_step() {
    let mut rig = Rig::new(Config::default().idle_timeout(ms(10)));
    rig.lease("r1", "a");
    rig.returned("a1").gives("park a1");
    rig.at(10).closed("a1").gives_nothing();
}
