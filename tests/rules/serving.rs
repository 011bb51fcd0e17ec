//! R1: what is available is delivered at once. R2: the order of those who wait. R6: cancel.

use latebind::{Config, IdleOrder};

use latebind_testkit::rig::{Rig, ms};

#[test]
fn r1_a_parked_connection_is_delivered_at_once() {
    let mut rig = Rig::new(Config::default());
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.dialed("a1").gives("r1 gets a1 (own dial)");
    rig.returned("a1").gives("park a1");
    rig.request("r2", "a").gives("r2 gets a1 (idle)");
    rig.request("r3", "b").gives("r3 waits, dial b1");
}

#[test]
fn r1_the_connection_parked_last_is_used_first() {
    let mut rig = Rig::new(Config::default());
    rig.park("a", 3);
    rig.request("r1", "a").gives("r1 gets a3 (idle)");
    rig.request("r2", "a").gives("r2 gets a2 (idle)");
    rig.returned("a3").gives("park a3");
    rig.request("r3", "a").gives("r3 gets a3 (idle)");
    rig.request("r4", "a").gives("r4 gets a1 (idle)");
}

#[test]
fn r1_first_in_first_out_on_demand() {
    let mut rig = Rig::new(Config::default().idle_order(IdleOrder::Fifo));
    rig.park("a", 3);
    rig.request("r1", "a").gives("r1 gets a1 (idle)");
    rig.returned("a1").gives("park a1");
    rig.request("r2", "a").gives("r2 gets a2 (idle)");
    rig.request("r3", "a").gives("r3 gets a3 (idle)");
    rig.request("r4", "a").gives("r4 gets a1 (idle)");
}

#[test]
fn r1_used_connections_come_before_those_that_never_were() {
    let mut rig = Rig::new(Config::default());
    rig.lease("r1", "a");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.cancel("r2").gives_nothing();
    rig.returned("a1").gives("park a1");
    rig.dialed("a2").gives("park a2");
    rig.request("r3", "a").gives("r3 gets a1 (idle)");
    rig.request("r4", "a").gives("r4 gets a2 (idle)");
}

#[test]
fn r1_used_connections_come_first_in_the_other_order_too() {
    let mut rig = Rig::new(Config::default().idle_order(IdleOrder::Fifo));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.cancel("r1").gives_nothing();
    rig.dialed("a1").gives("park a1");
    rig.request("r2", "a").gives("r2 gets a1 (idle)");
    rig.request("r3", "a").gives("r3 waits, dial a2");
    rig.cancel("r3").gives_nothing();
    rig.dialed("a2").gives("park a2");
    rig.returned("a1").gives("park a1");
    rig.request("r4", "a").gives("r4 gets a1 (idle)");
    rig.request("r5", "a").gives("r5 gets a2 (idle)");
}

#[test]
fn r1_a_shared_connection_in_use_comes_before_parked_ones() {
    let mut rig = Rig::new(Config::default());
    rig.lease("r1", "a");
    rig.lease_shared("r2", "a", 2);
    rig.returned("a1").gives("park a1");
    rig.request("r3", "a").gives("r3 gets a2 (shared)");
    rig.request("r4", "a").gives("r4 gets a1 (idle)");
}

#[test]
fn r1_expired_connections_are_never_delivered_even_if_the_tick_is_late() {
    let mut rig = Rig::new(Config::default().idle_timeout(ms(50)));
    rig.park("a", 2);
    rig.just_before(50).request("r1", "a").gives("r1 gets a2 (idle)");
    rig.at(50).request("r2", "a").gives("close a1: idle timeout, r2 waits, dial a3");
}

#[test]
fn r1_what_is_too_old_is_closed_instead_of_delivered() {
    let mut rig = Rig::new(Config::default().max_lifetime(ms(50)).max_connections_per_key(1));
    rig.park("a", 1);
    rig.at(50).request("r1", "a").gives("close a1: lifetime, r1 waits");
    rig.closed("a1").gives("dial a2");
}

#[test]
fn r1_who_comes_later_does_not_overtake_those_who_wait() {
    let mut rig = Rig::new(Config::default().max_connections_per_key(1));
    rig.lease("r1", "a");
    rig.request("r2", "a").gives("r2 waits");
    rig.request("r3", "a").gives("r3 waits");
    rig.returned("a1").gives("r2 gets a1 (returned)");
    rig.request("r4", "a").gives("r4 waits");
    rig.returned("a1").gives("r3 gets a1 (returned)");
    rig.returned("a1").gives("r4 gets a1 (returned)");
    rig.returned("a1").gives("park a1");
}

#[test]
fn r2_the_more_urgent_is_served_first_then_the_one_that_came_first() {
    let mut rig = Rig::new(Config::default().max_connections_per_key(1));
    rig.lease("r0", "a");
    for (name, level) in [("low", 2), ("first", 5), ("top", 7), ("second", 5), ("bottom", 0)] {
        rig.request_level(name, "a", level).gives(&format!("{name} waits"));
    }
    for name in ["top", "first", "second", "low", "bottom"] {
        rig.returned("a1").gives(&format!("{name} gets a1 (returned)"));
    }
}

#[test]
fn r2_there_are_eight_levels() {
    let mut rig = Rig::new(Config::default().max_connections_per_key(1));
    rig.lease("r0", "a");
    let names = ["level0", "level1", "level2", "level3", "level4", "level5", "level6", "level7"];
    for (level, name) in (0..).zip(names) {
        rig.request_level(name, "a", level).gives(&format!("{name} waits"));
    }
    for name in names.iter().rev() {
        rig.returned("a1").gives(&format!("{name} gets a1 (returned)"));
    }
}

#[test]
fn r2_a_waiter_keeps_its_place_when_its_dial_fails() {
    let mut rig = Rig::new(Config::default());
    rig.lease("r0", "a");
    rig.request("r1", "a").gives("r1 waits, dial a2");
    rig.request("r2", "a").gives("r2 waits, dial a3");
    rig.cancel("r1").gives_nothing();
    rig.dial_failed("a3").gives_nothing();
    rig.request("r3", "a").gives("r3 waits, dial a4");
    rig.returned("a1").gives("r2 gets a1 (returned)");
}

#[test]
fn r2_reprioritize_puts_a_waiter_last_of_its_new_priority() {
    let mut rig = Rig::new(Config::default().max_connections_per_key(1));
    rig.lease("r0", "a");
    for (name, level) in [("r1", 3), ("r2", 3), ("r3", 5), ("r4", 1)] {
        rig.request_level(name, "a", level).gives(&format!("{name} waits"));
    }
    rig.reprioritize("r1", 5).gives_nothing();
    rig.reprioritize("r3", 1).gives_nothing();
    for name in ["r1", "r2", "r4", "r3"] {
        rig.returned("a1").gives(&format!("{name} gets a1 (returned)"));
    }
}

#[test]
fn r2_going_away_and_back_loses_the_place() {
    let mut rig = Rig::new(Config::default().max_connections_per_key(1));
    rig.lease("r0", "a");
    rig.request("r1", "a").gives("r1 waits");
    rig.request("r2", "a").gives("r2 waits");
    rig.reprioritize("r1", 4).gives_nothing();
    rig.reprioritize("r1", 3).gives_nothing();
    rig.returned("a1").gives("r2 gets a1 (returned)");
}

#[test]
fn r2_the_same_priority_changes_nothing() {
    let mut rig = Rig::new(Config::default().max_connections_per_key(1));
    rig.lease("r0", "a");
    rig.request("r1", "a").gives("r1 waits");
    rig.request("r2", "a").gives("r2 waits");
    rig.reprioritize("r1", 3).gives_nothing();
    rig.returned("a1").gives("r1 gets a1 (returned)");
}

#[test]
fn r2_a_reprioritized_waiter_still_times_out_when_it_should() {
    let mut rig = Rig::new(Config::default().max_connections_per_key(1).request_timeout(ms(50)));
    rig.lease("r0", "a");
    rig.request("r1", "a").gives("r1 waits");
    rig.at(30).reprioritize("r1", 7).gives_nothing();
    rig.sleeps_until(50).at(50).reprioritize("r1", 0).gives("r1 fails: timeout");
}

#[test]
fn r6_cancel_takes_a_waiter_from_anywhere_in_the_queue() {
    let mut rig = Rig::new(Config::default().max_connections_per_key(1));
    rig.lease("r0", "a");
    for name in ["r1", "r2", "r3", "r4"] {
        rig.request(name, "a").gives(&format!("{name} waits"));
    }
    for name in ["r2", "r4"] {
        rig.cancel(name).gives_nothing();
    }
    assert_eq!(rig.stats().waiters, 2);
    rig.returned("a1").gives("r1 gets a1 (returned)");
    rig.returned("a1").gives("r3 gets a1 (returned)");
    rig.returned("a1").gives("park a1");
}

#[test]
fn r6_cancel_leaves_the_dial_alone() {
    let mut rig = Rig::new(Config::default());
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.cancel("r1").gives_nothing();
    assert_eq!((rig.stats().waiters, rig.stats().dialing), (0, 1));
    rig.dialed("a1").gives("park a1");
}

#[test]
fn r6_a_lease_delivered_to_somebody_who_has_gone_comes_back() {
    let mut rig = Rig::new(Config::default().max_connections_per_key(1));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("r2", "a").gives("r2 waits");
    rig.dialed("a1").gives("r1 gets a1 (own dial)");
    rig.cancel("r1").gives_nothing();
    rig.returned("a1").gives("r2 gets a1 (returned)");
}

#[test]
fn r6_cancel_ends_the_wait_itself_even_at_its_deadline() {
    let mut rig = Rig::new(Config::default().request_timeout(ms(50)));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.at(50).cancel("r1").gives("r2 fails: timeout");
}
