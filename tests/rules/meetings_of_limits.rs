//! Where limits meet other rules: room, checks, reconfiguration.

use crate::timeless;
use latebind_testkit::rig::{Rig, ms};

#[test]
fn r10_r16_a_connection_under_check_is_not_evicted() {
    let mut rig = Rig::new(timeless().check_after_idle(ms(10)).max_connections(1));
    rig.park("a", 1);
    rig.at(10).request("r1", "a").gives("r1 waits, check a1");
    rig.request_level("r2", "b", 7).gives("r2 waits");
    rig.alive("a1").gives("r1 gets a1 (checked)");
    rig.returned("a1").gives("close a1: evicted");
    rig.closed("a1").gives("dial b1");
}

#[test]
fn r10_r16_what_passes_its_check_without_a_waiter_makes_room() {
    let mut rig = Rig::new(timeless().check_after_idle(ms(10)).max_connections(1));
    rig.park("a", 1);
    rig.at(10).request("r1", "a").gives("r1 waits, check a1");
    rig.request("r2", "b").gives("r2 waits");
    rig.cancel("r1").gives_nothing();
    rig.alive("a1").gives("close a1: evicted");
    rig.closed("a1").gives("dial b1");
}

#[test]
fn r10_r16_what_fails_its_check_makes_room_for_its_own_key_first_come_first_served() {
    let mut rig = Rig::new(timeless().check_after_idle(ms(10)).max_connections(1));
    rig.park("a", 1);
    rig.at(10).request("r1", "a").gives("r1 waits, check a1");
    rig.request("r2", "b").gives("r2 waits");
    rig.dead("a1").gives("close a1: check failed");
    rig.closed("a1").gives("dial a2");
}

#[test]
fn r10_r17_suspects_are_evicted_like_any_other() {
    let mut rig = Rig::new(timeless().check_after_idle(ms(10)).max_connections(2));
    rig.park("a", 2);
    rig.closed("a1").gives_nothing();
    rig.lease("r1", "b");
    rig.request("r2", "b").gives("r2 waits, close a2: evicted");
}

#[test]
fn r17_at_the_limit_of_the_key_the_dial_starts_when_a_dead_suspect_is_gone() {
    let mut rig = Rig::new(timeless().check_after_idle(ms(1000)).max_connections_per_key(3));
    rig.park("a", 3);
    rig.closed("a3").gives_nothing();
    rig.lease("r0", "b");
    rig.request("r1", "a").gives("r1 waits, check a2, dial a4"); // Full now.
    rig.request("r2", "a").gives("r2 waits, check a1");
    rig.dead("a2").gives("close a2: check failed");
    rig.dead("a1").gives("close a1: check failed");
    rig.closed("a2").gives("dial a5"); // For r2; r1 has its own.
    rig.closed("a1").gives_nothing();
}

#[test]
fn r10_r17_a_dial_beside_a_suspect_may_need_the_room_of_another_key() {
    let mut rig = Rig::new(timeless().check_after_idle(ms(1000)).max_connections(3));
    rig.park("b", 1);
    rig.park("a", 2);
    rig.closed("a2").gives_nothing();
    rig.lease("r0", "c");
    rig.request("r1", "a").gives("r1 waits, check a1, close b1: evicted");
    rig.alive("a1").gives("r1 gets a1 (checked)");
    rig.closed("b1").gives_nothing();
}

#[test]
fn r10_r21_reconfigure_during_a_stall_starts_the_dials_that_fit_now() {
    let mut rig = Rig::new(timeless().max_connections(1));
    rig.lease("r1", "a");
    rig.request("r2", "b").gives("r2 waits");
    rig.request_level("r3", "c", 7).gives("r3 waits");
    rig.reconfigure(&timeless().max_connections(2)).gives("dial c1");
    rig.reconfigure(&timeless().max_connections(3)).gives("dial b1");
}

#[test]
fn r10_r21_reconfigure_below_what_is_open_makes_a_stalled_key_wait_for_real_room() {
    let mut rig = Rig::new(timeless().max_connections(3));
    rig.lease("r1", "a");
    rig.lease("r2", "a");
    rig.lease("r3", "a");
    rig.request("r4", "b").gives("r4 waits");
    rig.reconfigure(&timeless().max_connections(1)).gives_nothing();
    rig.returned("a1").gives("close a1: connection limit");
    rig.returned("a2").gives("close a2: connection limit");
    rig.closed("a1").gives_nothing();
    rig.returned("a3").gives("close a3: evicted");
    rig.closed("a2").gives_nothing();
    rig.closed("a3").gives("dial b1");
}

#[test]
fn r10_r21_a_new_limit_that_needs_an_eviction_has_one() {
    let mut rig = Rig::new(timeless().max_connections(2).max_connections_per_key(1));
    rig.lease("r1", "b");
    rig.park("a", 1);
    rig.request("r2", "b").gives("r2 waits");
    rig.reconfigure(&timeless().max_connections(2)).gives("close a1: evicted");
    rig.closed("a1").gives("dial b2");
}

#[test]
fn r16_r21_checks_that_are_switched_off_free_what_is_parked_and_those_in_flight_go_on() {
    let mut rig = Rig::new(timeless().check_after_idle(ms(10)).max_connections_per_key(2));
    rig.park("a", 2);
    rig.at(10).request("r1", "a").gives("r1 waits, check a2");
    rig.cancel("r1").gives_nothing();
    rig.reconfigure(&timeless().max_connections_per_key(2)).gives_nothing();
    rig.request("r2", "a").gives("r2 gets a1 (idle)");
    rig.request("r3", "a").gives("r3 waits"); // The check is its cover.
    rig.alive("a2").gives("r3 gets a2 (checked)");
}

#[test]
fn r16_r21_what_is_beyond_a_lowered_limit_closes_after_its_check() {
    let mut rig = Rig::new(timeless().check_after_idle(ms(10)));
    rig.park("a", 2);
    rig.at(10).request("r1", "a").gives("r1 waits, check a2");
    rig.lease("r2", "b");
    rig.reconfigure(&timeless().check_after_idle(ms(10)).max_connections_per_key(1))
        .gives("close a1: connection limit");
    rig.alive("a2").gives("r1 gets a2 (checked)");
}

#[test]
fn r10_r18_a_shared_connection_is_evicted_when_its_last_lease_ends() {
    let mut rig = Rig::new(timeless().max_connections(1));
    rig.lease_shared("r1", "a", 4);
    rig.request("r2", "a").gives("r2 gets a1 (shared)");
    rig.request("r3", "b").gives("r3 waits");
    rig.returned("a1").gives_nothing();
    rig.request("r4", "a").gives("r4 gets a1 (shared)"); // Its own key wants it.
    rig.returned("a1").gives_nothing();
    rig.returned("a1").gives("close a1: evicted");
}

#[test]
fn r10_r18_capacity_that_comes_back_to_nobody_makes_room() {
    let mut rig = Rig::new(timeless().max_connections(1));
    rig.park("a", 1);
    rig.capacity("a1", 0).gives_nothing();
    rig.request("r1", "b").gives("r1 waits"); // Not parked, so not evicted.
    rig.capacity("a1", 1).gives("close a1: evicted");
    rig.closed("a1").gives("dial b1");
}

#[test]
fn r16_r18_capacity_that_comes_back_is_parked_anew_and_needs_no_check() {
    let mut rig = Rig::new(timeless().check_after_idle(ms(10)));
    rig.park("a", 1);
    rig.at(5).capacity("a1", 0).gives_nothing();
    rig.at(20).capacity("a1", 1).gives("park a1");
    rig.at(29).request("r1", "a").gives("r1 gets a1 (idle)");
}

#[test]
fn r10_r14_a_key_whose_dial_is_held_evicts_nobody_until_the_hold_ends() {
    let mut rig = Rig::new(timeless().dial_delay(ms(40)).max_connections(2));
    rig.park("b", 1);
    rig.lease("r1", "a");
    rig.request("r2", "a").gives("r2 waits");
    rig.at(20).closed("a1").gives("dial a2"); // The slot of a1.
    rig.at(60).tick().gives_nothing();
    assert_eq!(rig.stats().idle, 1);
}

#[test]
fn r17_r20_a_suspect_under_check_is_expected_to_be_idle_once_its_waiter_has_gone() {
    let two = timeless().check_after_idle(ms(1000)).max_idle(2).max_connections_per_key(2);
    let mut rig = Rig::new(two.clone());
    rig.park("a", 2);
    rig.closed("a2").gives_nothing();
    let one = two.max_idle(1).max_connections_per_key(1);
    rig.reconfigure(&one).gives_nothing();
    rig.request("r1", "a").gives("r1 waits, check a1"); // No cover, and no room for a dial.
    rig.reconfigure(&one.check_after_idle(None)).gives_nothing();
    rig.cancel("r1").gives_nothing();
    rig.keep("b", 1).gives_nothing(); // a1 takes the only place among the idle ones.
    rig.alive("a1").gives("park a1");
}
