//! R20: connections ahead of requests, once.

use latebind::{DialFailure, Surplus};

use crate::timeless;
use latebind_testkit::rig::{Rig, ms};

#[test]
fn r20_so_many_connections_are_dialed() {
    let mut rig = Rig::new(timeless());
    rig.preconnect("a", 2).gives("dial a1, dial a2");
    rig.dialed("a1").gives("park a1");
    rig.dialed("a2").gives("park a2");
    rig.request("r1", "a").gives("r1 gets a2 (idle)");
}

#[test]
fn r20_once() {
    let mut rig = Rig::new(timeless());
    rig.preconnect("a", 1).gives("dial a1");
    rig.dial_failed("a1").gives_nothing();
    rig.tick().gives_nothing();
    assert_eq!(rig.stats().keys, 0);
}

#[test]
fn r20_what_is_there_counts() {
    let mut rig = Rig::new(timeless());
    rig.lease("r1", "a"); // On lease.
    rig.park("a", 1); // Parked.
    rig.request("r2", "b").gives("r2 waits, dial b1");
    rig.preconnect("a", 2).gives_nothing();
    rig.preconnect("a", 3).gives("dial a3");
    rig.preconnect("a", 3).gives_nothing(); // Dialing.
    rig.preconnect("b", 1).gives_nothing();
    rig.preconnect("c", 0).gives_nothing();
    assert_eq!(rig.stats().keys, 2);
}

#[test]
fn r20_what_is_under_check_or_without_capacity_counts() {
    let mut rig = Rig::new(timeless().check_after_idle(ms(10)));
    rig.park("a", 1);
    rig.park("b", 1);
    rig.at(10).request("r1", "a").gives("r1 waits, check a1");
    rig.capacity("b1", 0).gives_nothing();
    rig.preconnect("a", 1).gives_nothing();
    rig.preconnect("b", 1).gives_nothing();
}

#[test]
fn r20_what_is_on_its_way_out_does_not_count() {
    let mut rig = Rig::new(timeless().surplus(Surplus::Cancel));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.cancel("r1").gives("stop a1");
    rig.lease("r2", "a");
    rig.draining("a2").gives_nothing();
    rig.park("b", 1);
    rig.draining("b1").gives("close b1: draining");
    rig.preconnect("a", 1).gives("dial a3");
    rig.preconnect("b", 1).gives("dial b2");
}

#[test]
fn r3_r20_a_preconnects_dial_belongs_to_nobody() {
    let mut rig = Rig::new(timeless());
    rig.preconnect("a", 1).gives("dial a1");
    rig.request("r1", "a").gives("r1 waits"); // It is cover.
    rig.dialed("a1").gives("r1 gets a1 (other dial)");
}

#[test]
fn r7_r20_its_failure_charges_nobody_who_was_not_there() {
    let mut rig = Rig::new(timeless());
    rig.preconnect("a", 1).gives("dial a1");
    rig.request("r1", "a").gives("r1 waits");
    rig.dial_failed("a1").gives("dial a2");
}

#[test]
fn r20_what_finds_no_room_of_its_key_is_dropped() {
    let mut rig = Rig::new(timeless().max_connections_per_key(2));
    rig.preconnect("a", 5).gives("dial a1, dial a2");
    rig.dial_failed("a1").gives_nothing();
    let mut rig = Rig::new(timeless().max_connections(2));
    rig.preconnect("a", 5).gives("dial a1, dial a2");
    rig.dial_failed("a1").gives_nothing();
}

#[test]
fn r10_r20_it_may_evict_parked_connections_of_other_keys() {
    let mut rig = Rig::new(timeless().max_connections(2));
    rig.park("b", 1);
    rig.lease("r1", "c");
    rig.preconnect("a", 2).gives("close b1: evicted"); // The second finds no room.
    rig.closed("b1").gives("dial a1");
    rig.dialed("a1").gives("park a1");
}

#[test]
fn r10_r20_it_cancels_no_dial() {
    let mut rig = Rig::new(timeless().max_connections(1));
    rig.request("r1", "b").gives("r1 waits, dial b1");
    rig.cancel("r1").gives_nothing();
    rig.preconnect("a", 1).gives_nothing();
    rig.dialed("b1").gives("park b1"); // It was dropped, and wants no room any more.
}

#[test]
fn r10_r20_its_dial_is_surplus_when_another_keys_waiter_needs_the_room() {
    let mut rig = Rig::new(timeless().max_connections(1));
    rig.preconnect("a", 1).gives("dial a1");
    rig.request("r1", "b").gives("r1 waits, stop a1");
    rig.dial_failed("a1").gives("dial b1");
}

#[test]
fn r5_r20_surplus_cancel_leaves_it_alone() {
    let mut rig = Rig::new(timeless().surplus(Surplus::Cancel));
    rig.preconnect("a", 1).gives("dial a1");
    rig.request("r1", "b").gives("r1 waits, dial b1");
    rig.cancel("r1").gives("stop b1");
    rig.dialed("a1").gives("park a1");
}

#[test]
fn r11_r20_idle_limits_are_for_what_it_brings_too() {
    let mut rig = Rig::new(timeless().max_idle_per_key(1));
    rig.preconnect("a", 2).gives("dial a1, dial a2");
    rig.dialed("a1").gives("park a1");
    rig.dialed("a2").gives("close a2: idle limit");
}

#[test]
fn r19_r20_in_a_pause_it_is_dropped() {
    let mut rig = Rig::new(timeless());
    rig.pause().gives_nothing();
    rig.preconnect("a", 1).gives_nothing();
    rig.resume().gives_nothing();
    assert_eq!(rig.stats().keys, 0);
}

#[test]
fn r7_r20_in_a_backoff_it_is_dropped() {
    let retry = DialFailure::Retry { backoff: ms(100), backoff_max: ms(100), attempts: 9 };
    let mut rig = Rig::new(timeless().dial_failure(retry));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.cancel("r1").gives_nothing();
    rig.dial_failed("a1").gives_nothing();
    rig.preconnect("a", 1).gives_nothing();
    rig.at(100).tick().gives_nothing();
}

#[test]
fn r20_r21_after_a_shutdown_it_does_nothing() {
    let mut rig = Rig::new(timeless());
    rig.shutdown().gives("drained");
    rig.preconnect("a", 1).gives_nothing();
    rig.keep("a", 1).gives_nothing();
    assert_eq!(rig.stats().keys, 0);
}

#[test]
fn r20_a_waiter_comes_before_a_preconnect() {
    let mut rig = Rig::new(timeless().max_connections(2));
    rig.park("c", 2);
    rig.preconnect("a", 1).gives("close c1: evicted");
    rig.request("r1", "b").gives("r1 waits, close c2: evicted");
    rig.closed("c1").gives("dial b1");
    rig.closed("c2").gives("dial a1");
}

#[test]
fn r20_the_same_asked_again_while_room_is_made_evicts_nothing_more() {
    let mut rig = Rig::new(timeless().max_connections(2));
    rig.park("c", 2);
    rig.preconnect("a", 1).gives("close c1: evicted");
    rig.preconnect("a", 1).gives_nothing();
    rig.closed("c1").gives("dial a1");
}

#[test]
fn r10_r20_a_waiter_of_the_key_takes_the_room_that_its_preconnect_waits_for() {
    let mut rig = Rig::new(timeless().max_connections(2));
    rig.park("b", 2);
    rig.preconnect("a", 1).gives("close b1: evicted");
    rig.request("r1", "a").gives("r1 waits"); // As the preconnect's dial would be its cover.
    rig.closed("b1").gives("dial a1");
    rig.dialed("a1").gives("r1 gets a1 (own dial)");
    assert_eq!(rig.stats().idle, 1);
}

#[test]
fn r10_r20_what_was_evicted_for_a_preconnect_is_dialed_for_it_and_for_a_waiter_that_comes_meanwhile() {
    let mut rig = Rig::new(timeless().max_connections(3));
    for key in ["b", "c", "d"] {
        rig.park(key, 1);
    }
    let _ = rig.preconnect("a", 3);
    assert_eq!(rig.stats().closing, 3);
    rig.request("r1", "a").gives("r1 waits");
    for (gone, dialed) in [("b1", "a1"), ("c1", "a2"), ("d1", "a3")] {
        rig.closed(gone).gives(&format!("dial {dialed}"));
    }
}

#[test]
fn r20_every_dial_of_the_key_counts_for_a_preconnect_and_none_is_lost() {
    let mut rig = Rig::new(timeless().max_dials(1));
    rig.preconnect("a", 4).gives("dial a1");
    for name in ["r1", "r2", "r3"] {
        rig.request(name, "a").gives(&format!("{name} waits"));
    }
    for dial in ["a1", "a2", "a3", "a4"] {
        let _ = rig.dialed(dial);
    }
    assert_eq!((rig.stats().connections(), rig.stats().idle, rig.stats().dialing), (4, 1, 0));
}

#[test]
fn r13_r20_a_backup_does_not_take_the_room_that_was_made_for_a_preconnect() {
    let mut rig = Rig::new(timeless().max_connections(2).backup_dial_after(ms(5)));
    rig.park("b", 1);
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.at(1).preconnect("c", 1).gives("close b1: evicted");
    rig.at(6).tick().gives_nothing();
    rig.at(7).closed("b1").gives("dial c1");
}

#[test]
fn r20_the_preconnect_that_was_said_last_is_dropped_for_want_of_room() {
    let mut rig = Rig::new(timeless().max_connections(2));
    rig.lease("r1", "a");
    rig.park("c", 1);
    rig.preconnect("d", 1).gives("close c1: evicted");
    rig.preconnect("b", 1).gives_nothing(); // Nothing is parked that could go for it.
    rig.closed("c1").gives("dial d1");
    rig.closed("a1").gives_nothing();
}

#[test]
fn r20_preconnects_find_room_in_the_order_in_which_they_were_said() {
    let mut rig = Rig::new(timeless().max_connections(2));
    rig.park("c", 1);
    rig.park("e", 1);
    rig.keep("x", 1).gives_nothing();
    rig.preconnect("d", 1).gives("close c1: evicted");
    rig.keep("x", 0).gives_nothing(); // What the pool has forgotten makes no difference to the order.
    rig.preconnect("b", 1).gives("close e1: evicted");
    rig.closed("c1").gives("dial d1");
    rig.closed("e1").gives("dial b1");
}

#[test]
fn r20_r25_what_is_asked_for_beyond_all_room_is_dropped_at_once() {
    let mut rig = Rig::new(timeless().max_connections(2).max_connections_per_key(None));
    rig.preconnect("a", u32::MAX).gives("dial a1, dial a2");
    rig.preconnect("b", u32::MAX).gives_nothing();
}

/// One connection of "a" on lease, one waiter whose dial is held no longer behind a more urgent one whose is, and a
/// preconnect of "b" that waits for the only room that there will be.
fn a_hold_that_only_the_more_urgent_waiter_keeps_up() -> Rig {
    let mut rig = Rig::new(timeless().max_connections(2).dial_delay(ms(40)));
    rig.lease("r1", "a");
    rig.park("c", 1);
    rig.request("r2", "a").gives("r2 waits");
    rig.at(10).request_level("r3", "a", 7).gives("r3 waits");
    rig.preconnect("b", 1).gives("close c1: evicted");
    rig.at(45).tick().gives_nothing();
    rig
}

#[test]
fn i7_r14_r20_a_key_whose_preconnect_is_dropped_is_forgotten_when_a_cancel_ends_the_hold() {
    let mut rig = a_hold_that_only_the_more_urgent_waiter_keeps_up();
    rig.cancel("r3").gives_nothing();
    assert_eq!(rig.key_stats("b"), None);
    rig.closed("c1").gives("dial a2"); // For r2.
}

#[test]
fn i7_r14_r20_a_key_whose_preconnect_is_dropped_is_forgotten_when_a_return_ends_the_hold() {
    let mut rig = a_hold_that_only_the_more_urgent_waiter_keeps_up();
    rig.returned("a1").gives("r3 gets a1 (returned)");
    assert_eq!(rig.key_stats("b"), None);
    rig.closed("c1").gives("dial a2"); // For r2.
}
