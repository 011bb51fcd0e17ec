//! R21: the end. I8: what never happens after it.

use latebind::Config;

use crate::timeless;
use latebind_testkit::rig::Rig;

#[test]
fn r21_an_empty_pool_is_drained_at_once_and_says_so_once() {
    let mut rig = Rig::new(Config::default());
    assert!(!rig.is_drained());
    rig.shutdown().gives("drained");
    assert!(rig.is_drained());
    rig.shutdown().gives_nothing();
    rig.tick().gives_nothing();
}

#[test]
fn r21_everything_ends() {
    let mut rig = Rig::new(Config::default().max_connections_per_key(2));
    rig.park("a", 1);
    rig.lease("r1", "b");
    rig.request("r2", "b").gives("r2 waits, dial b2");
    rig.request("r3", "b").gives("r3 waits");
    rig.shutdown().gives("r2 fails: shutdown, r3 fails: shutdown, close a1: shutdown, stop b2");
    rig.sleeps_for_ever();
    rig.returned("b1").gives("close b1: shutdown");
    rig.dial_failed("b2").gives_nothing();
    rig.closed("b1").gives_nothing();
    assert!(!rig.is_drained());
    rig.closed("a1").gives("drained");
    assert_eq!((rig.stats().keys, rig.stats().connections()), (0, 0));
}

#[test]
fn r21_a_dial_that_succeeds_all_the_same_is_closed() {
    let mut rig = Rig::new(Config::default());
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.shutdown().gives("r1 fails: shutdown, stop a1");
    rig.dialed("a1").gives("close a1: shutdown");
    rig.closed("a1").gives("drained");
}

#[test]
fn r21_a_dial_that_was_told_to_stop_before_is_not_told_again() {
    let mut rig = Rig::new(Config::default().surplus(latebind::Surplus::Cancel));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.cancel("r1").gives("stop a1");
    rig.shutdown().gives_nothing();
    rig.dial_failed("a1").gives("drained");
}

#[test]
fn r21_the_last_dial_drains_too() {
    let mut rig = Rig::new(Config::default());
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.cancel("r1").gives_nothing();
    rig.shutdown().gives("stop a1");
    rig.dial_failed_fatally("a1").gives("drained");
}

#[test]
fn r21_new_requests_fail() {
    let mut rig = Rig::new(Config::default());
    rig.lease_shared("r1", "a", 9);
    rig.shutdown().gives_nothing();
    rig.request("r2", "a").gives("r2 fails: shutdown"); // Though there is room on a1.
    rig.request("r3", "b").gives("r3 fails: shutdown");
    rig.returned("a1").gives("close a1: shutdown");
    rig.closed("a1").gives("drained");
    rig.request("r4", "a").gives("r4 fails: shutdown");
}

#[test]
fn r21_a_lease_may_end_by_closing() {
    let mut rig = Rig::new(Config::default());
    rig.lease("r1", "a");
    rig.shutdown().gives_nothing();
    rig.closed("a1").gives("drained");
}

#[test]
fn r21_a_shared_connection_closes_with_its_last_lease() {
    let mut rig = Rig::new(Config::default());
    rig.lease_shared("r1", "a", 9);
    rig.request("r2", "a").gives("r2 gets a1 (shared)");
    rig.shutdown().gives_nothing();
    rig.capacity("a1", 20).gives_nothing();
    rig.returned("a1").gives_nothing();
    rig.returned("a1").gives("close a1: shutdown");
    rig.closed("a1").gives("drained");
}

#[test]
fn r21_a_connection_without_capacity_closes_at_once() {
    let mut rig = Rig::new(Config::default());
    rig.park("a", 1);
    rig.capacity("a1", 0).gives_nothing();
    rig.shutdown().gives("close a1: shutdown");
    rig.capacity("a1", 5).gives_nothing();
    rig.closed("a1").gives("drained");
}

#[test]
fn r21_what_was_closing_is_waited_for() {
    let mut rig = Rig::new(Config::default());
    rig.park("a", 1);
    rig.at(90_000).tick().gives("close a1: idle timeout");
    rig.shutdown().gives_nothing();
    rig.closed("a1").gives("drained");
}

#[test]
fn r21_new_limits_revive_nothing() {
    let mut rig = Rig::new(Config::default().max_connections(1));
    rig.lease("r1", "a");
    rig.request("r2", "a").gives("r2 waits");
    rig.shutdown().gives("r2 fails: shutdown");
    rig.reconfigure(&Config::default()).gives_nothing();
    rig.closed("a1").gives("drained");
}

#[test]
fn r21_a_waiter_that_is_due_times_out_before_the_end() {
    let mut rig = Rig::new(Config::default());
    rig.request_until("r1", "a", 50).gives("r1 waits, dial a1");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.at(50).shutdown().gives("r1 fails: timeout, r2 fails: shutdown, stop a1, stop a2");
}

#[test]
fn r21_what_leaves_for_a_shutdown_is_judged_by_no_new_config() {
    let mut rig = Rig::new(timeless());
    let conn = rig.lease_shared("r1", "a", 2);
    rig.request("r2", "a").gives(&format!("r2 gets {conn} (shared)"));
    rig.shutdown().gives_nothing();
    rig.reconfigure(&timeless().max_uses(1)).gives_nothing();
    rig.returned(&conn).gives_nothing();
    rig.returned(&conn).gives(&format!("close {conn}: shutdown"));
}

#[test]
fn r21_a_pool_that_has_become_empty_is_drained_at_once() {
    let mut rig = Rig::new(timeless());
    rig.lease("r1", "a");
    rig.closed("a1").gives_nothing();
    rig.shutdown().gives("drained");
}
