//! R7 and I7: how long a backoff lasts, and what it leaves.

use std::collections::BTreeSet;
use std::time::Duration;

use latebind::{Binding, Config, DialFailure, Time};

use crate::retry::{end_of_backoff, retry};
use latebind_testkit::rig::{Rig, ms};

#[test]
fn r3_after_a_backoff_the_first_dial_belongs_to_the_first_waiter() {
    for binding in [Binding::HeadFirst, Binding::OwnFirst] {
        let mut rig = Rig::new(retry(9).binding(binding).max_connections(2));
        rig.request("r1", "a").gives("r1 waits, dial a1");
        rig.request("r2", "a").gives("r2 waits, dial a2");
        rig.dial_failed("a1").gives_nothing();
        rig.dial_failed("a2").gives_nothing();
        rig.request("r3", "b").gives("r3 waits, dial b1");
        rig.at(100).tick().gives("dial a3"); // There is room for one.
        rig.dialed("a3").gives("r1 gets a3 (own dial)");
    }
}

#[test]
fn i7_a_backoff_keeps_its_key_known_but_arms_no_timer_alone() {
    let mut rig = Rig::new(retry(9));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.dial_failed("a1").gives_nothing();
    rig.cancel("r1").gives_nothing();
    rig.sleeps_for_ever();
    assert_eq!(rig.key_stats("a").map(|stats| stats.keys), Some(1));
    // It still holds whoever comes.
    rig.at(20).request("r2", "a").gives("r2 waits");
    end_of_backoff(&mut rig, Time::ZERO, ms(100));
    rig.tick().gives("dial a2");
}

#[test]
fn i7_a_key_is_forgotten_when_its_backoff_has_ended() {
    let mut rig = Rig::new(retry(9));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.dial_failed("a1").gives_nothing();
    rig.cancel("r1").gives_nothing();
    rig.at(100).tick().gives_nothing();
    assert_eq!((rig.key_stats("a"), rig.stats().keys), (None, 0));
    rig.request("r2", "a").gives("r2 waits, dial a2");
}

#[test]
fn r23_the_jitter_of_a_backoff_comes_from_the_seed() {
    let ends = |seed: u64| {
        let mut rig = Rig::new(retry(99).seed(seed));
        rig.request("r1", "a").gives("r1 waits, dial a1");
        let mut ends = Vec::new();
        for round in 1..6 {
            rig.dial_failed(&format!("a{round}")).gives_nothing();
            let end = rig.deadline().expect("a backoff holds r1");
            rig.at_time(end).tick().gives(&format!("dial a{}", round + 1));
            ends.push(end);
        }
        ends
    };
    assert_eq!(ends(7), ends(7));
    let first: BTreeSet<Time> = (0..64).map(|seed| ends(seed)[0]).collect();
    assert!(first.len() > 32, "64 seeds give {} backoffs", first.len());
    let (least, most) = (first.first().copied(), first.last().copied());
    assert!(least < Some(Time::from_origin(ms(60))) && most > Some(Time::from_origin(ms(90))), "{first:?}");
}

#[test]
fn r12_a_backoff_of_zero_holds_nobody() {
    let policy = DialFailure::Retry { backoff: Duration::ZERO, backoff_max: Duration::ZERO, attempts: 9 };
    let mut rig = Rig::new(Config::default().dial_failure(policy));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    // At once may mean this step, or a tick at this very time.
    let _ = rig.dial_failed("a1");
    let _ = rig.tick();
    rig.dialed("a2").gives("r1 gets a2 (own dial)");
}

#[test]
fn r12_a_backoff_of_centuries_holds_until_a_success() {
    let policy =
        DialFailure::Retry { backoff: Duration::MAX, backoff_max: Duration::MAX, attempts: u32::MAX };
    let mut rig = Rig::new(Config::default().dial_failure(policy).dial_timeout(None));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request_with("r2", "a", latebind::Priority::default(), Some(Time::NEVER)).gives("r2 waits, dial a2");
    rig.dial_failed("a1").gives_nothing();
    rig.sleeps_until(30_000).at(30_000).tick().gives("r1 fails: timeout of a1");
    rig.dialed("a2").gives("r2 gets a2 (own dial)");
    rig.request("r3", "a").gives("r3 waits, dial a3");
}

#[test]
fn i7_a_key_is_as_new_after_its_backoff_whether_a_tick_came_in_between_or_not() {
    let retry = DialFailure::Retry { backoff: ms(100), backoff_max: ms(1000), attempts: 2 };
    for ticks in [false, true] {
        let mut rig = Rig::new(Config::default().request_timeout(None).dial_failure(retry));
        rig.request_until("r1", "a", 10).gives("r1 waits, dial a1");
        rig.dial_failed("a1").gives_nothing();
        rig.at(10).tick().gives("r1 fails: timeout of a1");
        if ticks {
            rig.at(150).tick().gives_nothing();
        }
        rig.at(200).request("r2", "a").gives("r2 waits, dial a2");
        // The first round of its own: nobody is charged.
        rig.dial_failed("a2").gives_nothing();
    }
}

#[test]
fn r21_a_backoff_ends_with_the_policy_and_is_not_longer_than_a_new_one_allows() {
    let retry = |milliseconds| DialFailure::Retry {
        backoff: ms(milliseconds),
        backoff_max: ms(milliseconds),
        attempts: 5,
    };
    let config = Config::default().request_timeout(None);
    let mut rig = Rig::new(config.clone().dial_failure(retry(60_000)));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.dial_failed("a1").gives_nothing();
    rig.reconfigure(&config.clone().dial_failure(retry(5))).gives_nothing();
    rig.at(5).tick().gives("dial a2");
    rig.dial_failed("a2").gives_nothing();
    rig.reconfigure(&config).gives("dial a3");
}

#[test]
fn r7_r21_rounds_end_with_the_policy_also_where_no_backoff_runs() {
    let config = retry(5);
    let mut rig = Rig::new(config.clone());
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.dial_failed("a1").gives_nothing();
    let until = rig.deadline().expect("a backoff");
    rig.at_time(until).tick().gives("dial a2");
    rig.reconfigure(&config.clone().dial_failure(DialFailure::FailFirst)).gives_nothing();
    rig.reconfigure(&config).gives_nothing();
    rig.dial_failed("a2").gives_nothing();
    let DialFailure::Retry { backoff, .. } = config.dial_failure else { unreachable!("of `retry`") };
    // The first round again: not doubled.
    assert!(rig.deadline().is_some_and(|until| until <= rig.now().after(backoff)), "{:?}", rig.deadline());
}

#[test]
fn r7_r21_a_backoff_that_would_be_over_under_a_new_config_is_over() {
    let none = DialFailure::Retry { backoff: ms(0), backoff_max: ms(0), attempts: 5 };
    let mut rig = Rig::new(retry(5));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.at(7).dial_failed("a1").gives_nothing();
    rig.at(8).reconfigure(&retry(5).dial_failure(none)).gives("dial a2");
    rig.sleeps_for_ever();
}
