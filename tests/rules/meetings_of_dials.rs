//! Where dials meet other rules: backups, surplus, floors, preconnects.

use latebind::{Binding, DialFailure, Surplus};

use crate::timeless;
use latebind_testkit::rig::{Rig, ms};

#[test]
fn r10_r13_a_backup_at_the_limit_waits_for_free_room_and_not_for_its_turn() {
    let mut rig = Rig::new(timeless().backup_dial_after(ms(50)).max_connections(2));
    rig.park("b", 1);
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.at(50).tick().gives_nothing(); // It evicts nobody.
    rig.dialed("a1").gives("r1 gets a1 (own dial)");
    rig.closed("b1").gives_nothing(); // Nobody wants it any more.
}

#[test]
fn r10_r13_a_waiter_keeps_its_dial_and_its_backup() {
    let mut rig = Rig::new(timeless().backup_dial_after(ms(50)).max_connections(2));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.at(50).tick().gives("dial a2");
    rig.request_level("r2", "b", 7).gives("r2 waits");
    rig.dialed("a2").gives("r1 gets a2 (own dial), stop a1"); // Now it is surplus.
    rig.dial_failed("a1").gives("dial b1");
}

#[test]
fn r3_r13_under_own_first_a_backup_is_offered_to_its_waiter() {
    let mut rig = Rig::new(timeless().backup_dial_after(ms(50)).binding(Binding::OwnFirst));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.at(10).request_level("r2", "a", 7).gives("r2 waits, dial a2");
    rig.at(60).tick().gives("dial a3"); // For r1, which has waited longest.
    // Now a2 is the newest dial, and as old as r2 has to be.
    rig.dialed("a3").gives("r1 gets a3 (own dial), dial a4");
    rig.dialed("a1").gives("r2 gets a1 (other dial)");
    rig.dialed("a2").gives("park a2");
}

#[test]
fn r2_r13_a_waiter_with_a_younger_place_hears_of_its_backups_failure() {
    let mut rig = Rig::new(timeless().backup_dial_after(ms(50)).binding(Binding::OwnFirst));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.at(50).tick().gives("dial a2");
    rig.reprioritize("r1", 7).gives_nothing();
    rig.dial_failed("a1").gives_nothing();
    rig.dial_failed("a2").gives("r1 fails: dial of a2");
}

#[test]
fn r7_r13_no_backup_starts_in_a_backoff() {
    let retry = DialFailure::Retry { backoff: ms(100), backoff_max: ms(100), attempts: 9 };
    let mut rig = Rig::new(timeless().backup_dial_after(ms(50)).dial_failure(retry));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.at(10).dial_failed("a1").gives_nothing();
    rig.at(50).tick().gives_nothing();
    rig.at(110).tick().gives("dial a3"); // The backoff is over: r1's own dial, and it is young.
    rig.at(160).tick().gives("dial a4");
}

#[test]
fn r10_r20_a_preconnect_goes_behind_a_stalled_key() {
    let mut rig = Rig::new(timeless().max_connections(1));
    rig.lease("r1", "a");
    rig.request("r2", "b").gives("r2 waits");
    rig.preconnect("c", 1).gives_nothing(); // Nothing to evict: dropped.
    rig.returned("a1").gives("close a1: evicted");
    rig.closed("a1").gives("dial b1");
    rig.dialed("b1").gives("r2 gets b1 (own dial)");
    rig.returned("b1").gives("park b1"); // Nobody wants the room.
}

#[test]
fn r10_r20_a_preconnect_whose_room_a_waiter_takes_is_dropped() {
    let mut rig = Rig::new(timeless().max_connections(2));
    rig.park("b", 1);
    rig.lease("r1", "c");
    rig.preconnect("a", 1).gives("close b1: evicted");
    rig.request("r2", "d").gives("r2 waits"); // Comes first to the room of b1, and no other can be made.
    rig.returned("c1").gives("park c1");
    rig.closed("b1").gives("dial d1");
}

#[test]
fn r20_a_keys_own_waiter_uses_what_a_preconnect_brings() {
    let mut rig = Rig::new(timeless().max_connections(1));
    rig.park("b", 1);
    rig.preconnect("a", 1).gives("close b1: evicted");
    rig.request("r1", "a").gives("r1 waits");
    rig.closed("b1").gives("dial a1");
    rig.dialed("a1").gives("r1 gets a1 (own dial)");
}

#[test]
fn r5_r13_r20_surplus_cancel_spares_backups_and_floors_only() {
    let config = timeless().surplus(Surplus::Cancel).backup_dial_after(ms(50));
    let mut rig = Rig::new(config);
    rig.keep("a", 1).gives("dial a1");
    rig.request("r1", "a").gives("r1 waits, dial a2"); // The floor's dial covers r1; one more for the floor.
    rig.at(50).tick().gives("dial a3"); // The backup of r1.
    rig.dialed("a3").gives("r1 gets a3 (own dial)"); // a1 and a2 are the floor's.
    rig.dialed("a1").gives("park a1");
    rig.dialed("a2").gives("park a2");
}

#[test]
fn r5_r20_surplus_cancel_cancels_what_a_cancelled_waiter_leaves_beside_a_floor() {
    let mut rig = Rig::new(timeless().surplus(Surplus::Cancel));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.keep("a", 1).gives("dial a2");
    rig.cancel("r1").gives("stop a1");
    rig.dialed("a2").gives("park a2");
}

#[test]
fn r5_r18_a_dial_that_turns_out_shared_makes_the_others_surplus() {
    let mut rig = Rig::new(timeless().surplus(Surplus::Cancel));
    for (name, dial) in [("r1", "a1"), ("r2", "a2"), ("r3", "a3")] {
        rig.request(name, "a").gives(&format!("{name} waits, dial {dial}"));
    }
    rig.dialed_shared("a2", 2).gives("r1 gets a2 (other dial), r2 gets a2 (own dial), stop a3");
    rig.dialed("a1").gives("r3 gets a1 (other dial)");
}

#[test]
fn r10_r20_a_floor_whose_connection_was_evicted_waits_for_free_room() {
    let mut rig = Rig::new(timeless().max_connections(1));
    rig.keep("a", 1).gives("dial a1");
    rig.dialed("a1").gives("park a1");
    rig.request("r1", "b").gives("r1 waits, close a1: evicted");
    rig.closed("a1").gives("dial b1");
    rig.dialed("b1").gives("r1 gets b1 (own dial)");
    rig.returned("b1").gives("park b1"); // Never by eviction.
    rig.closed("b1").gives("dial a2");
}

#[test]
fn r16_r20_a_dead_connection_of_a_floor_is_replaced() {
    let mut rig = Rig::new(timeless().check_after_idle(ms(10)));
    rig.park("a", 1);
    rig.keep("a", 1).gives_nothing();
    rig.at(10).request("r1", "a").gives("r1 waits, check a1, dial a2");
    rig.dead("a1").gives("close a1: check failed, dial a3");
    rig.dialed("a2").gives("r1 gets a2 (other dial)"); // The floor's.
    rig.dialed("a3").gives("park a3");
}
