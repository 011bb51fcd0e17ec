//! R10: room across keys, by eviction and by cancelled surplus.

use latebind::IdleOrder;

use crate::of_all;
use latebind_testkit::rig::{Rig, ms};

#[test]
fn r10_the_longest_parked_connection_of_another_key_is_closed_to_make_room() {
    let mut rig = Rig::new(of_all(3));
    rig.park("a", 1);
    rig.park("b", 2);
    rig.request("r1", "c").gives("r1 waits, close a1: evicted");
    rig.closed("a1").gives("dial c1");
    rig.dialed("c1").gives("r1 gets c1 (own dial)");
}

#[test]
fn r10_parked_for_longest_counts_from_the_last_parking() {
    let mut rig = Rig::new(of_all(2));
    rig.park("a", 1);
    rig.park("b", 1);
    rig.request("r1", "a").gives("r1 gets a1 (idle)");
    rig.returned("a1").gives("park a1");
    rig.request("r2", "c").gives("r2 waits, close b1: evicted");
}

#[test]
fn r10_used_or_not_the_longest_parked_goes() {
    for order in [IdleOrder::Lifo, IdleOrder::Fifo] {
        let mut rig = Rig::new(of_all(2).idle_order(order));
        rig.request("r1", "a").gives("r1 waits, dial a1");
        rig.cancel("r1").gives_nothing();
        rig.dialed("a1").gives("park a1"); // Never used.
        rig.park("b", 1);
        rig.request("r2", "c").gives("r2 waits, close a1: evicted");
        let mut rig = Rig::new(of_all(2).idle_order(order));
        rig.park("b", 1);
        rig.request("r1", "a").gives("r1 waits, dial a1");
        rig.cancel("r1").gives_nothing();
        rig.dialed("a1").gives("park a1");
        rig.request("r2", "c").gives("r2 waits, close b1: evicted");
    }
}

#[test]
fn r10_nothing_is_evicted_below_the_total_limit() {
    let mut rig = Rig::new(of_all(3).max_connections_per_key(1));
    rig.park("a", 1);
    rig.lease("r1", "b");
    rig.request("r2", "b").gives("r2 waits"); // Its own limit is in its way, and that cannot be evicted.
    rig.lease("r3", "c");
    rig.request("r4", "b").gives("r4 waits");
}

#[test]
fn r10_the_limit_of_dials_evicts_nobody() {
    let mut rig = Rig::new(of_all(3).max_dials(1));
    rig.park("a", 1);
    rig.request("r1", "b").gives("r1 waits, dial b1");
    rig.request("r2", "c").gives("r2 waits");
    rig.dialed("b1").gives("r1 gets b1 (own dial), dial c1");
    rig.request("r3", "d").gives("r3 waits"); // There is no dial for it even if there were room.
    rig.dialed("c1").gives("r2 gets c1 (own dial), close a1: evicted");
    rig.closed("a1").gives("dial d1");
}

#[test]
fn r10_room_that_is_being_made_counts() {
    let mut rig = Rig::new(of_all(3));
    rig.park("a", 3);
    rig.request("r1", "b").gives("r1 waits, close a1: evicted");
    rig.tick().gives_nothing();
    rig.request("r2", "b").gives("r2 waits, close a2: evicted"); // A second need.
    rig.cancel("r2").gives_nothing();
    rig.request("r3", "c").gives("r3 waits"); // The room that is being made for r2 does.
    rig.closed("a2").gives("dial b1");
    rig.closed("a1").gives("dial c1");
}

#[test]
fn r10_a_connection_that_closes_anyway_is_room_being_made() {
    let mut rig = Rig::new(of_all(3).max_uses(1));
    rig.lease("r1", "a");
    rig.returned("a1").gives("close a1: max uses");
    rig.request("r2", "b").gives("r2 waits, dial b1");
    rig.cancel("r2").gives_nothing();
    rig.dialed("b1").gives("park b1");
    rig.request("r3", "b").gives("r3 gets b1 (idle)");
    rig.request("r4", "b").gives("r4 waits, dial b2");
    rig.cancel("r4").gives_nothing();
    rig.dialed("b2").gives("park b2");
    rig.request("r5", "c").gives("r5 waits"); // a1 is on its way out.
    rig.closed("a1").gives("dial c1");
}

#[test]
fn r10_no_more_is_evicted_than_the_keys_own_limit_lets_it_use() {
    let mut rig = Rig::new(of_all(4).max_connections_per_key(2));
    rig.park("a", 2);
    rig.park("b", 2);
    rig.request("r1", "c").gives("r1 waits, close a1: evicted");
    rig.request("r2", "c").gives("r2 waits, close a2: evicted");
    rig.request("r3", "c").gives("r3 waits");
    rig.request("r4", "c").gives("r4 waits");
}

#[test]
fn r10_no_more_is_evicted_than_the_limit_of_dials_lets_it_use() {
    for config in [of_all(3).max_dials(1), of_all(3).max_dials_per_key(1)] {
        let mut rig = Rig::new(config);
        rig.park("a", 3);
        rig.request("r1", "b").gives("r1 waits, close a1: evicted");
        rig.request("r2", "b").gives("r2 waits");
        rig.closed("a1").gives("dial b1");
        rig.dialed("b1").gives("r1 gets b1 (own dial), close a2: evicted");
        rig.closed("a2").gives("dial b2");
    }
}

#[test]
fn r10_without_parked_ones_the_youngest_surplus_dial_of_another_key_is_cancelled() {
    let mut rig = Rig::new(of_all(3));
    for (name, key, dial) in [("r1", "a", "a1"), ("r2", "b", "b1"), ("r3", "a", "a2")] {
        rig.request(name, key).gives(&format!("{name} waits, dial {dial}"));
    }
    for name in ["r1", "r2"] {
        rig.cancel(name).gives_nothing();
    }
    // Key a has one surplus dial, key b too; a2 is the youngest.
    rig.request("r4", "c").gives("r4 waits, stop a2");
    rig.dial_failed("a2").gives("dial c1");
    rig.dialed("a1").gives("r3 gets a1 (other dial)");
}

#[test]
fn r10_a_dial_that_is_needed_is_not_cancelled() {
    let mut rig = Rig::new(of_all(2));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.lease("r2", "b");
    rig.request("r3", "c").gives("r3 waits");
    rig.cancel("r1").gives("stop a1"); // Now it is surplus.
    rig.dial_failed("a1").gives("dial c1");
}

#[test]
fn r10_parked_ones_are_closed_before_any_dial_is_cancelled() {
    let mut rig = Rig::new(of_all(2));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.cancel("r1").gives_nothing();
    rig.park_fresh("b");
    rig.request("r2", "c").gives("r2 waits, close b1: evicted");
    rig.request("r3", "c").gives("r3 waits, stop a1");
}

#[test]
fn r10_a_dial_that_was_told_to_stop_is_room_being_made() {
    let mut rig = Rig::new(of_all(2));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.cancel("r1").gives_nothing();
    rig.park("b", 1);
    rig.request("r2", "c").gives("r2 waits, close b1: evicted");
    rig.cancel("r2").gives_nothing();
    rig.request("r3", "d").gives("r3 waits"); // b1 makes room for it.
    rig.closed("b1").gives("dial d1");
}

#[test]
fn r10_a_key_does_not_evict_its_own() {
    let mut rig = Rig::new(of_all(2).check_after_idle(ms(10)));
    rig.park("a", 1);
    rig.lease("r1", "b");
    rig.at(10).request("r2", "a").gives("r2 waits, check a1");
    rig.request("r3", "a").gives("r3 waits"); // a1 is its own key's, and under check.
    rig.alive("a1").gives("r2 gets a1 (checked)");
}

#[test]
fn r10_a_surplus_dial_gives_way_also_where_it_takes_the_last_place_among_the_dials() {
    let mut rig = Rig::new(of_all(2).max_dials(2));
    for name in ["gone1", "gone2"] {
        let _ = rig.request(name, "a");
    }
    rig.cancel("gone1").gives_nothing();
    rig.cancel("gone2").gives_nothing();
    rig.request("r1", "b").gives("r1 waits, stop a2");
    rig.dial_failed("a2").gives("dial b1");
}

#[test]
fn r10_no_surplus_dial_gives_way_where_dials_alone_are_too_many() {
    let mut rig = Rig::new(of_all(9).max_dials(1));
    rig.request("gone", "a").gives("gone waits, dial a1");
    rig.cancel("gone").gives_nothing();
    rig.request("r1", "b").gives("r1 waits");
    rig.dialed("a1").gives("park a1, dial b1");
}
