//! R3: late binding, under both bindings.

use latebind::{Binding, Config};

use crate::timeless;
use latebind_testkit::rig::Rig;

fn own_first() -> Config {
    Config::default().binding(Binding::OwnFirst)
}

#[test]
fn r3_a_returned_connection_overtakes_the_dial() {
    for config in [Config::default(), own_first()] {
        let mut rig = Rig::new(config);
        rig.lease("r1", "a");
        rig.request("r2", "a").gives("r2 waits, dial a2");
        rig.at(20).returned("a1").gives("r2 gets a1 (returned)");
        rig.at(200).dialed("a2").gives("park a2");
        rig.request("r3", "a").gives("r3 gets a2 (idle)");
    }
}

#[test]
fn r3_a_returned_connection_goes_to_the_first_waiter() {
    for config in [Config::default(), own_first()] {
        let mut rig = Rig::new(config.max_connections_per_key(2));
        rig.lease("r1", "a");
        rig.request("r2", "a").gives("r2 waits, dial a2");
        rig.request("r3", "a").gives("r3 waits");
        rig.request_level("r4", "a", 7).gives("r4 waits");
        rig.returned("a1").gives("r4 gets a1 (returned)");
        rig.returned("a1").gives("r2 gets a1 (returned)");
        rig.dialed("a2").gives("r3 gets a2 (other dial)");
    }
}

#[test]
fn r3_head_first_a_finished_dial_goes_to_the_first_waiter_whoever_started_it() {
    let mut rig = Rig::new(Config::default());
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.request_level("r3", "a", 7).gives("r3 waits, dial a3");
    rig.dialed("a2").gives("r3 gets a2 (other dial)");
    rig.dialed("a3").gives("r1 gets a3 (other dial)");
    rig.dialed("a1").gives("r2 gets a1 (other dial)");
}

#[test]
fn r3_head_first_the_source_tells_ones_own_dial() {
    let mut rig = Rig::new(Config::default());
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.dialed("a1").gives("r1 gets a1 (own dial)");
    rig.dialed("a2").gives("r2 gets a2 (own dial)");
}

#[test]
fn r3_a_dial_that_outlived_its_request_serves_a_newcomer() {
    for config in [Config::default(), own_first()] {
        let mut rig = Rig::new(config);
        rig.request("r1", "a").gives("r1 waits, dial a1");
        rig.cancel("r1").gives_nothing();
        rig.request("r2", "a").gives("r2 waits");
        rig.dialed("a1").gives("r2 gets a1 (other dial)");
    }
}

#[test]
fn r3_growing_capacity_goes_to_those_who_wait() {
    for config in [Config::default(), own_first()] {
        let mut rig = Rig::new(config.max_connections_per_key(1));
        rig.lease("r1", "a");
        rig.request("r2", "a").gives("r2 waits");
        rig.request("r3", "a").gives("r3 waits");
        rig.request_level("r4", "a", 6).gives("r4 waits");
        rig.capacity("a1", 3).gives("r4 gets a1 (shared), r2 gets a1 (shared)");
    }
}

#[test]
fn r3_own_first_a_finished_dial_goes_to_the_request_it_belongs_to() {
    let mut rig = Rig::new(own_first());
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.request_level("r3", "a", 7).gives("r3 waits, dial a3");
    rig.dialed("a2").gives("r2 gets a2 (own dial)");
    rig.dialed("a1").gives("r1 gets a1 (own dial)");
    rig.dialed("a3").gives("r3 gets a3 (own dial)");
}

#[test]
fn r3_own_first_the_first_waiter_gets_it_if_its_request_has_been_served() {
    let mut rig = Rig::new(own_first());
    rig.lease("r0", "a");
    rig.request("r1", "a").gives("r1 waits, dial a2");
    rig.request("r2", "a").gives("r2 waits, dial a3");
    rig.request("r3", "a").gives("r3 waits, dial a4");
    rig.returned("a1").gives("r1 gets a1 (returned)");
    rig.dialed("a2").gives("r2 gets a2 (other dial)");
    rig.dialed("a3").gives("r3 gets a3 (other dial)");
    rig.dialed("a4").gives("park a4");
}

#[test]
fn r3_own_first_a_dial_belongs_to_the_first_waiter_that_had_none_when_it_started() {
    let mut rig = Rig::new(own_first().max_connections_per_key(2));
    rig.lease("r0", "a");
    rig.request("r1", "a").gives("r1 waits, dial a2");
    rig.request("r2", "a").gives("r2 waits");
    rig.request_level("r3", "a", 5).gives("r3 waits");
    rig.closed("a1").gives("dial a3"); // r3 stands first and has no dial of its own.
    rig.dialed("a2").gives("r1 gets a2 (own dial)");
    rig.dialed("a3").gives("r3 gets a3 (own dial)");
    rig.closed("a3").gives("dial a4");
    rig.dialed("a4").gives("r2 gets a4 (own dial)");
}

#[test]
fn r3_own_first_whoever_has_a_dial_under_way_gets_no_second_one() {
    let mut rig = Rig::new(own_first().max_connections_per_key(2));
    rig.lease("r0", "a");
    rig.request("r1", "a").gives("r1 waits, dial a2");
    rig.request("r2", "a").gives("r2 waits");
    rig.closed("a1").gives("dial a3");
    rig.dialed("a3").gives("r2 gets a3 (own dial)");
    rig.dialed("a2").gives("r1 gets a2 (own dial)");
}

#[test]
fn r3_own_first_newcomers_do_not_inherit_a_dial() {
    let mut rig = Rig::new(own_first());
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.cancel("r1").gives_nothing();
    rig.request("r2", "a").gives("r2 waits");
    rig.request("r3", "a").gives("r3 waits, dial a2"); // It belongs to r2, the first without one.
    rig.dialed("a2").gives("r2 gets a2 (own dial)");
    rig.dialed("a1").gives("r3 gets a1 (other dial)");
}

#[test]
fn r3_own_first_a_reprioritized_waiter_keeps_its_dial() {
    let mut rig = Rig::new(own_first());
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.reprioritize("r1", 2).gives_nothing();
    rig.dialed("a1").gives("r1 gets a1 (own dial)");
    rig.dialed("a2").gives("r2 gets a2 (own dial)");
}

#[test]
fn r3_own_first_the_same_priority_keeps_the_dial() {
    let mut rig = Rig::new(own_first());
    rig.request_level("r1", "a", 7).gives("r1 waits, dial a1");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.reprioritize("r2", 3).gives_nothing();
    rig.dialed("a2").gives("r2 gets a2 (own dial)");
    rig.dialed("a1").gives("r1 gets a1 (own dial)");
}

#[test]
fn r3_own_first_a_shared_dial_serves_its_own_request_and_then_the_queue() {
    let mut rig = Rig::new(own_first().max_connections_per_key(3));
    for (name, dial) in [("r1", ", dial a1"), ("r2", ", dial a2"), ("r3", ", dial a3"), ("r4", "")] {
        rig.request(name, "a").gives(&format!("{name} waits{dial}"));
    }
    rig.dialed_shared("a2", 3)
        .gives("r2 gets a2 (own dial), r1 gets a2 (other dial), r3 gets a2 (other dial)");
    rig.dialed("a3").gives("r4 gets a3 (other dial)");
    rig.dialed("a1").gives("park a1");
}

#[test]
fn r3_connections_of_one_key_do_not_serve_another() {
    let mut rig = Rig::new(Config::default());
    rig.lease("r1", "a");
    rig.request("r2", "b").gives("r2 waits, dial b1");
    rig.returned("a1").gives("park a1");
    rig.dialed("b1").gives("r2 gets b1 (own dial)");
}

#[test]
fn r3_a_dial_belongs_to_the_first_waiter_without_one_also_if_it_had_one_and_lost_it() {
    let mut rig = Rig::new(timeless());
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("gone", "a").gives("gone waits, dial a2");
    rig.cancel("gone").gives_nothing();
    rig.dial_failed("a1").gives_nothing(); // a2 is cover for r1.
    rig.request("r2", "a").gives("r2 waits, dial a3");
    rig.dialed("a3").gives("r1 gets a3 (own dial)");
}

#[test]
fn r3_a_dial_belongs_to_the_more_urgent_one_of_those_that_lost_theirs_and_those_that_had_none() {
    let mut rig = Rig::new(timeless());
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("gone", "a").gives("gone waits, dial a2");
    rig.cancel("gone").gives_nothing();
    rig.dial_failed("a1").gives_nothing();
    rig.request_level("r2", "a", 7).gives("r2 waits, dial a3");
    rig.dialed("a3").gives("r2 gets a3 (own dial)");
}
