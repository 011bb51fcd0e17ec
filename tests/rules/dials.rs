//! R4: dials by deficit, and which waiter a free slot goes to.

use latebind::{Binding, Config};

use latebind_testkit::rig::Rig;

#[test]
fn r4_each_waiter_without_cover_has_a_dial_started() {
    let mut rig = Rig::new(Config::default().max_connections_per_key(3));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.request("r3", "a").gives("r3 waits, dial a3");
    rig.request("r4", "a").gives("r4 waits");
}

#[test]
fn r4_dials_of_waiters_that_have_gone_cover_newcomers() {
    for binding in [Binding::HeadFirst, Binding::OwnFirst] {
        let mut rig = Rig::new(Config::default().binding(binding));
        rig.lease("r0", "a");
        rig.request("r1", "a").gives("r1 waits, dial a2");
        rig.request("r2", "a").gives("r2 waits, dial a3");
        rig.cancel("r2").gives_nothing();
        rig.returned("a1").gives("r1 gets a1 (returned)");
        rig.request("r3", "a").gives("r3 waits");
        rig.request("r4", "a").gives("r4 waits");
        rig.request("r5", "a").gives("r5 waits, dial a4");
    }
}

#[test]
fn r4_a_closed_lease_starts_a_dial_in_the_same_step() {
    let mut rig = Rig::new(Config::default().max_connections_per_key(1));
    rig.lease("r1", "a");
    rig.request("r2", "a").gives("r2 waits");
    rig.closed("a1").gives("dial a2");
    rig.dialed("a2").gives("r2 gets a2 (own dial)");
}

#[test]
fn r4_a_closed_lease_starts_no_dial_where_nobody_waits() {
    let mut rig = Rig::new(Config::default().max_connections_per_key(2));
    rig.lease("r1", "a");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.closed("a1").gives_nothing();
    rig.dialed("a2").gives("r2 gets a2 (own dial)");
    rig.closed("a2").gives_nothing();
}

#[test]
fn r4_a_free_slot_goes_to_the_more_urgent_key() {
    let mut rig = Rig::new(Config::default().max_connections(1));
    rig.lease("r0", "a");
    rig.request("r1", "b").gives("r1 waits");
    rig.request_level("r2", "c", 6).gives("r2 waits");
    rig.request_level("r3", "a", 5).gives("r3 waits");
    rig.closed("a1").gives("dial c1");
    rig.dialed("c1").gives("r2 gets c1 (own dial)");
    rig.closed("c1").gives("dial a2");
    rig.dial_failed("a2").gives("r3 fails: dial of a2, dial b1");
}

#[test]
fn r4_among_equals_a_free_slot_goes_to_the_one_that_came_first() {
    let mut rig = Rig::new(Config::default().max_connections(1));
    rig.lease("r0", "a");
    for (name, key) in [("r1", "c"), ("r2", "b"), ("r3", "a"), ("r4", "c")] {
        rig.request(name, key).gives(&format!("{name} waits"));
    }
    rig.closed("a1").gives("dial c1");
    rig.dial_failed("c1").gives("r1 fails: dial of c1, dial b1");
    rig.dial_failed("b1").gives("r2 fails: dial of b1, dial a2");
    rig.dial_failed("a2").gives("r3 fails: dial of a2, dial c2");
}

#[test]
fn r4_the_first_waiter_of_a_key_counts_and_not_the_last() {
    let mut rig = Rig::new(Config::default().max_connections(1));
    rig.lease("r0", "z");
    rig.request_level("r1", "a", 1).gives("r1 waits");
    rig.request_level("r2", "b", 2).gives("r2 waits");
    rig.request_level("r3", "a", 3).gives("r3 waits");
    rig.closed("z1").gives("dial a1");
    rig.dialed("a1").gives("r3 gets a1 (own dial)");
    rig.closed("a1").gives("dial b1");
}

#[test]
fn r4_cancelling_the_urgent_waiter_takes_its_keys_turn_away() {
    let mut rig = Rig::new(Config::default().max_connections(1));
    rig.lease("r0", "z");
    rig.request("r1", "a").gives("r1 waits");
    rig.request("r2", "b").gives("r2 waits");
    rig.request_level("r3", "b", 7).gives("r3 waits");
    rig.cancel("r3").gives_nothing();
    rig.closed("z1").gives("dial a1");
}

#[test]
fn r4_a_covered_waiter_takes_no_slot_from_another_key() {
    let mut rig = Rig::new(Config::default().max_connections(2));
    rig.lease("r0", "z");
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("r2", "b").gives("r2 waits");
    rig.request_level("r3", "a", 7).gives("r3 waits");
    // The dial covers r3, the first waiter of its key; r1 is without, and came before r2.
    rig.closed("z1").gives("dial a2");
}

#[test]
fn r4_covered_by_priority_a_key_stands_where_its_first_uncovered_waiter_stands() {
    let mut rig = Rig::new(Config::default().max_connections(2));
    rig.lease("r0", "z");
    rig.request_level("r1", "a", 2).gives("r1 waits, dial a1");
    rig.request("r2", "b").gives("r2 waits");
    rig.request_level("r3", "a", 7).gives("r3 waits");
    rig.closed("z1").gives("dial b1");
}

#[test]
fn r4_a_waiter_whose_dial_went_to_a_more_urgent_one_is_without_cover_again() {
    let mut rig = Rig::new(Config::default().max_connections(1));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("r2", "b").gives("r2 waits");
    rig.request_level("r3", "a", 7).gives("r3 waits");
    rig.dialed("a1").gives("r3 gets a1 (other dial)");
    rig.closed("a1").gives("dial a2");
    rig.dialed("a2").gives("r1 gets a2 (own dial)");
}

#[test]
fn r4_a_key_at_its_own_limit_does_not_stand_in_the_way() {
    let mut rig = Rig::new(Config::default().max_connections(2).max_connections_per_key(1));
    rig.lease("r0", "a");
    rig.lease("r1", "z");
    rig.request_level("r2", "a", 7).gives("r2 waits");
    rig.request("r3", "b").gives("r3 waits");
    rig.closed("z1").gives("dial b1");
    rig.closed("a1").gives("dial a2");
}

#[test]
fn r4_a_key_whose_dials_are_at_their_limit_does_not_stand_in_the_way() {
    let mut rig = Rig::new(Config::default().max_connections(2).max_dials_per_key(1));
    rig.lease("r0", "z");
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request_level("r2", "a", 7).gives("r2 waits");
    rig.request("r3", "b").gives("r3 waits");
    rig.closed("z1").gives("dial b1");
}

#[test]
fn r4_a_free_permit_to_dial_goes_by_priority_and_arrival_too() {
    let mut rig = Rig::new(Config::default().max_dials(1));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("r2", "b").gives("r2 waits");
    rig.request_level("r3", "c", 7).gives("r3 waits");
    rig.request("r4", "a").gives("r4 waits");
    rig.dialed("a1").gives("r1 gets a1 (own dial), dial c1");
    rig.dialed("c1").gives("r3 gets c1 (own dial), dial b1");
    rig.returned("a1").gives("r4 gets a1 (returned)");
    rig.dialed("b1").gives("r2 gets b1 (own dial)");
}

#[test]
fn r4_a_reprioritized_waiter_competes_as_newly_arrived() {
    let mut rig = Rig::new(Config::default().max_connections(1));
    rig.lease("r0", "z");
    rig.request("r1", "a").gives("r1 waits");
    rig.request("r2", "b").gives("r2 waits");
    rig.reprioritize("r1", 4).gives_nothing();
    rig.reprioritize("r1", 3).gives_nothing();
    rig.closed("z1").gives("dial b1");
}

#[test]
fn r4_a_raised_priority_wins_the_slot() {
    let mut rig = Rig::new(Config::default().max_connections(1));
    rig.lease("r0", "z");
    rig.request("r1", "a").gives("r1 waits");
    rig.request("r2", "b").gives("r2 waits");
    rig.reprioritize("r2", 4).gives_nothing();
    rig.closed("z1").gives("dial b1");
}

#[test]
fn r4_many_keys_take_turns_in_their_order() {
    let keys = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let mut rig = Rig::new(Config::default().max_connections(1));
    rig.lease("r0", "z");
    for key in keys {
        rig.request(key, key).gives(&format!("{key} waits"));
    }
    let mut open = "z1".to_owned();
    for key in keys {
        rig.closed(&open).gives(&format!("dial {key}1"));
        open = format!("{key}1");
        rig.dialed(&open).gives(&format!("{key} gets {open} (own dial)"));
    }
    rig.closed("h1").gives_nothing();
    assert_eq!(rig.stats().keys, 0);
}
