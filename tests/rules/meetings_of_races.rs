//! Where two things come at the same instant, in either order.

use latebind::{Binding, DialFailure};

use crate::timeless;
use latebind_testkit::rig::{Rig, ms};

/// A waiter, a connection under check for it, and one on lease.
fn checked_and_leased(binding: Binding) -> Rig {
    let mut rig = Rig::new(timeless().check_after_idle(ms(10)).binding(binding));
    rig.lease("r0", "a");
    rig.lease("r9", "a");
    rig.returned("a1").gives("park a1");
    rig.at(10).request("r1", "a").gives("r1 waits, check a1");
    rig
}

#[test]
fn r3_r16_a_check_and_a_return_whichever_comes_first_serves() {
    for binding in [Binding::HeadFirst, Binding::OwnFirst] {
        let mut rig = checked_and_leased(binding);
        rig.alive("a1").gives("r1 gets a1 (checked)");
        rig.returned("a2").gives("park a2");
        let mut rig = checked_and_leased(binding);
        rig.returned("a2").gives("r1 gets a2 (returned)");
        rig.alive("a1").gives("park a1");
    }
}

#[test]
fn r2_r16_a_more_urgent_newcomer_gets_what_was_checked_for_another() {
    for binding in [Binding::HeadFirst, Binding::OwnFirst] {
        let mut rig = checked_and_leased(binding);
        rig.request_level("urgent", "a", 7).gives("urgent waits, dial a3");
        rig.alive("a1").gives("urgent gets a1 (checked)");
        rig.dialed("a3").gives("r1 gets a3 (other dial)"); // It was the dial of the more urgent one.
    }
}

#[test]
fn r16_two_checks_serve_in_the_order_of_the_queue() {
    let mut rig = Rig::new(timeless().check_after_idle(ms(10)));
    rig.park("a", 2);
    rig.at(10).request("r1", "a").gives("r1 waits, check a2");
    rig.request("r2", "a").gives("r2 waits, check a1");
    rig.dead("a2").gives("close a2: check failed, dial a3"); // One check is left for two waiters.
    rig.alive("a1").gives("r1 gets a1 (checked)");
    rig.dialed("a3").gives("r2 gets a3 (other dial)");
}

#[test]
fn r19_a_dial_and_a_clear_whichever_comes_first() {
    let mut rig = Rig::new(timeless());
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.dialed("a1").gives("r1 gets a1 (own dial)");
    rig.clear("a").gives_nothing();
    rig.returned("a1").gives("close a1: cleared");
    let mut rig = Rig::new(timeless());
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.clear("a").gives("stop a1, dial a2");
    rig.dialed("a1").gives("close a1: cleared");
}

#[test]
fn r19_a_failed_dial_and_a_clear_whichever_comes_first() {
    let mut rig = Rig::new(timeless());
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.dial_failed("a1").gives("r1 fails: dial of a1");
    rig.clear("a").gives_nothing();
    let mut rig = Rig::new(timeless());
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.clear("a").gives("stop a1, dial a2");
    rig.dial_failed("a1").gives_nothing();
}

#[test]
fn r19_a_return_and_a_pause_whichever_comes_first() {
    let mut rig = Rig::new(timeless().max_connections_per_key(1));
    rig.lease("r0", "a");
    rig.request("r1", "a").gives("r1 waits");
    rig.returned("a1").gives("r1 gets a1 (returned)");
    rig.pause().gives_nothing();
    let mut rig = Rig::new(timeless().max_connections_per_key(1));
    rig.lease("r0", "a");
    rig.request("r1", "a").gives("r1 waits");
    rig.pause().gives_nothing();
    rig.returned("a1").gives("park a1");
    rig.cancel("r1").gives_nothing();
    rig.resume().gives_nothing();
}

#[test]
fn r10_a_return_and_a_need_whichever_comes_first() {
    let mut rig = Rig::new(timeless().max_connections(1));
    rig.lease("r0", "a");
    rig.returned("a1").gives("park a1");
    rig.request("r1", "b").gives("r1 waits, close a1: evicted");
    let mut rig = Rig::new(timeless().max_connections(1));
    rig.lease("r0", "a");
    rig.request("r1", "b").gives("r1 waits");
    rig.returned("a1").gives("close a1: evicted");
}

#[test]
fn r10_r24_a_connection_that_was_told_to_go_is_gone_for_its_own_key_too() {
    let mut rig = Rig::new(timeless().max_connections(1));
    rig.park("a", 1);
    rig.request("r1", "b").gives("r1 waits, close a1: evicted");
    rig.request("r2", "a").gives("r2 waits");
    rig.cancel("r1").gives_nothing();
    rig.closed("a1").gives("dial a2");
}

#[test]
fn r13_a_backup_falls_due_with_the_dial_that_is_done() {
    let mut rig = Rig::new(timeless().backup_dial_after(ms(50)));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.at(50).dialed("a1").gives("r1 gets a1 (own dial)"); // Time passes first, but nothing starts before the event.
    assert_eq!(rig.stats().dialing, 0);
}

#[test]
fn r14_a_hold_ends_with_the_return_that_serves() {
    let mut rig = Rig::new(timeless().dial_delay(ms(40)));
    rig.lease("r0", "a");
    rig.request("r1", "a").gives("r1 waits");
    rig.at(40).returned("a1").gives("r1 gets a1 (returned)");
    assert_eq!(rig.stats().dialing, 0);
}

#[test]
fn r7_r19_a_backoff_that_ends_with_the_resume_lets_the_dial_start() {
    let retry = DialFailure::Retry { backoff: ms(100), backoff_max: ms(100), attempts: 9 };
    let mut rig = Rig::new(timeless().dial_failure(retry));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.dial_failed("a1").gives_nothing();
    rig.pause().gives_nothing();
    rig.at(100).resume().gives("dial a2");
}

#[test]
fn r20_a_floor_does_not_refill_what_is_just_delivered_twice() {
    let mut rig = Rig::new(timeless());
    rig.keep("a", 1).gives("dial a1");
    rig.request("r1", "a").gives("r1 waits, dial a2");
    rig.dialed("a1").gives("r1 gets a1 (other dial)"); // a2 is on its way for the floor.
    rig.returned("a1").gives("park a1");
    rig.dialed("a2").gives("park a2");
}
