//! R19: a new generation of connections. I8: nothing of an old one is delivered.

use latebind::{DialFailure, Surplus, Waiters};

use crate::timeless;
use latebind_testkit::rig::{Rig, ms};

#[test]
fn r19_parked_connections_close() {
    let mut rig = Rig::new(timeless());
    rig.park("a", 2);
    rig.park("b", 1);
    rig.clear("a").gives("close a1: cleared, close a2: cleared");
    rig.request("r1", "b").gives("r1 gets b1 (idle)");
    rig.request("r2", "a").gives("r2 waits, dial a3");
}

#[test]
fn r19_leased_connections_close_on_return() {
    let mut rig = Rig::new(timeless());
    rig.lease("r1", "a");
    rig.clear("a").gives_nothing();
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.returned("a1").gives("close a1: cleared");
    rig.dialed("a2").gives("r2 gets a2 (own dial)");
    rig.returned("a2").gives("park a2"); // The new generation.
}

#[test]
fn r19_a_shared_connection_takes_no_new_lease_and_closes_with_the_last_one() {
    let mut rig = Rig::new(timeless());
    rig.lease_shared("r1", "a", 3);
    rig.request("r2", "a").gives("r2 gets a1 (shared)");
    rig.clear("a").gives_nothing();
    rig.request("r3", "a").gives("r3 waits, dial a2");
    rig.capacity("a1", 9).gives_nothing();
    rig.returned("a1").gives_nothing();
    rig.returned("a1").gives("close a1: cleared");
}

#[test]
fn r19_leases_are_interrupted_if_the_event_says_so() {
    let mut rig = Rig::new(timeless());
    rig.lease("r1", "a");
    rig.interrupt("a").gives("close a1: cleared");
    assert_eq!((rig.stats().leased, rig.stats().closing), (0, 1));
    rig.returned("a1").gives_nothing(); // Lost races.
    rig.capacity("a1", 4).gives_nothing();
    rig.closed("a1").gives_nothing();
    assert_eq!(rig.stats().keys, 0);
}

#[test]
fn r9_r19_an_interrupted_lease_holds_its_slot_until_it_is_closed() {
    let mut rig = Rig::new(timeless().max_connections_per_key(1));
    rig.lease("r1", "a");
    rig.request("r2", "a").gives("r2 waits");
    rig.interrupt("a").gives("close a1: cleared");
    rig.returned("a1").gives_nothing();
    rig.closed("a1").gives("dial a2");
}

#[test]
fn r19_leases_that_were_cleared_before_can_be_interrupted_later() {
    let mut rig = Rig::new(timeless());
    rig.lease("r1", "a");
    rig.clear("a").gives_nothing();
    rig.interrupt("a").gives("close a1: cleared");
    rig.interrupt("a").gives_nothing();
}

#[test]
fn r19_a_connection_without_capacity_closes() {
    let mut rig = Rig::new(timeless());
    rig.park("a", 1);
    rig.capacity("a1", 0).gives_nothing();
    rig.clear("a").gives("close a1: cleared");

    let mut rig = Rig::new(timeless());
    rig.lease("r1", "a");
    rig.capacity("a1", 0).gives_nothing();
    rig.clear("a").gives_nothing(); // On lease: on return.
    rig.request("r2", "a").gives("r2 waits, dial a2"); // It is no cover any more.
    rig.returned("a1").gives("close a1: cleared");
}

#[test]
fn r19_dials_are_cancelled_and_waiters_are_kept_and_redialed() {
    let mut rig = Rig::new(timeless());
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request_level("r2", "a", 7).gives("r2 waits, dial a2");
    rig.clear("a").gives("stop a1, stop a2, dial a3, dial a4");
    rig.dialed("a3").gives("r2 gets a3 (own dial)"); // They keep their places.
    rig.dialed("a4").gives("r1 gets a4 (own dial)");
}

#[test]
fn r19_a_cancelled_dial_of_an_old_generation_never_serves() {
    let mut rig = Rig::new(timeless());
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.clear("a").gives("stop a1, dial a2");
    rig.dialed("a1").gives("close a1: cleared");
    rig.dialed("a2").gives("r1 gets a2 (own dial)");
}

#[test]
fn r19_a_dial_that_was_told_to_stop_before_the_clear_never_serves_either() {
    let mut rig = Rig::new(timeless().surplus(Surplus::Cancel));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.cancel("r1").gives("stop a1");
    rig.clear("a").gives_nothing();
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.dialed("a1").gives("close a1: cleared");
}

#[test]
fn r5_r19_a_dial_that_was_told_to_stop_serves_where_nothing_was_cleared() {
    let mut rig = Rig::new(timeless().surplus(Surplus::Cancel));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.cancel("r1").gives("stop a1");
    rig.clear("b").gives_nothing();
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.dialed("a1").gives("r2 gets a1 (other dial), stop a2");
}

#[test]
fn r19_the_failure_of_an_old_generations_dial_charges_nobody() {
    for failure in [DialFailure::FailFirst, DialFailure::FailAll] {
        let mut rig = Rig::new(timeless().dial_failure(failure).max_connections_per_key(1));
        rig.request("r1", "a").gives("r1 waits, dial a1");
        rig.clear("a").gives("stop a1");
        rig.dial_failed_fatally("a1").gives("dial a2");
        rig.dialed("a2").gives("r1 gets a2 (own dial)");
    }
}

#[test]
fn r19_the_failure_of_an_old_generations_dial_is_no_cause_of_a_timeout() {
    let mut rig = Rig::new(timeless().request_timeout(ms(50)));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.clear("a").gives("stop a1, dial a2");
    rig.dial_failed("a1").gives_nothing();
    rig.at(50).tick().gives("r1 fails: timeout");
}

#[test]
fn r19_waiters_fail_if_the_event_says_so() {
    let mut rig = Rig::new(timeless().max_connections_per_key(1));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request_level("r2", "a", 7).gives("r2 waits");
    rig.request("r3", "b").gives("r3 waits, dial b1");
    rig.clear_failing("a").gives("r2 fails: cleared, r1 fails: cleared, stop a1");
    rig.dial_failed("a1").gives_nothing();
    assert_eq!(rig.stats().waiters, 1);
}

#[test]
fn r19_all_keys_at_once() {
    let mut rig = Rig::new(timeless());
    rig.park("a", 1);
    rig.lease("r1", "b");
    rig.request("r2", "c").gives("r2 waits, dial c1");
    rig.clear_all(Waiters::Keep, false).gives("close a1: cleared, stop c1, dial c2");
    rig.returned("b1").gives("close b1: cleared");

    let mut rig = Rig::new(timeless());
    rig.park("a", 1);
    rig.lease("r1", "b");
    rig.request("r2", "c").gives("r2 waits, dial c1");
    rig.clear_all(Waiters::Fail, true)
        .gives("close a1: cleared, close b1: cleared, stop c1, r2 fails: cleared");
}

#[test]
fn r19_a_key_that_is_not_known_is_cleared_in_vain() {
    let mut rig = Rig::new(timeless());
    rig.clear("a").gives_nothing();
    rig.clear_all(Waiters::Fail, true).gives_nothing();
    assert_eq!(rig.stats().keys, 0);
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.dialed("a1").gives("r1 gets a1 (own dial)");
}

#[test]
fn r19_a_backoff_ends() {
    let retry = DialFailure::Retry { backoff: ms(100), backoff_max: ms(100), attempts: 9 };
    let mut rig = Rig::new(timeless().dial_failure(retry));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.dial_failed("a1").gives_nothing();
    rig.clear("a").gives("dial a2");
    rig.sleeps_for_ever();
}

#[test]
fn r19_the_rounds_of_a_backoff_begin_anew() {
    let retry = DialFailure::Retry { backoff: ms(100), backoff_max: ms(10_000), attempts: 2 };
    let mut rig = Rig::new(timeless().dial_failure(retry));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.dial_failed("a1").gives_nothing();
    rig.clear("a").gives("dial a2");
    rig.dial_failed("a2").gives_nothing(); // Round one again, so nobody is charged.
    let end = rig.deadline().expect("a backoff");
    assert!((50..=100).contains(&(end.0 / 1_000_000)), "{end:?}");
}

#[test]
fn r19_a_backoff_that_alone_keeps_a_key_ends_and_the_key_is_forgotten() {
    let retry = DialFailure::Retry { backoff: ms(100), backoff_max: ms(100), attempts: 9 };
    let mut rig = Rig::new(timeless().dial_failure(retry));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.cancel("r1").gives_nothing();
    rig.dial_failed("a1").gives_nothing();
    rig.clear("a").gives_nothing();
    assert_eq!(rig.stats().keys, 0);
}

#[test]
fn r19_a_check_is_ended() {
    let mut rig = Rig::new(timeless().check_after_idle(ms(10)));
    rig.park("a", 1);
    rig.at(10).request("r1", "a").gives("r1 waits, check a1");
    rig.clear("a").gives("close a1: cleared, dial a2");
    rig.alive("a1").gives_nothing();
    rig.closed("a1").gives_nothing();
    rig.dialed("a2").gives("r1 gets a2 (own dial)");
}

#[test]
fn r19_what_closes_already_is_not_told_again() {
    let mut rig = Rig::new(timeless().max_uses(1));
    rig.lease("r1", "a");
    rig.returned("a1").gives("close a1: max uses");
    rig.clear("a").gives_nothing();
    rig.interrupt("a").gives_nothing();
}

#[test]
fn r19_new_limits_revive_no_old_generation() {
    let mut rig = Rig::new(timeless().max_uses(1));
    rig.lease("r1", "a");
    rig.clear("a").gives_nothing();
    rig.reconfigure(&timeless()).gives_nothing();
    rig.returned("a1").gives("close a1: cleared");
}

#[test]
fn r19_the_last_waiters_of_a_key_are_due_before_it_is_cleared() {
    let mut rig = Rig::new(timeless().request_timeout(ms(50)));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.at(50).clear_failing("a").gives("r1 fails: timeout, stop a1");
}

#[test]
fn r19_clearing_twice_makes_two_generations() {
    let mut rig = Rig::new(timeless());
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.clear("a").gives("stop a1, dial a2");
    rig.clear("a").gives("stop a2, dial a3");
    rig.dialed("a2").gives("close a2: cleared");
    rig.dialed("a1").gives("close a1: cleared");
    rig.dialed("a3").gives("r1 gets a3 (own dial)");
}

#[test]
fn r7_r19_the_success_of_an_old_generations_dial_ends_no_backoff_of_the_new_one() {
    let mut rig = Rig::new(crate::retry::retry(5).request_timeout(ms(50)));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.clear("a").gives("stop a1, dial a2");
    rig.dial_failed("a2").gives_nothing();
    rig.at(1).dialed("a1").gives("close a1: cleared");
    rig.at(50).tick().gives("r1 fails: timeout of a2");
}
