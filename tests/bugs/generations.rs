//! Clearing a pool that is in use.

use latebind::Waiters;

use crate::of_key;
use latebind_testkit::rig::Rig;

/// npgsql/npgsql#4244: clearing closed broken connections, whose ends cleared again, until the stack was exhausted.
#[test]
fn b107_a_clear_at_each_close_closes_nothing_again() {
    let mut rig = Rig::new(of_key(3));
    rig.park("a", 3);
    rig.clear("a").gives("close a1: cleared, close a2: cleared, close a3: cleared");
    for conn in ["a1", "a2", "a3"] {
        rig.clear("a").gives_nothing();
        rig.closed(conn).gives_nothing();
        rig.clear_all(Waiters::Keep, true).gives_nothing();
    }
    assert_eq!((rig.stats().connections(), rig.stats().keys), (0, 0));
}

/// npgsql/npgsql#4244, with one that breaks while it is on lease, and one that is dialed.
#[test]
fn b107_leases_and_dials_are_cleared_once_as_well() {
    let mut rig = Rig::new(of_key(3));
    rig.lease("r1", "a");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.clear("a").gives("stop a2, dial a3"); // r2 is kept, and dialed for anew.
    rig.clear("a").gives("stop a3");
    rig.closed("a1").gives("dial a4");
    rig.clear("a").gives("stop a4");
    rig.dial_failed("a2").gives("dial a5");
    rig.dialed("a5").gives("r2 gets a5 (own dial)");
    rig.dialed("a3").gives("close a3: cleared");
    rig.dialed("a4").gives("close a4: cleared");
}

/// Chromium's `AbortAllRequestsOnFlush` and crbug.com/44724: a request made by one that a flush had aborted was
/// aborted by the same flush.
#[test]
fn b109_a_request_made_after_a_clear_belongs_to_the_new_generation() {
    let mut rig = Rig::new(of_key(2));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.clear_failing("a").gives("r1 fails: cleared, stop a1");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.dialed("a1").gives("close a1: cleared"); // Of the old generation: not for r2.
    rig.closed("a1").gives_nothing();
    rig.dialed("a2").gives("r2 gets a2 (own dial)");
}

/// Chromium's `AbortAllRequestsOnFlush` and crbug.com/44724, where the old dial holds the only slot (R9).
#[test]
fn b109_though_it_may_have_to_wait_for_the_old_dials_slot() {
    for dial_succeeds in [true, false] {
        let mut rig = Rig::new(of_key(1));
        rig.request("r1", "a").gives("r1 waits, dial a1");
        rig.clear_failing("a").gives("r1 fails: cleared, stop a1");
        rig.request("r2", "a").gives("r2 waits");
        if dial_succeeds {
            rig.dialed("a1").gives("close a1: cleared");
            rig.closed("a1").gives("dial a2");
        } else {
            rig.dial_failed("a1").gives("dial a2"); // Its failure charges nobody.
        }
        rig.dialed("a2").gives("r2 gets a2 (own dial)");
    }
}
