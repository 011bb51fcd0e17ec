//! Where two rules meet: clears and drains.

use latebind::DialFailure;

use crate::timeless;
use latebind_testkit::rig::{Rig, ms};

#[test]
fn r16_r19_a_check_in_flight_when_its_key_is_cleared_is_of_no_use_any_more() {
    for alive in [true, false] {
        let mut rig = Rig::new(timeless().check_after_idle(ms(10)).max_connections_per_key(1));
        rig.park("a", 1);
        rig.at(10).request("r1", "a").gives("r1 waits, check a1");
        rig.clear("a").gives("close a1: cleared");
        let answer = if alive { rig.alive("a1") } else { rig.dead("a1") };
        answer.gives_nothing();
        rig.closed("a1").gives("dial a2");
        rig.dialed("a2").gives("r1 gets a2 (own dial)");
    }
}

#[test]
fn r16_r19_the_waiter_of_a_check_may_fail_with_the_clear() {
    let mut rig = Rig::new(timeless().check_after_idle(ms(10)));
    rig.park("a", 1);
    rig.at(10).request("r1", "a").gives("r1 waits, check a1");
    rig.clear_failing("a").gives("r1 fails: cleared, close a1: cleared");
    rig.alive("a1").gives_nothing();
    rig.closed("a1").gives_nothing();
    assert_eq!(rig.stats().keys, 0);
}

#[test]
fn r17_r19_a_cleared_connection_that_closes_makes_nobody_suspect() {
    let mut rig = Rig::new(timeless().check_after_idle(ms(10)));
    rig.park("a", 1);
    rig.clear("a").gives("close a1: cleared");
    rig.lease("r1", "a");
    rig.returned("a2").gives("park a2");
    rig.closed("a1").gives_nothing();
    rig.request("r2", "a").gives("r2 gets a2 (idle)");
}

#[test]
fn r18_r19_a_key_that_drains_and_is_cleared_closes_once() {
    let mut rig = Rig::new(timeless());
    rig.lease("r1", "a");
    rig.draining("a1").gives_nothing();
    rig.clear("a").gives_nothing();
    rig.draining("a1").gives_nothing();
    rig.returned("a1").gives("close a1: draining");
    rig.clear("a").gives_nothing();
}

#[test]
fn r4_r18_draining_of_the_last_connection_of_a_key_with_waiters_starts_their_dial_when_it_is_gone() {
    let mut rig = Rig::new(timeless().max_connections_per_key(1));
    rig.lease_shared("r1", "a", 2);
    rig.request("r2", "a").gives("r2 gets a1 (shared)");
    rig.request("r3", "a").gives("r3 waits");
    rig.draining("a1").gives_nothing();
    rig.returned("a1").gives_nothing();
    rig.returned("a1").gives("close a1: draining");
    rig.closed("a1").gives("dial a2");
}

#[test]
fn r14_r18_nobody_hopes_for_a_connection_that_leaves() {
    let mut rig = Rig::new(timeless().dial_delay(ms(40)));
    rig.lease("r1", "a");
    rig.request("r2", "a").gives("r2 waits");
    rig.at(10).draining("a1").gives("dial a2");
}

#[test]
fn r18_draining_of_a_connection_without_capacity_takes_its_cover_away() {
    let mut rig = Rig::new(timeless());
    rig.park("a", 1);
    rig.capacity("a1", 0).gives_nothing();
    rig.request("r1", "a").gives("r1 waits");
    rig.draining("a1").gives("close a1: draining, dial a2");
}

#[test]
fn r19_r20_a_kept_key_that_is_cleared_is_filled_anew() {
    let mut rig = Rig::new(timeless());
    rig.keep("a", 1).gives("dial a1");
    rig.dialed("a1").gives("park a1");
    rig.clear("a").gives("close a1: cleared, dial a2");
}

#[test]
fn r19_r20_a_kept_key_that_is_cleared_and_fails_to_dial_backs_off_from_the_start() {
    let mut rig = Rig::new(timeless());
    rig.keep("a", 1).gives("dial a1");
    rig.dial_failed("a1").gives_nothing();
    rig.at(1000).tick().gives("dial a2");
    rig.dial_failed("a2").gives_nothing(); // Two seconds now.
    rig.clear("a").gives("dial a3"); // The backoff ends.
    rig.dial_failed("a3").gives_nothing();
    let end = rig.deadline().expect("a backoff").0 / 1_000_000;
    assert!((1500..=2000).contains(&end), "{end}"); // The first round again.
    rig.request("r1", "a").gives("r1 waits, dial a4"); // It holds no waiter up.
}

#[test]
fn r19_r20_the_failure_of_an_old_generation_does_not_back_a_floor_off() {
    let mut rig = Rig::new(timeless());
    rig.keep("a", 1).gives("dial a1");
    rig.clear("a").gives("stop a1, dial a2");
    rig.dial_failed("a1").gives_nothing();
    rig.sleeps_for_ever();
    rig.dialed("a2").gives("park a2");
}

#[test]
fn r10_r19_a_clear_makes_room_for_other_keys_and_nothing_is_evicted_for_it() {
    let mut rig = Rig::new(timeless().max_connections(2));
    rig.lease("r1", "a");
    rig.lease("r2", "b");
    rig.request("r3", "c").gives("r3 waits");
    rig.interrupt("a").gives("close a1: cleared");
    rig.returned("b1").gives("park b1"); // The room of a1 is enough.
    rig.closed("a1").gives("dial c1");
}

#[test]
fn r10_r19_without_interrupt_the_stalled_key_waits_for_the_return() {
    let mut rig = Rig::new(timeless().max_connections(1));
    rig.lease("r1", "a");
    rig.request("r2", "b").gives("r2 waits");
    rig.clear("a").gives_nothing();
    rig.returned("a1").gives("close a1: cleared");
    rig.closed("a1").gives("dial b1");
}

#[test]
fn r10_r19_waiters_that_fail_with_a_clear_want_no_room() {
    let mut rig = Rig::new(timeless().max_connections(1));
    rig.lease("r1", "a");
    rig.request("r2", "b").gives("r2 waits");
    rig.clear_failing("b").gives("r2 fails: cleared");
    rig.returned("a1").gives("park a1");
}

#[test]
fn r10_r19_a_cleared_key_keeps_its_place_in_the_line_for_room() {
    let mut rig = Rig::new(timeless().max_connections(2));
    rig.lease("r0", "z");
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("r2", "b").gives("r2 waits");
    rig.clear("a").gives("stop a1");
    rig.dial_failed("a1").gives("dial a2"); // r1 came before r2.
}

#[test]
fn r19_r20_a_clear_does_not_forget_a_preconnect_that_waits_for_room() {
    let mut rig = Rig::new(timeless().max_connections(1));
    rig.park("b", 1);
    rig.preconnect("a", 1).gives("close b1: evicted");
    rig.clear("a").gives_nothing();
    rig.closed("b1").gives("dial a1");
}

#[test]
fn r14_r19_an_interrupt_ends_the_hope_for_a_return() {
    let mut rig = Rig::new(timeless().dial_delay(ms(40)));
    rig.lease("r1", "a");
    rig.request("r2", "a").gives("r2 waits");
    rig.interrupt("a").gives("close a1: cleared, dial a2");
}

#[test]
fn r13_r19_a_clear_cancels_backups_too_and_each_waiter_has_had_its_own() {
    let mut rig = Rig::new(timeless().backup_dial_after(ms(50)));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.at(50).tick().gives("dial a2");
    rig.clear("a").gives("stop a1, stop a2, dial a3");
    rig.sleeps_for_ever();
    rig.dialed("a2").gives("close a2: cleared");
    rig.dialed("a3").gives("r1 gets a3 (own dial)");
}

#[test]
fn r7_r19_a_dial_that_times_out_when_its_key_is_cleared_was_charged_before() {
    let mut rig = Rig::new(timeless().dial_timeout(ms(50)));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.at(50)
        .clear("a")
        .gives("stop a1, stop a2, r1 fails: dial timeout of a1, r2 fails: dial timeout of a2");
    rig.dialed("a1").gives("close a1: cleared");
}

#[test]
fn r12_r19_an_idle_timeout_comes_before_the_clear() {
    let mut rig = Rig::new(timeless().idle_timeout(ms(50)));
    rig.park("a", 1);
    rig.at(50).clear("a").gives("close a1: idle timeout");
}

#[test]
fn r19_r22_an_old_generations_lease_is_reported_as_any() {
    let mut rig = Rig::new(timeless().lease_warn_after(ms(50)));
    rig.lease("r1", "a");
    rig.clear("a").gives_nothing();
    rig.at(50).tick().gives("overdue a1");
    rig.returned("a1").gives("close a1: cleared");
}

#[test]
fn r7_r19_after_a_clear_a_fatal_error_fails_those_who_were_kept() {
    let mut rig = Rig::new(timeless().dial_failure(DialFailure::FailFirst));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.clear("a").gives("stop a1, stop a2, dial a3, dial a4");
    rig.dial_failed_fatally("a1").gives_nothing();
    rig.dial_failed_fatally("a3").gives("r1 fails: dial of a3, r2 fails: dial of a3");
}
