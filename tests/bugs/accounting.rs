//! Limits exceeded, and counters that drifted.

use latebind::Config;

use crate::of_key;
use latebind_testkit::rig::{Rig, ms};

/// curl/curl#15857: a connection in graceful shutdown no longer counted, so there were too many sockets.
#[test]
fn b45_a_closing_connection_counts_until_it_is_gone() {
    let mut rig = Rig::new(Config::default().max_connections(1));
    rig.park("a", 1);
    rig.draining("a1").gives("close a1: draining");
    rig.request("r2", "b").gives("r2 waits");
    assert_eq!(rig.stats().closing, 1);
    rig.closed("a1").gives("dial b1");
}

/// redis/go-redis PR#3625: a hand-over freed the slot, and so did the return that followed.
#[test]
fn b47_a_hand_over_keeps_its_slot() {
    let mut rig = Rig::new(of_key(1));
    rig.lease("r1", "a");
    rig.request("r2", "a").gives("r2 waits");
    rig.returned("a1").gives("r2 gets a1 (returned)");
    assert_eq!(rig.stats().connections(), 1);
    rig.request("r3", "a").gives("r3 waits");
    rig.returned("a1").gives("r3 gets a1 (returned)");
    rig.returned("a1").gives("park a1");
    rig.returned("a1").gives_misuse("not leased: a1");
    assert_eq!(rig.stats().connections(), 1);
}

/// reactor/reactor-pool#98: with no waiters allowed, even an idle connection was refused.
///
/// The report leaves open whether waiting for one's own dial counts. Here it does.
#[test]
fn b49_with_no_waiters_allowed_the_idle_connection_is_delivered() {
    let mut rig = Rig::new(of_key(2));
    rig.park("a", 1);
    rig.reconfigure(&of_key(2).max_waiters(0)).gives_nothing();
    rig.request("r1", "a").gives("r1 gets a1 (idle)");
    rig.request("r2", "a").gives("r2 fails: too many waiters");
    rig.request("r3", "a").gives("r3 fails: too many waiters");
}

/// golang/go#34941: a shared connection that closed was subtracted twice.
#[test]
fn b51_a_connection_is_subtracted_once() {
    let mut rig = Rig::new(of_key(1));
    rig.lease_shared("r1", "a", 1);
    rig.capacity("a1", 0).gives_nothing();
    let _ = rig.request("r2", "a");
    rig.closed("a1").gives("dial a2");
    rig.closed("a1").gives_nothing();
    assert_eq!(rig.key_stats("a").map(|stats| stats.connections()), Some(1));
}

/// npgsql/npgsql#4479: a connection that came back twice was delivered to two requests.
#[test]
fn b53_a_second_return_delivers_nothing() {
    let mut rig = Rig::new(of_key(1));
    rig.lease("r1", "a");
    rig.closed("a1").gives_nothing();
    rig.returned("a1").gives_nothing();
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.request("r3", "a").gives("r3 waits");
    rig.dialed("a2").gives("r2 gets a2 (own dial)");
    rig.returned("a2").gives("r3 gets a2 (returned)");
    rig.returned("a2").gives("park a2");
    rig.returned("a2").gives_misuse("not leased: a2");
}

/// hyperium/hyper PR#1295: the sweep of expired connections dropped keys that had one left.
#[test]
fn b55_the_last_connection_of_a_key_survives_the_others_expiry() {
    let mut rig = Rig::new(Config::default().idle_timeout(ms(90)));
    for name in ["r1", "r2", "r3"] {
        rig.lease(name, "a");
    }
    rig.returned("a1").gives("park a1");
    rig.returned("a2").gives("park a2");
    rig.at(50).returned("a3").gives("park a3");
    rig.at(90).tick().gives("close a1: idle timeout, close a2: idle timeout");
    rig.request("r4", "a").gives("r4 gets a3 (idle)");
}

/// reactor/reactor-netty#2828: the leases of a shared connection were counted up and never down.
#[test]
fn b57_fifty_leases_end_and_it_is_parked_once() {
    let mut rig = Rig::new(Config::default());
    rig.lease_shared("r1", "a", 100);
    for number in 2..=50 {
        rig.request(&format!("r{number}"), "a").gives(&format!("r{number} gets a1 (shared)"));
    }
    for _ in 1..50 {
        rig.returned("a1").gives_nothing();
    }
    rig.sleeps_for_ever();
    rig.returned("a1").gives("park a1");
    rig.sleeps_until(90_000);
}

/// deadpool-rs/deadpool#380: a limit lowered below the size and raised again underflowed.
#[test]
fn b59_a_limit_goes_below_the_size_and_up_again() {
    let mut rig = Rig::new(of_key(4));
    for name in ["r1", "r2", "r3", "r4"] {
        rig.lease(name, "a");
    }
    rig.reconfigure(&of_key(2)).gives_nothing();
    rig.reconfigure(&of_key(3)).gives_nothing();
    rig.returned("a1").gives("close a1: connection limit");
    rig.closed("a1").gives_nothing();
    for conn in ["a2", "a3", "a4"] {
        rig.returned(conn).gives(&format!("park {conn}"));
    }
    rig.request("r5", "a").gives("r5 gets a4 (idle)");
}
