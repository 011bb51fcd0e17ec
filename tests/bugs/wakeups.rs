//! Lost wake-ups, barging and starvation.

use latebind::Config;

use crate::of_key;
use latebind_testkit::rig::Rig;

/// golang/go#10155: a return in the gap between "nothing idle" and "waiting" was parked.
#[test]
fn b01_a_return_right_after_the_request_goes_to_it() {
    let mut rig = Rig::new(of_key(2));
    rig.lease("r0", "a");
    rig.request("r1", "a").gives("r1 waits, dial a2");
    rig.request("r2", "a").gives("r2 waits");
    rig.returned("a1").gives("r1 gets a1 (returned)");
    rig.returned("a1").gives("r2 gets a1 (returned)");
}

/// aio-libs/aiohttp#9670: the one wake-up went to a waiter that was being cancelled, and died with it.
#[test]
fn b03_a_connection_delivered_to_a_cancelled_waiter_goes_on_to_the_next() {
    let mut rig = Rig::new(of_key(1));
    rig.lease("r1", "a");
    rig.request("r2", "a").gives("r2 waits");
    rig.request("r3", "a").gives("r3 waits");
    rig.returned("a1").gives("r2 gets a1 (returned)");
    rig.cancel("r2").gives_nothing();
    rig.returned("a1").gives("r3 gets a1 (returned)"); // The adapter refuses the delivery for r2.
}

/// aio-libs/aiohttp#9670, in the other order.
#[test]
fn b03_a_cancelled_waiter_is_passed_over() {
    let mut rig = Rig::new(of_key(1));
    rig.lease("r1", "a");
    rig.request("r2", "a").gives("r2 waits");
    rig.request("r3", "a").gives("r3 waits");
    rig.cancel("r2").gives_nothing();
    rig.returned("a1").gives("r3 gets a1 (returned)");
}

/// djc/bb8#167: broken returns freed slots, and nobody was told.
#[test]
fn b05_each_broken_return_starts_a_dial_for_those_who_wait() {
    let mut rig = Rig::new(of_key(5));
    for name in ["r1", "r2", "r3", "r4", "r5"] {
        rig.lease(name, "a");
    }
    for name in ["r6", "r7", "r8", "r9", "r10"] {
        rig.request(name, "a").gives(&format!("{name} waits"));
    }
    for (broken, dial) in [(1, 6), (2, 7), (3, 8), (4, 9), (5, 10)] {
        rig.closed(&format!("a{broken}")).gives(&format!("dial a{dial}"));
    }
    for number in 6..=10 {
        rig.dialed(&format!("a{number}")).gives(&format!("r{number} gets a{number} (own dial)"));
    }
}

/// jetty/jetty.project#5855: who took another's dial left that one without any.
#[test]
fn b07_the_loser_of_a_dial_has_one_under_way() {
    let mut rig = Rig::new(of_key(2));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request_level("r2", "a", 7).gives("r2 waits, dial a2");
    rig.dialed("a1").gives("r2 gets a1 (other dial)");
    rig.dialed("a2").gives("r1 gets a2 (other dial)");
}

/// HTTPCORE-585 (apache/httpcomponents-core, commit 8696fc667): a request that could not be served was
/// dropped instead of put back.
#[test]
fn b09_a_waiter_that_finds_no_room_keeps_its_place() {
    let mut rig = Rig::new(of_key(1).max_connections(1));
    rig.lease("r1", "a");
    rig.request("r2", "a").gives("r2 waits");
    rig.request("r3", "b").gives("r3 waits");
    rig.closed("a1").gives("dial a2");
    rig.dialed("a2").gives("r2 gets a2 (own dial)");
    rig.closed("a2").gives("dial b1");
    rig.dialed("b1").gives("r3 gets b1 (own dial)");
}

/// golang/go#32336: waiting for a slot and waiting for a connection were two queues.
#[test]
fn b13_slots_and_connections_feed_one_queue() {
    let mut rig = Rig::new(of_key(1));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("r2", "a").gives("r2 waits");
    rig.request("r3", "a").gives("r3 waits");
    rig.dialed("a1").gives("r1 gets a1 (own dial)");
    rig.returned("a1").gives("r2 gets a1 (returned)");
    rig.closed("a1").gives("dial a2");
    rig.dialed("a2").gives("r3 gets a2 (own dial)");
}

/// jackc/puddle PR#7: the slot's taker failed to dial, and the next in the queue was never told.
#[test]
fn b15_after_a_failed_dial_the_next_waiter_is_dialed_for() {
    let mut rig = Rig::new(of_key(1));
    rig.lease("r0", "a");
    rig.request("x", "a").gives("x waits");
    rig.request("y", "a").gives("y waits");
    rig.closed("a1").gives("dial a2");
    rig.dial_failed("a2").gives("x fails: dial of a2, dial a3");
    rig.dialed("a3").gives("y gets a3 (own dial)");
}

/// aio-libs/aiohttp#4936: a newcomer cut in between wake-up and resume, and one connection too many opened.
#[test]
fn b41_a_return_is_bound_in_its_own_step() {
    let mut rig = Rig::new(of_key(1));
    rig.lease("r1", "a");
    rig.request("r2", "a").gives("r2 waits");
    rig.returned("a1").gives("r2 gets a1 (returned)");
    rig.request("r3", "a").gives("r3 waits");
    assert_eq!(rig.stats().connections(), 1);
}

/// transact-rs/sqlx#453: newcomers looked at the idle connections before the queue did.
#[test]
fn b67_a_new_request_queues_behind_those_who_wait() {
    let mut rig = Rig::new(of_key(1));
    rig.lease("r1", "a");
    rig.request("r2", "a").gives("r2 waits");
    rig.request("r3", "a").gives("r3 waits");
    rig.returned("a1").gives("r2 gets a1 (returned)");
}

/// encode/httpcore#822: the losers of a connection waited anew with their full timeout.
#[test]
fn b71_a_deadline_counts_from_the_request_through_all_lost_rounds() {
    let mut rig = Rig::new(of_key(1).request_timeout(latebind_testkit::rig::ms(5000)));
    rig.lease("r1", "a");
    for name in ["r2", "r3", "r4"] {
        rig.request(name, "a").gives(&format!("{name} waits"));
    }
    rig.returned("a1").gives("r2 gets a1 (returned)");
    rig.at(4000).returned("a1").gives("r3 gets a1 (returned)");
    rig.sleeps_until(5000).at(5000).tick().gives("r4 fails: timeout");
}

/// crbug.com/40952 (Chromium): at the limit, the requested key's own idle connection was closed for a dial.
#[test]
fn b73_ones_own_idle_connection_is_delivered_and_not_evicted() {
    let mut rig = Rig::new(Config::default().max_connections(4));
    for key in ["a", "b", "c", "d"] {
        rig.park(key, 1);
    }
    rig.request("r", "a").gives("r gets a1 (idle)");
}
