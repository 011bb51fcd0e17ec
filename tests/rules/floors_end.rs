//! R20: what ends within a floor and above it, and what holds it up.

use latebind::{DialFailure, Surplus, Time};

use crate::retry::retry;
use crate::timeless;
use latebind_testkit::rig::{Rig, ms};

/// The next deadline in milliseconds, rounded down.
fn deadline(rig: &Rig) -> u64 {
    rig.deadline().expect("something can expire").0 / 1_000_000
}

#[test]
fn r12_r20_the_idle_timeout_closes_nothing_below_the_floor() {
    let mut rig = Rig::new(timeless().idle_timeout(ms(50)).unused_idle_timeout(ms(20)));
    rig.keep("a", 1).gives("dial a1");
    rig.dialed("a1").gives("park a1");
    rig.sleeps_for_ever().at(500).tick().gives_nothing();
    rig.request("r1", "a").gives("r1 gets a1 (idle), dial a2");
}

#[test]
fn r12_r20_above_the_floor_the_longest_parked_expire() {
    let mut rig = Rig::new(timeless().idle_timeout(ms(50)));
    rig.keep("a", 1).gives("dial a1");
    rig.dialed("a1").gives("park a1");
    rig.at(10).preconnect("a", 3).gives("dial a2, dial a3");
    rig.at(20).dialed("a2").gives("park a2");
    rig.at(30).dialed("a3").gives("park a3");
    rig.sleeps_until(50).at(50).tick().gives("close a1: idle timeout");
    rig.sleeps_until(70).at(70).tick().gives("close a2: idle timeout");
    rig.sleeps_for_ever();
}

#[test]
fn r12_r20_when_the_floor_is_lifted_what_has_been_idle_for_too_long_expires() {
    let mut rig = Rig::new(timeless().idle_timeout(ms(50)));
    rig.keep("a", 1).gives("dial a1");
    rig.dialed("a1").gives("park a1");
    rig.at(60).tick().gives_nothing();
    let _ = rig.keep("a", 0); // In this step, or with the tick that the deadline asks for.
    let _ = rig.tick();
    assert_eq!((rig.stats().idle, rig.stats().closing), (0, 1));
}

#[test]
fn r12_r20_the_lifetime_ends_connections_of_a_floor_and_they_are_replaced() {
    let mut rig = Rig::new(timeless().max_lifetime(ms(50)));
    rig.keep("a", 1).gives("dial a1");
    rig.dialed("a1").gives("park a1");
    rig.sleeps_until(50).at(50).tick().gives("close a1: lifetime, dial a2");
}

#[test]
fn r20_a_failed_dial_backs_the_floor_off_for_a_second() {
    let mut rig = Rig::new(timeless());
    rig.keep("a", 1).gives("dial a1");
    rig.dial_failed("a1").gives_nothing();
    let end = deadline(&rig);
    assert!((500..=1000).contains(&end), "{end}");
    rig.at(end + 1).tick().gives("dial a2");
}

#[test]
fn r20_its_backoff_doubles_up_to_a_minute() {
    let mut rig = Rig::new(timeless());
    rig.keep("a", 1).gives("dial a1");
    for round in 0..9u32 {
        let before = rig.now().0 / 1_000_000;
        rig.dial_failed(&format!("a{}", round + 1)).gives_nothing();
        let delay = deadline(&rig) - before;
        let whole = (1000 << round).min(60_000);
        assert!((whole / 2 - 1..=whole).contains(&delay), "round {round}: {delay}");
        rig.at(before + delay + 1).tick().gives(&format!("dial a{}", round + 2));
    }
}

#[test]
fn r20_any_failed_dial_of_the_key_backs_the_floor_off_and_its_waiters_go_on() {
    let mut rig = Rig::new(timeless().max_dials_per_key(1));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.keep("a", 1).gives_nothing();
    rig.dial_failed("a1").gives("r1 fails: dial of a1");
    assert!((500..=1000).contains(&deadline(&rig)));
    rig.request("r2", "a").gives("r2 waits, dial a2"); // Only the floor waits.
    rig.dialed("a2").gives("r2 gets a2 (own dial), dial a3"); // A success ends it.
}

#[test]
fn r12_r20_a_dial_that_takes_too_long_backs_the_floor_off() {
    let mut rig = Rig::new(timeless().dial_timeout(ms(10)));
    rig.keep("a", 1).gives("dial a1");
    rig.at(10).tick().gives("stop a1");
    assert!((510..=1010).contains(&deadline(&rig)));
}

#[test]
fn r7_r20_both_backoffs_hold_a_floor() {
    let retry = DialFailure::Retry { backoff: ms(8000), backoff_max: ms(8000), attempts: 9 };
    let mut rig = Rig::new(timeless().dial_failure(retry));
    rig.keep("a", 1).gives("dial a1");
    rig.dial_failed("a1").gives_nothing();
    rig.at(1000).tick().gives_nothing(); // The key holds all its dials for longer.
    rig.at(8000).tick().gives("dial a2");
}

#[test]
fn r10_r20_connections_within_a_floor_are_evicted_last() {
    let mut rig = Rig::new(timeless().max_connections(3));
    rig.keep("a", 1).gives("dial a1");
    rig.dialed("a1").gives("park a1");
    rig.park("b", 1);
    rig.preconnect("c", 1).gives("dial c1");
    rig.dialed("c1").gives("park c1");
    rig.request("r1", "d").gives("r1 waits, close b1: evicted");
    rig.request("r2", "d").gives("r2 waits, close c1: evicted");
    rig.request("r3", "d").gives("r3 waits, close a1: evicted");
}

#[test]
fn r10_r20_above_its_floor_a_key_is_like_any_other() {
    let mut rig = Rig::new(timeless().max_connections(3));
    rig.park("a", 2);
    rig.keep("a", 1).gives_nothing();
    rig.park("b", 1);
    rig.request("r1", "c").gives("r1 waits, close a1: evicted");
    rig.request("r2", "c").gives("r2 waits, close b1: evicted");
}

#[test]
fn r10_r20_but_before_any_dial_is_cancelled() {
    let mut rig = Rig::new(timeless().max_connections(2));
    rig.keep("a", 1).gives("dial a1");
    rig.dialed("a1").gives("park a1");
    rig.request("gone", "b").gives("gone waits, dial b1");
    rig.cancel("gone").gives_nothing();
    rig.request("r1", "c").gives("r1 waits, close a1: evicted");
    rig.request("r2", "c").gives("r2 waits, stop b1");
}

#[test]
fn r10_r20_a_floors_dial_is_surplus_for_a_waiter_of_another_key() {
    let mut rig = Rig::new(timeless().max_connections(1));
    rig.keep("a", 1).gives("dial a1");
    rig.request("r1", "b").gives("r1 waits, stop a1");
    rig.dial_failed("a1").gives("dial b1");
}

#[test]
fn r11_r20_over_the_idle_limit_connections_within_a_floor_close_last() {
    let mut rig = Rig::new(timeless().max_idle(2));
    rig.keep("a", 1).gives("dial a1");
    rig.dialed("a1").gives("park a1");
    rig.lease("r1", "b");
    rig.lease("r2", "b");
    rig.returned("b1").gives("park b1");
    rig.returned("b2").gives("park b2, close b1: idle limit");
}

#[test]
fn r11_r20_what_a_floor_leaves_no_place_for_is_never_parked() {
    let mut rig = Rig::new(timeless().max_idle(1));
    rig.keep("a", 1).gives("dial a1");
    rig.dialed("a1").gives("park a1");
    rig.lease("r1", "b");
    rig.returned("b1").gives("close b1: idle limit");
}

#[test]
fn r5_r20_surplus_cancel_leaves_a_floors_dial_alone() {
    let mut rig = Rig::new(timeless().surplus(Surplus::Cancel));
    rig.keep("a", 1).gives("dial a1");
    rig.request("r1", "a").gives("r1 waits, dial a2"); // The floor's own dial covers r1: one more for it.
    rig.cancel("r1").gives_nothing();
}

#[test]
fn r12_r20_a_floor_is_not_kept_by_what_is_too_old() {
    let config = timeless().idle_timeout(ms(10)).max_lifetime(ms(20));
    let mut rig = Rig::new(config);
    rig.keep("a", 1).gives("dial a1");
    rig.dialed("a1").gives("park a1");
    rig.at(15).keep("a", 2).gives("dial a2");
    rig.dialed("a2").gives("park a2");
    rig.keep("a", 1).gives("close a1: idle timeout");
    rig.at(35).tick().gives("close a2: lifetime, dial a3");
}

#[test]
fn r12_what_is_too_old_and_idle_for_too_long_is_too_old() {
    let config = timeless().idle_timeout(ms(10)).max_lifetime(ms(20));
    let mut rig = Rig::new(config.clone());
    rig.park_fresh("a");
    rig.at(50).tick().gives("close a1: lifetime");
    let mut rig = Rig::new(config);
    rig.keep("a", 1).gives("dial a1");
    rig.dialed("a1").gives("park a1");
    rig.at(9).keep("a", 0).gives_nothing();
    rig.at(50).tick().gives("close a1: lifetime");
}

#[test]
fn r7_r15_a_backoff_that_holds_a_floor_alone_is_waited_for() {
    let mut rig = Rig::new(retry(5));
    rig.keep("a", 2).gives("dial a1, dial a2");
    rig.dial_failed("a1").gives_nothing();
    let until = rig.deadline().expect("the end of the backoff");
    assert!(until < Time::from_origin(ms(100)), "{until:?}");
    rig.at_time(until).tick().gives_nothing(); // The floor's own backoff is longer.
    let until = rig.deadline().expect("the end of the floor's backoff");
    rig.at_time(until).tick().gives("dial a3");
}

#[test]
fn r7_r13_r15_a_backoff_that_holds_a_backup_alone_is_waited_for() {
    let mut rig = Rig::new(retry(5).backup_dial_after(ms(50)));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.cancel("r1").gives_nothing();
    rig.dial_failed("a1").gives_nothing();
    let until = rig.deadline().expect("the end of the backoff");
    assert!(until < Time::from_origin(ms(100)), "{until:?}");
    rig.at(100).tick().gives("dial a3");
}

#[test]
fn r20_a_floor_that_is_lifted_and_set_again_begins_anew() {
    let mut rig = Rig::new(timeless());
    rig.lease("r1", "a");
    rig.keep("a", 1).gives("dial a2");
    rig.dial_failed("a2").gives_nothing();
    rig.keep("a", 0).gives_nothing();
    rig.keep("a", 1).gives("dial a3");
}

#[test]
fn r11_r16_r20_a_check_that_fails_leaves_its_place_to_another_keys_floor() {
    let mut rig = Rig::new(timeless().check_after_idle(ms(10)).max_idle(2));
    rig.park("a", 1);
    rig.at(10).request("gone", "a").gives("gone waits, check a1");
    rig.cancel("gone").gives_nothing();
    rig.keep("b", 2).gives("dial b1");
    rig.dead("a1").gives("close a1: check failed, dial b2");
}

#[test]
fn r12_r20_above_the_floor_a_used_one_ends_before_a_younger_one_that_never_was_used() {
    let mut rig = Rig::new(timeless().idle_timeout(ms(50)));
    rig.park("a", 1);
    rig.keep("a", 1).gives_nothing();
    rig.at(40).preconnect("a", 2).gives("dial a2");
    rig.dialed("a2").gives("park a2");
    rig.sleeps_until(50).at(50).tick().gives("close a1: idle timeout");
}

#[test]
fn r10_r20_a_key_whose_floor_is_on_lease_hides_no_other() {
    let mut rig = Rig::new(timeless().max_connections(2));
    for key in ["a", "b"] {
        rig.keep(key, 1).gives(&format!("dial {key}1"));
        rig.dialed(&format!("{key}1")).gives(&format!("park {key}1"));
    }
    rig.request("r1", "a").gives("r1 gets a1 (idle)");
    rig.request("r2", "c").gives("r2 waits, close b1: evicted");
}

#[test]
fn r20_a_floor_that_is_said_anew_goes_on_backing_off() {
    let mut rig = Rig::new(timeless());
    rig.keep("a", 1).gives("dial a1");
    rig.dial_failed("a1").gives_nothing();
    rig.keep("a", 2).gives_nothing();
    assert!(deadline(&rig) > 400);
}
