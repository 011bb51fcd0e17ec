//! R7, `DialFailure::Retry`: backoffs in rounds.

use std::time::Duration;

use latebind::{Binding, Config, DialFailure, Surplus, Time};

use latebind_testkit::rig::{Rig, ms};

/// Backoffs of 100 ms, 200 ms, 400 ms, 500 ms, 500 ms, …; each jittered down to its half.
pub(crate) fn retry(attempts: u32) -> Config {
    let policy = DialFailure::Retry { backoff: ms(100), backoff_max: ms(500), attempts };
    Config::default().dial_failure(policy).request_timeout(None).dial_timeout(None)
}

/// Waits for the end of a backoff that began at `began`, and must be `whole` at most.
pub(crate) fn end_of_backoff(rig: &mut Rig, began: Time, whole: Duration) -> Time {
    let end = rig.deadline().expect("a backoff holds somebody");
    assert!(end >= began.after(whole / 2), "{end:?} is before half of {whole:?} after {began:?}");
    assert!(end <= began.after(whole), "{end:?} is later than {whole:?} after {began:?}");
    rig.at_time(Time(end.0 - 1)).tick().gives_nothing();
    rig.at_time(end);
    end
}

#[test]
fn r7_retry_a_failure_fails_nobody_and_holds_the_next_dial() {
    let mut rig = Rig::new(retry(9));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.at(1000).dial_failed("a1").gives_nothing();
    end_of_backoff(&mut rig, Time::from_origin(ms(1000)), ms(100));
    rig.tick().gives("dial a2");
    rig.dialed("a2").gives("r1 gets a2 (own dial)");
    rig.sleeps_for_ever();
}

#[test]
fn r7_retry_each_round_doubles_the_backoff_up_to_its_greatest() {
    let mut rig = Rig::new(retry(99));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    let mut began = Time::ZERO;
    for (round, whole) in (1..).zip([100, 200, 400, 500, 500, 500]) {
        rig.dial_failed(&format!("a{round}")).gives_nothing();
        began = end_of_backoff(&mut rig, began, ms(whole));
        rig.tick().gives(&format!("dial a{}", round + 1));
    }
}

#[test]
fn r7_retry_all_dials_of_the_key_are_held_and_no_other_keys() {
    let mut rig = Rig::new(retry(9));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.dial_failed("a1").gives_nothing();
    rig.request("r2", "a").gives("r2 waits");
    rig.request("r3", "b").gives("r3 waits, dial b1");
    end_of_backoff(&mut rig, Time::ZERO, ms(100));
    rig.tick().gives("dial a2, dial a3");
}

#[test]
fn r7_retry_failures_of_older_dials_prolong_nothing() {
    let mut rig = Rig::new(retry(9));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.dial_failed("a1").gives_nothing();
    let end = rig.deadline();
    rig.at(40).dial_failed("a2").gives_nothing();
    assert_eq!(rig.deadline(), end);
    let end = end_of_backoff(&mut rig, Time::ZERO, ms(100));
    rig.tick().gives("dial a3, dial a4");
    // Of the dials that started since, the first failure is the second round.
    rig.dial_failed("a4").gives_nothing();
    rig.dial_failed("a3").gives_nothing();
    end_of_backoff(&mut rig, end, ms(200));
    rig.tick().gives("dial a5, dial a6");
}

#[test]
fn r7_retry_a_dial_older_than_the_round_is_no_round_even_after_the_backoff() {
    let mut rig = Rig::new(retry(2));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.dial_failed("a1").gives_nothing();
    end_of_backoff(&mut rig, Time::ZERO, ms(100));
    rig.tick().gives("dial a3");
    // The round that a1 began is the only one: a2 started before it. R4: it is dialed for at once.
    rig.dial_failed("a2").gives("dial a4");
}

#[test]
fn r7_retry_from_the_given_number_of_rounds_on_failures_are_charged() {
    let mut rig = Rig::new(retry(3));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    let mut began = Time::ZERO;
    for (round, whole) in [(1, 100), (2, 200)] {
        rig.dial_failed(&format!("a{round}")).gives_nothing();
        began = end_of_backoff(&mut rig, began, ms(whole));
        rig.tick().gives(&format!("dial a{}", round + 1));
    }
    rig.dial_failed("a3").gives("r1 fails: dial of a3");
}

#[test]
fn r7_retry_once_charged_every_failure_is_until_a_dial_succeeds() {
    let mut rig = Rig::new(retry(1));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.request("r3", "a").gives("r3 waits, dial a3");
    rig.dial_failed("a1").gives("r1 fails: dial of a1");
    rig.dial_failed("a2").gives("r2 fails: dial of a2");
    rig.dialed("a3").gives("r3 gets a3 (own dial)");
}

#[test]
fn r7_retry_a_charged_failure_is_counted_against_cover_too() {
    let mut rig = Rig::new(retry(1));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.cancel("r1").gives_nothing();
    rig.dial_failed("a2").gives_nothing();
    rig.dialed("a1").gives("r2 gets a1 (other dial)");
}

#[test]
fn r7_retry_those_that_were_not_charged_are_held_by_the_backoff() {
    let mut rig = Rig::new(retry(1).max_connections_per_key(1));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("r2", "a").gives("r2 waits");
    rig.dial_failed("a1").gives("r1 fails: dial of a1");
    end_of_backoff(&mut rig, Time::ZERO, ms(100));
    rig.tick().gives("dial a2");
}

#[test]
fn r7_retry_a_success_ends_the_backoff_and_the_rounds() {
    let mut rig = Rig::new(retry(2));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.dial_failed("a1").gives_nothing();
    rig.at(10).dialed("a2").gives("r1 gets a2 (other dial), dial a3");
    // The first round again: nobody is charged, and the backoff is the shortest.
    rig.at(20).dial_failed("a3").gives_nothing();
    end_of_backoff(&mut rig, Time::from_origin(ms(20)), ms(100));
    rig.tick().gives("dial a4");
}

#[test]
fn r7_retry_waiters_stay_eligible_for_everything_else() {
    let mut rig = Rig::new(retry(9));
    rig.lease("r0", "a");
    rig.request("r1", "a").gives("r1 waits, dial a2");
    rig.dial_failed("a2").gives_nothing();
    rig.returned("a1").gives("r1 gets a1 (returned)");
    rig.sleeps_for_ever(); // A backoff alone arms no timer.
}

#[test]
fn r7_retry_timeouts_run_during_the_backoff_and_name_its_cause() {
    let mut rig = Rig::new(retry(9).request_timeout(ms(30)));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.at(5).dial_failed("a1").gives_nothing();
    rig.at(10).request("r2", "a").gives("r2 waits");
    rig.sleeps_until(30).at(30).tick().gives("r1 fails: timeout of a1");
    rig.at(40).tick().gives("r2 fails: timeout of a1");
    rig.sleeps_for_ever();
}

#[test]
fn r7_retry_a_fatal_error_starts_no_backoff() {
    let mut rig = Rig::new(retry(9).max_connections_per_key(1));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("r2", "a").gives("r2 waits");
    rig.dial_failed_fatally("a1").gives("r1 fails: dial of a1, dial a2");
}

#[test]
fn r7_retry_a_dial_timeout_is_a_failure() {
    let mut rig = Rig::new(retry(9).dial_timeout(ms(1000)));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.at(1000).tick().gives("stop a1");
    end_of_backoff(&mut rig, Time::from_origin(ms(1000)), ms(100));
    rig.tick().gives("dial a2");
    rig.dial_failed("a1").gives_nothing(); // It has failed already: no second round.
    rig.dialed("a2").gives("r1 gets a2 (own dial)");
}

#[test]
fn r7_retry_a_stopped_dial_that_succeeds_ends_the_backoff() {
    let mut rig = Rig::new(retry(9).dial_timeout(ms(1000)));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.at(1).request("r2", "a").gives("r2 waits, dial a2");
    rig.at(1000).tick().gives("stop a1");
    rig.cancel("r1").gives_nothing();
    rig.request("r3", "a").gives("r3 waits"); // Held.
    rig.dialed("a1").gives("r2 gets a1 (other dial)");
    rig.request("r4", "a").gives("r4 waits, dial a3");
}

#[test]
fn r7_retry_the_failure_of_a_dial_that_was_not_needed_any_more_is_no_round() {
    let mut rig = Rig::new(retry(1).surplus(Surplus::Cancel));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.cancel("r1").gives("stop a1");
    rig.dial_failed("a1").gives_nothing();
    rig.request("r2", "a").gives("r2 waits, dial a2");
}

#[test]
fn r7_retry_own_first_charges_the_request_of_the_dial_alone() {
    let mut rig = Rig::new(retry(1).binding(Binding::OwnFirst));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.dial_failed("a2").gives("r2 fails: dial of a2");
    rig.dialed("a1").gives("r1 gets a1 (own dial)");
}

#[test]
fn r7_retry_after_a_success_the_failure_of_any_dial_begins_anew() {
    let mut rig = Rig::new(retry(9));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.request("r3", "a").gives("r3 waits, dial a3");
    rig.dial_failed("a2").gives_nothing();
    rig.dialed("a3").gives("r1 gets a3 (other dial), dial a4");
    rig.dial_failed("a1").gives_nothing(); // Older than the round that a3 has ended.
    assert!(rig.deadline().is_some(), "a backoff holds r3");
}
