//! Shutdowns that hung or forgot.

use crate::of_key;
use latebind_testkit::rig::Rig;

/// jackc/puddle#25: closing waited for dials that were counted only once they had ended.
#[test]
fn b99_shutdown_ends_when_the_last_dial_is_reported() {
    for order in [[1, 2, 3, 4, 5, 6, 7, 8], [8, 1, 5, 3, 6, 4, 7, 2]] {
        let mut rig = Rig::new(of_key(8));
        for number in 1..=8 {
            rig.request(&format!("r{number}"), "a").gives(&format!("r{number} waits, dial a{number}"));
        }
        for number in 1..=8 {
            rig.cancel(&format!("r{number}")).gives_nothing();
        }
        let stops: Vec<String> = (1..=8).map(|number| format!("stop a{number}")).collect();
        rig.shutdown().gives(&stops.join(", "));
        for (left, number) in order.into_iter().enumerate() {
            let conn = format!("a{number}");
            let last = left == 7;
            if number % 2 == 0 {
                rig.dialed(&conn).gives(&format!("close {conn}: shutdown"));
                rig.closed(&conn).gives(if last { "drained" } else { "" });
            } else {
                rig.dial_failed(&conn).gives(if last { "drained" } else { "" });
            }
        }
        assert!(rig.is_drained());
    }
}

/// transact-rs/sqlx PR#3952: connections given back during the close survived it.
#[test]
fn b101_what_is_given_back_during_the_shutdown_closes() {
    let mut rig = Rig::new(of_key(3));
    for name in ["r1", "r2", "r3"] {
        rig.lease(name, "a");
    }
    rig.returned("a1").gives("park a1");
    rig.shutdown().gives("close a1: shutdown");
    rig.returned("a2").gives("close a2: shutdown");
    rig.closed("a1").gives_nothing();
    rig.returned("a3").gives("close a3: shutdown");
    rig.closed("a3").gives_nothing();
    assert!(!rig.is_drained());
    rig.closed("a2").gives("drained");
}

/// nodejs/undici#390: requests in the queue were left unanswered.
#[test]
fn b103_every_waiter_is_answered_once() {
    let mut rig = Rig::new(of_key(1));
    rig.lease("r1", "a");
    for name in ["r2", "r3", "r4", "r5"] {
        rig.request(name, "a").gives(&format!("{name} waits"));
    }
    rig.shutdown().gives("r2 fails: shutdown, r3 fails: shutdown, r4 fails: shutdown, r5 fails: shutdown");
    rig.closed("a1").gives("drained");
}

/// aio-libs/aiohttp#2193: a dial that ended after the close found its entry gone, and crashed.
#[test]
fn b105_a_dial_may_end_after_the_shutdown() {
    let mut rig = Rig::new(of_key(1));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.shutdown().gives("r1 fails: shutdown, stop a1");
    rig.dialed("a1").gives("close a1: shutdown");
    rig.closed("a1").gives("drained");

    let mut rig = Rig::new(of_key(1));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.shutdown().gives("r1 fails: shutdown, stop a1");
    rig.dial_failed("a1").gives("drained");
    rig.dial_failed("a1").gives_nothing();
}
