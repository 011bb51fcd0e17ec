//! R19: a pause.

use latebind::{DialFailure, Newcomers};

use crate::timeless;
use latebind_testkit::rig::{Rig, ms};

#[test]
fn r19_nothing_is_delivered_and_nothing_is_dialed() {
    let mut rig = Rig::new(timeless());
    rig.park("a", 1);
    rig.pause().gives_nothing();
    rig.request("r1", "a").gives("r1 waits");
    rig.request("r2", "b").gives("r2 waits");
    rig.resume().gives("r1 gets a1 (idle), dial b1");
}

#[test]
fn r19_newcomers_are_refused_if_the_event_says_so() {
    let mut rig = Rig::new(timeless());
    rig.park("a", 1);
    rig.pause_refusing().gives_nothing();
    rig.request("r1", "a").gives("r1 fails: paused");
    rig.request("r2", "b").gives("r2 fails: paused");
    assert_eq!(rig.stats().keys, 1);
    rig.resume().gives_nothing();
    rig.request("r3", "a").gives("r3 gets a1 (idle)");
}

#[test]
fn r19_those_who_wait_keep_waiting_even_where_newcomers_are_refused() {
    let mut rig = Rig::new(timeless().max_connections_per_key(1));
    rig.lease("r0", "a");
    rig.request("r1", "a").gives("r1 waits");
    rig.pause_refusing().gives_nothing();
    rig.returned("a1").gives("park a1");
    rig.resume().gives("r1 gets a1 (idle)");
}

#[test]
fn r19_their_deadlines_run() {
    let mut rig = Rig::new(timeless().request_timeout(ms(50)));
    rig.pause().gives_nothing();
    rig.request("r1", "a").gives("r1 waits");
    rig.request_until("r2", "a", 20).gives("r2 waits");
    rig.sleeps_until(20).at(20).tick().gives("r2 fails: timeout");
    rig.at(50).tick().gives("r1 fails: timeout");
}

#[test]
fn r19_returns_are_parked_though_somebody_waits() {
    let mut rig = Rig::new(timeless());
    rig.lease("r0", "a");
    rig.lease_shared("r9", "c", 3);
    rig.pause().gives_nothing();
    rig.request("r1", "a").gives("r1 waits");
    rig.returned("a1").gives("park a1");
    rig.request("r2", "c").gives("r2 waits"); // Though it has room.
    rig.resume().gives("r1 gets a1 (idle), r2 gets c1 (shared)");
}

#[test]
fn r11_r19_idle_limits_hold_in_a_pause() {
    let mut rig = Rig::new(timeless().max_idle_per_key(1));
    rig.lease("r1", "a");
    rig.lease("r2", "a");
    rig.pause().gives_nothing();
    rig.returned("a1").gives("park a1");
    rig.returned("a2").gives("close a2: idle limit");
}

#[test]
fn r19_dials_in_progress_are_finished_and_parked() {
    let mut rig = Rig::new(timeless());
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.pause().gives_nothing();
    rig.dialed("a1").gives("park a1");
    rig.sleeps_for_ever().resume().gives("r1 gets a1 (idle)");
}

#[test]
fn r7_r19_a_dial_that_fails_in_a_pause_is_charged_as_ever_and_starts_no_other() {
    let mut rig = Rig::new(timeless().max_dials_per_key(1));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("r2", "a").gives("r2 waits");
    rig.pause().gives_nothing();
    rig.dial_failed("a1").gives("r1 fails: dial of a1");
    rig.resume().gives("dial a2");
}

#[test]
fn r12_r19_timeouts_of_dials_and_parked_connections_run() {
    let mut rig = Rig::new(timeless().dial_timeout(ms(30)).idle_timeout(ms(20)));
    rig.park("b", 1);
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.pause().gives_nothing();
    rig.sleeps_until(20).at(20).tick().gives("close b1: idle timeout");
    rig.sleeps_until(30).at(30).tick().gives("stop a1, r1 fails: dial timeout of a1");
}

#[test]
fn r19_nothing_is_checked_while_paused() {
    let mut rig = Rig::new(timeless().check_after_idle(ms(10)));
    rig.park("a", 1);
    rig.pause().gives_nothing();
    rig.at(10).request("r1", "a").gives("r1 waits");
    rig.resume().gives("check a1");
}

#[test]
fn r19_a_check_in_flight_is_finished_and_its_connection_parked() {
    let mut rig = Rig::new(timeless().check_after_idle(ms(10)));
    rig.park("a", 2);
    rig.at(10).request("r1", "a").gives("r1 waits, check a2");
    rig.pause().gives_nothing();
    rig.alive("a2").gives("park a2");
    rig.resume().gives("r1 gets a2 (idle)");
}

#[test]
fn r19_a_check_that_fails_in_a_pause_closes_and_starts_no_other() {
    let mut rig = Rig::new(timeless().check_after_idle(ms(10)));
    rig.park("a", 2);
    rig.at(10).request("r1", "a").gives("r1 waits, check a2");
    rig.pause().gives_nothing();
    rig.dead("a2").gives("close a2: check failed");
    rig.resume().gives("check a1, dial a3"); // a1 is suspect now.
}

#[test]
fn r19_a_pool_may_start_paused() {
    let mut rig = Rig::new(timeless().start_paused(Newcomers::Hold));
    rig.request("r1", "a").gives("r1 waits");
    rig.resume().gives("dial a1");
    let mut rig = Rig::new(timeless().start_paused(Newcomers::Refuse));
    rig.request("r1", "a").gives("r1 fails: paused");
    rig.reconfigure(&timeless()).gives_nothing(); // How it started is over, and the pause goes on.
    rig.request("r2", "a").gives("r2 fails: paused");
    rig.resume().gives_nothing();
    rig.request("r3", "a").gives("r3 waits, dial a1");
}

#[test]
fn r19_to_resume_without_a_pause_does_nothing() {
    let mut rig = Rig::new(timeless());
    rig.lease("r1", "a");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.resume().gives_nothing();
}

#[test]
fn r19_a_second_pause_says_anew_what_becomes_of_newcomers() {
    let mut rig = Rig::new(timeless());
    rig.pause().gives_nothing();
    rig.request("r1", "a").gives("r1 waits");
    rig.pause_refusing().gives_nothing();
    rig.request("r2", "a").gives("r2 fails: paused");
    rig.pause().gives_nothing();
    rig.request("r3", "a").gives("r3 waits");
    rig.resume().gives("dial a1, dial a2"); // One resume ends them all.
}

#[test]
fn r2_r19_the_queue_is_served_in_its_order_after_a_pause() {
    let mut rig = Rig::new(timeless().max_connections_per_key(2));
    rig.park("a", 2);
    rig.pause().gives_nothing();
    rig.request("r1", "a").gives("r1 waits");
    rig.request("r2", "a").gives("r2 waits");
    rig.request_level("r3", "a", 7).gives("r3 waits");
    rig.reprioritize("r1", 0).gives_nothing();
    rig.resume().gives("r3 gets a2 (idle), r2 gets a1 (idle)");
    rig.returned("a1").gives("r1 gets a1 (returned)");
}

#[test]
fn r8_r19_waiters_in_a_pause_count_against_their_limit() {
    let mut rig = Rig::new(timeless().max_waiters(1));
    rig.park("a", 1);
    rig.pause().gives_nothing();
    rig.request("r1", "a").gives("r1 waits");
    rig.request("r2", "a").gives("r2 fails: too many waiters");
}

#[test]
fn r12_r19_a_request_whose_deadline_has_passed_fails_in_a_pause() {
    let mut rig = Rig::new(timeless());
    rig.park("a", 1);
    rig.pause().gives_nothing();
    rig.at(5).request_until("r1", "a", 5).gives("r1 fails: timeout");
}

#[test]
fn r19_cancelling_in_a_pause_leaves_nothing_behind() {
    let mut rig = Rig::new(timeless());
    rig.pause().gives_nothing();
    rig.request("r1", "a").gives("r1 waits");
    rig.cancel("r1").gives_nothing();
    assert_eq!(rig.stats().keys, 0);
    rig.resume().gives_nothing();
}

#[test]
fn r19_a_backoff_goes_on_in_a_pause() {
    let retry = DialFailure::Retry { backoff: ms(100), backoff_max: ms(100), attempts: 9 };
    let mut rig = Rig::new(timeless().dial_failure(retry));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.pause().gives_nothing();
    rig.dial_failed("a1").gives_nothing();
    rig.sleeps_for_ever(); // Nothing would start when it ends.
    rig.resume().gives_nothing();
    let end = rig.deadline().expect("the rest of the backoff");
    rig.at_time(end).tick().gives("dial a2");
}

#[test]
fn r10_r19_nothing_is_evicted_in_a_pause() {
    let mut rig = Rig::new(timeless().max_connections(1));
    rig.park("a", 1);
    rig.pause().gives_nothing();
    rig.request("r1", "b").gives("r1 waits");
    rig.resume().gives("close a1: evicted");
}

#[test]
fn r13_r14_r19_neither_backups_nor_held_dials_start_in_a_pause() {
    let mut rig = Rig::new(timeless().backup_dial_after(ms(50)).dial_delay(ms(20)));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.lease("r0", "b");
    rig.request("r2", "b").gives("r2 waits");
    rig.pause().gives_nothing();
    rig.sleeps_for_ever().at(60).tick().gives_nothing();
    rig.resume().gives("dial a2, dial b2");
}

#[test]
fn r19_a_pool_that_has_become_empty_can_be_paused() {
    let mut rig = Rig::new(timeless());
    rig.lease("r1", "a");
    rig.closed("a1").gives_nothing();
    rig.pause().gives_nothing();
    rig.request("r2", "a").gives("r2 waits");
    rig.resume().gives("dial a2");
}
