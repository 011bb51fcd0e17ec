//! Failed dials, and dials that are too many.

use latebind::{Config, DialFailure, Surplus};

use crate::of_key;
use latebind_testkit::rig::{Rig, ms};

/// eclipse-vertx/vert.x PR#324: failed dials were counted as connections for ever.
#[test]
fn b17_a_failed_dial_is_counted_no_more() {
    let mut rig = Rig::new(of_key(1));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.dial_failed("a1").gives("r1 fails: dial of a1");
    assert_eq!((rig.stats().dialing, rig.stats().connections()), (0, 0));
    rig.request("r2", "a").gives("r2 waits, dial a2");
}

/// coopernurse/node-pool#183: where every dial fails, dialing went on for ever and nobody was answered.
#[test]
fn b19_one_request_causes_one_dial_where_every_dial_fails() {
    let mut rig = Rig::new(of_key(1));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.dial_failed("a1").gives("r1 fails: dial of a1");
    rig.sleeps_for_ever();
}

/// Vincit/tarn.js PR#48: a dial that had timed out stayed pending, and its late success leaked.
///
/// The report wants the next dial at once. Here the dial that was told to stop holds its slot until it is
/// reported (R9), so with one slot the newcomer waits for that report; with two it is dialed for at once.
#[test]
fn b21_a_late_success_after_the_dial_timeout_is_used() {
    let mut rig = Rig::new(of_key(1).dial_timeout(ms(100)));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.at(100).tick().gives("stop a1, r1 fails: dial timeout of a1");
    rig.request("r2", "a").gives("r2 waits");
    rig.at(120).dialed("a1").gives("r2 gets a1 (other dial)");
    assert_eq!(rig.stats().connections(), 1);

    let mut rig = Rig::new(of_key(2).dial_timeout(ms(100)));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.at(100).tick().gives("stop a1, r1 fails: dial timeout of a1");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.at(120).dialed("a2").gives("r2 gets a2 (own dial)");
    rig.dialed("a1").gives("park a1");
}

/// hyperium/hyper-util PR#296: those who waited for another's dial were cancelled without its error.
#[test]
fn b23_all_that_wait_for_one_dial_hear_of_its_error() {
    let config = of_key(1).dial_failure(DialFailure::FailAll);
    let mut rig = Rig::new(config);
    rig.lease("r0", "a");
    for name in ["r1", "r2", "r3"] {
        rig.request(name, "a").gives(&format!("{name} waits"));
    }
    rig.closed("a1").gives("dial a2");
    rig.dial_failed("a2").gives("r1 fails: dial of a2, r2 fails: dial of a2, r3 fails: dial of a2");
    rig.request("r4", "a").gives("r4 waits, dial a3");
}

/// hyperium/hyper-util PR#296, where those who joined later have a fresh dial instead (R7).
#[test]
fn b23_those_that_joined_later_have_a_dial_of_their_own() {
    let mut rig = Rig::new(of_key(1).dial_failure(DialFailure::FailAll));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("r2", "a").gives("r2 waits");
    rig.request("r3", "a").gives("r3 waits");
    rig.dial_failed("a1").gives("r1 fails: dial of a1, dial a2");
    rig.dial_failed("a2").gives("r2 fails: dial of a2, r3 fails: dial of a2");
}

/// golang/go#66442: the dial of a request that was served otherwise was thrown away.
#[test]
fn b33_a_surplus_dial_is_kept() {
    let mut rig = Rig::new(of_key(2));
    rig.lease("r0", "a");
    rig.request("r1", "a").gives("r1 waits, dial a2");
    rig.returned("a1").gives("r1 gets a1 (returned)");
    rig.dialed("a2").gives("park a2");
}

/// golang/go#66442, under the policy that gives surplus dials up: once, and nothing leaks.
#[test]
fn b33_or_cancelled_exactly_once() {
    let mut rig = Rig::new(of_key(2).surplus(Surplus::Cancel));
    rig.lease("r0", "a");
    rig.request("r1", "a").gives("r1 waits, dial a2");
    rig.returned("a1").gives("r1 gets a1 (returned), stop a2");
    rig.dialed("a2").gives("park a2");
    assert_eq!(rig.stats().connections(), 2);
}

/// djc/bb8, commit f02f40f: a wake-up left over from before started a second dial.
#[test]
fn b37_one_request_starts_one_dial() {
    let mut rig = Rig::new(of_key(5));
    rig.lease("r1", "a");
    rig.returned("a1").gives("park a1");
    rig.closed("a1").gives_nothing();
    rig.request("r2", "a").gives("r2 waits, dial a2");
}

/// dotnet/runtime#66990: dials went on for requests that had been cancelled.
#[test]
fn b39_cancelled_requests_cause_no_dial() {
    let mut rig = Rig::new(of_key(1));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    for number in 2..=100 {
        rig.request(&format!("r{number}"), "a").gives(&format!("r{number} waits"));
    }
    for number in 1..100 {
        rig.cancel(&format!("r{number}")).gives_nothing();
    }
    assert_eq!(rig.stats().waiters, 1);
    rig.dial_failed("a1").gives("dial a2");
    rig.dialed("a2").gives("r100 gets a2 (own dial)");
}

/// nodejs/undici PR#5799: a burst on a cold key dialed for everybody before the protocol was known.
///
/// The report wants one probing dial. Here the limits decide: R4 dials for each waiter that they permit. With
/// `max_dials_per_key` at 1 the first dial is that probe; and without, surplus dials end as R5 says.
#[test]
fn b77_a_burst_is_served_by_the_first_dial_that_turns_out_shared() {
    let mut rig = Rig::new(of_key(50).max_dials_per_key(1));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    let mut burst = vec!["r1 gets a1 (own dial)".to_owned()];
    for number in 2..=20 {
        rig.request(&format!("r{number}"), "a").gives(&format!("r{number} waits"));
        burst.push(format!("r{number} gets a1 (other dial)"));
    }
    rig.dialed_shared("a1", 100).gives(&burst.join(", "));
    assert_eq!(rig.stats().connections(), 1);

    let mut rig = Rig::new(Config::default().surplus(Surplus::Cancel));
    for number in 1..=3 {
        rig.request(&format!("r{number}"), "a").gives(&format!("r{number} waits, dial a{number}"));
    }
    rig.dialed_shared("a1", 100)
        .gives("r1 gets a1 (own dial), r2 gets a1 (other dial), r3 gets a1 (other dial), stop a2, stop a3");
}

/// nodejs/undici PR#5799, where the first dial turns out to carry one lease at a time.
#[test]
fn b77_or_one_dial_follows_the_other() {
    let mut rig = Rig::new(of_key(50).max_dials_per_key(1));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("r2", "a").gives("r2 waits");
    rig.request("r3", "a").gives("r3 waits");
    rig.dialed("a1").gives("r1 gets a1 (own dial), dial a2");
    rig.dialed("a2").gives("r2 gets a2 (own dial), dial a3");
    rig.dialed("a3").gives("r3 gets a3 (own dial)");
}
