//! What was never removed.

use latebind::{Config, Surplus};

use crate::of_key;
use latebind_testkit::rig::Rig;

/// hyperium/hyper#1315: waiters served by their own dials stayed in the queue for ever.
#[test]
fn b61_a_waiter_served_by_its_own_dial_leaves_the_queue() {
    let mut rig = Rig::new(Config::default().max_connections_per_key(None));
    for number in 1..=50 {
        let conn = rig.lease(&format!("r{number}"), "a");
        assert_eq!(rig.stats().waiters, 0);
        rig.closed(&conn).gives_nothing();
        assert_eq!(rig.stats().keys, 0);
    }
}

/// golang/go#76784: each cancelled request to a black hole left a hanging dial behind.
#[test]
fn b63_hanging_dials_are_used_again_as_cover() {
    let mut rig = Rig::new(Config::default().max_connections_per_key(None));
    rig.request("r0", "a").gives("r0 waits, dial a1");
    rig.cancel("r0").gives_nothing();
    for number in 1..=100 {
        rig.request(&format!("r{number}"), "a").gives(&format!("r{number} waits"));
        rig.cancel(&format!("r{number}")).gives_nothing();
    }
    assert_eq!(rig.stats().dialing, 1);
}

/// golang/go#76784, where surplus dials are cancelled: those that do not stop are bounded by the limits.
#[test]
fn b63_dials_that_do_not_stop_are_bounded() {
    let mut rig = Rig::new(of_key(3).surplus(Surplus::Cancel));
    for number in 1..=20 {
        let _ = rig.request(&format!("r{number}"), "a");
        let _ = rig.cancel(&format!("r{number}"));
    }
    assert_eq!((rig.stats().dialing, rig.stats().waiters), (3, 0));
}

/// golang/go#76784: only the front of the queue was purged, and the front waited for long.
#[test]
fn b63_cancelled_requests_leave_the_middle_of_the_queue() {
    let mut rig = Rig::new(of_key(1));
    rig.lease("x", "a");
    rig.request("r0", "a").gives("r0 waits");
    for number in 1..=100 {
        rig.request(&format!("r{number}"), "a").gives(&format!("r{number} waits"));
        rig.cancel(&format!("r{number}")).gives_nothing();
    }
    assert_eq!(rig.stats().waiters, 1);
    rig.returned("a1").gives("r0 gets a1 (returned)");
}

/// cloudflare/pingora, commit 0f12481: a key's empty entry was never removed.
#[test]
fn b65_keys_are_forgotten_on_every_path() {
    let mut rig = Rig::new(Config::default().max_idle(1));
    rig.request("r1", "failed").gives("r1 waits, dial failed1");
    rig.dial_failed("failed1").gives("r1 fails: dial of failed1");
    rig.park("idle", 1);
    rig.lease("r2", "evicting");
    rig.returned("evicting1").gives("park evicting1, close idle1: idle limit");
    rig.closed("idle1").gives_nothing();
    rig.at(90_000).tick().gives("close evicting1: idle timeout");
    rig.closed("evicting1").gives_nothing();
    rig.lease("r3", "broken");
    rig.closed("broken1").gives_nothing();
    assert_eq!(rig.stats().keys, 0);
}
