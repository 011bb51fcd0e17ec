//! Where two rules meet: pauses and shutdowns.

use latebind::{Surplus, Waiters};

use crate::timeless;
use latebind_testkit::rig::{Rig, ms};

#[test]
fn r19_a_clear_in_a_pause_closes_and_cancels_and_starts_nothing() {
    let mut rig = Rig::new(timeless());
    rig.park("b", 1);
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.pause().gives_nothing();
    rig.clear_all(Waiters::Keep, false).gives("close b1: cleared, stop a1");
    rig.dialed("a1").gives("close a1: cleared");
    rig.resume().gives("dial a2");
}

#[test]
fn r19_a_pause_with_dials_in_flight_parks_them_and_they_serve_after_it() {
    let mut rig = Rig::new(timeless().max_idle_per_key(1));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.pause().gives_nothing();
    rig.dialed("a1").gives("park a1");
    rig.dialed("a2").gives("close a2: idle limit"); // Nothing can be delivered.
    rig.resume().gives("r1 gets a1 (idle), dial a3");
}

#[test]
fn r19_r21_shutdown_in_a_pause_ends_everything() {
    let mut rig = Rig::new(timeless());
    rig.park("a", 1);
    rig.request("r1", "b").gives("r1 waits, dial b1");
    rig.pause().gives_nothing();
    rig.request("r2", "a").gives("r2 waits");
    rig.shutdown().gives("r2 fails: shutdown, r1 fails: shutdown, close a1: shutdown, stop b1");
    rig.resume().gives_nothing();
    rig.request("r3", "a").gives("r3 fails: shutdown");
    rig.dial_failed("b1").gives_nothing();
    rig.closed("a1").gives("drained");
}

#[test]
fn r19_r21_a_pause_after_a_shutdown_changes_nothing() {
    let mut rig = Rig::new(timeless());
    rig.lease("r1", "a");
    rig.shutdown().gives_nothing();
    rig.pause_refusing().gives_nothing();
    rig.request("r2", "a").gives("r2 fails: shutdown");
    rig.clear("a").gives_nothing();
    rig.returned("a1").gives("close a1: cleared");
    rig.closed("a1").gives("drained");
}

#[test]
fn r18_r19_capacity_that_comes_back_in_a_pause_is_parked_and_serves_after_it() {
    let mut rig = Rig::new(timeless());
    let conn = rig.lease_shared("r0", "a", 2);
    rig.returned(&conn).gives("park a1");
    rig.capacity("a1", 0).gives_nothing();
    rig.pause().gives_nothing();
    rig.request("r1", "a").gives("r1 waits");
    rig.capacity("a1", 2).gives("park a1");
    rig.capacity("a1", 0).gives_nothing();
    rig.capacity("a1", 2).gives("park a1");
    rig.resume().gives("r1 gets a1 (idle)");
}

#[test]
fn r18_r19_a_dial_that_turns_out_shared_in_a_pause_serves_many_after_it() {
    let mut rig = Rig::new(timeless().surplus(Surplus::Cancel));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.pause().gives_nothing();
    rig.dialed_shared("a1", 5).gives("park a1");
    rig.resume().gives("r1 gets a1 (idle), r2 gets a1 (shared), stop a2");
}

#[test]
fn r19_r20_floors_are_not_filled_in_a_pause() {
    let mut rig = Rig::new(timeless());
    rig.pause().gives_nothing();
    rig.keep("a", 1).gives_nothing();
    rig.resume().gives("dial a1");
    rig.pause().gives_nothing();
    rig.dialed("a1").gives("park a1");
    rig.closed("a1").gives_nothing();
    rig.resume().gives("dial a2");
}

#[test]
fn r16_r21_a_check_in_flight_ends_with_the_pool() {
    let mut rig = Rig::new(timeless().check_after_idle(ms(10)));
    rig.park("a", 1);
    rig.at(10).request("r1", "a").gives("r1 waits, check a1");
    rig.shutdown().gives("r1 fails: shutdown, close a1: shutdown");
    rig.alive("a1").gives_nothing();
    rig.closed("a1").gives("drained");
}

#[test]
fn r20_r21_floors_and_preconnects_end_with_the_pool() {
    let mut rig = Rig::new(timeless().max_connections(2));
    rig.park("b", 2);
    rig.keep("c", 1).gives_nothing();
    rig.preconnect("a", 1).gives("close b1: evicted");
    rig.shutdown().gives("close b2: shutdown");
    rig.closed("b1").gives_nothing();
    rig.sleeps_for_ever();
    rig.closed("b2").gives("drained");
    assert_eq!(rig.stats().keys, 0);
}
