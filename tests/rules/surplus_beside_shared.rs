//! R5, R18: `Surplus::CancelIfShared`, which stops surplus dials where a connection of the key is shared.

use latebind::{Config, Surplus};

use latebind_testkit::rig::{Rig, ms};

fn config() -> Config {
    Config::default().surplus(Surplus::CancelIfShared)
}

/// `r1` to `r3` wait, each with a dial.
fn cold(config: Config) -> Rig {
    let mut rig = Rig::new(config);
    for (name, dial) in [("r1", "a1"), ("r2", "a2"), ("r3", "a3")] {
        rig.request(name, "a").gives(&format!("{name} waits, dial {dial}"));
    }
    rig
}

/// `r1` and `r2` have all the capacity of `a1`; `a2` is dialed for `r3`.
fn full(config: Config) -> Rig {
    let mut rig = Rig::new(config);
    rig.lease_shared("r1", "a", 2);
    rig.request("r2", "a").gives("r2 gets a1 (shared)");
    rig.request("r3", "a").gives("r3 waits, dial a2");
    rig
}

#[test]
fn r5_a_dial_that_turns_out_shared_stops_the_others() {
    let mut rig = cold(config());
    rig.dialed_shared("a2", 9)
        .gives("r1 gets a2 (other dial), r2 gets a2 (own dial), r3 gets a2 (other dial), stop a1, stop a3");
    rig.dial_failed("a1").gives_nothing();
    rig.dialed_shared("a3", 9).gives("park a3"); // It could not be stopped in time.
}

#[test]
fn r5_dials_beside_plain_connections_go_on() {
    let mut rig = cold(config());
    rig.dialed("a1").gives("r1 gets a1 (own dial)");
    rig.returned("a1").gives("r2 gets a1 (returned)");
    rig.cancel("r3").gives_nothing();
    rig.dialed("a2").gives("park a2");
    rig.dialed("a3").gives("park a3");
}

#[test]
fn r5_a_shared_connection_of_another_key_says_nothing() {
    let mut rig = cold(config());
    rig.lease_shared("r4", "b", 9);
    for name in ["r1", "r2", "r3"] {
        rig.cancel(name).gives_nothing();
    }
    rig.dialed("a1").gives("park a1");
}

#[test]
fn r5_dials_for_those_who_found_no_room_go_on() {
    let mut rig = cold(config());
    rig.request("r4", "a").gives("r4 waits, dial a4");
    rig.dialed_shared("a1", 2).gives("r1 gets a1 (own dial), r2 gets a1 (other dial), stop a4");
    rig.request("r5", "a").gives("r5 waits, dial a5");
    rig.dialed_shared("a3", 2).gives("r3 gets a3 (own dial), r4 gets a3 (other dial), stop a5");
    rig.dialed_shared("a2", 2).gives("r5 gets a2 (other dial)");
}

#[test]
fn r5_a_shared_connection_counts_when_it_is_full_too() {
    full(config()).cancel("r3").gives("stop a2");
}

#[test]
fn r5_a_shared_connection_counts_when_it_is_parked_too() {
    let mut rig = cold(config());
    rig.pause().gives_nothing();
    rig.dialed_shared("a1", 9).gives("park a1");
    rig.cancel("r1").gives_nothing();
    rig.cancel("r2").gives("stop a3");
    rig.resume().gives("r3 gets a1 (idle), stop a2");
}

#[test]
fn r5_a_connection_in_use_that_becomes_shared_stops_surplus_dials() {
    let mut rig = cold(config());
    rig.dialed("a1").gives("r1 gets a1 (own dial)");
    rig.cancel("r2").gives_nothing();
    rig.capacity("a1", 2).gives("r3 gets a1 (shared), stop a2, stop a3");
}

#[test]
fn r5_also_where_nobody_waits() {
    let mut rig = Rig::new(config());
    rig.lease("r1", "a");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.cancel("r2").gives_nothing();
    rig.capacity("a1", 2).gives("stop a2");
}

#[test]
fn r5_a_parked_connection_that_becomes_shared_stops_surplus_dials() {
    let mut rig = Rig::new(config());
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.cancel("r1").gives_nothing();
    rig.cancel("r2").gives_nothing();
    rig.dialed("a1").gives("park a1");
    rig.capacity("a1", 1).gives_nothing();
    rig.capacity("a1", 2).gives("stop a2");
}

#[test]
fn r5_one_that_carries_a_single_lease_from_now_on_is_shared_no_more() {
    let mut rig = full(config());
    rig.capacity("a1", 1).gives_nothing();
    rig.cancel("r3").gives_nothing();
    rig.dialed("a2").gives("park a2");
}

#[test]
fn r5_one_that_drains_is_no_reason() {
    let mut rig = full(config());
    rig.draining("a1").gives_nothing();
    rig.cancel("r3").gives_nothing();
    rig.dialed_shared("a2", 2).gives("park a2");
}

#[test]
fn r5_one_that_is_closing_or_gone_is_no_reason() {
    let mut rig = full(config());
    rig.cancel("r1").gives_nothing();
    rig.draining("a1").gives_nothing();
    rig.returned("a1").gives_nothing();
    rig.returned("a1").gives("close a1: draining");
    rig.cancel("r3").gives_nothing();
    rig.closed("a1").gives_nothing();
    rig.request("r4", "a").gives("r4 waits");
    rig.cancel("r4").gives_nothing();
    rig.dialed("a2").gives("park a2");
}

#[test]
fn r5_as_long_as_another_is_shared_dials_stop() {
    let mut rig = full(config());
    rig.dialed_shared("a2", 2).gives("r3 gets a2 (own dial)");
    rig.request("r4", "a").gives("r4 gets a2 (shared)");
    rig.request("r5", "a").gives("r5 waits, dial a3");
    rig.draining("a1").gives_nothing();
    rig.cancel("r5").gives("stop a3");
}

#[test]
fn r5_without_capacity_it_is_no_reason_until_that_comes_back() {
    let mut rig = full(config());
    rig.capacity("a1", 0).gives_nothing();
    rig.cancel("r3").gives_nothing();
    rig.capacity("a1", 3).gives("stop a2");
}

#[test]
fn r5_the_same_of_one_that_nobody_uses() {
    let mut rig = full(config());
    rig.capacity("a1", 0).gives_nothing();
    rig.returned("a1").gives_nothing();
    rig.returned("a1").gives_nothing();
    rig.cancel("r3").gives_nothing();
    rig.capacity("a1", 2).gives("park a1, stop a2");
}

#[test]
fn r5_under_check_it_is_no_reason_until_it_has_passed() {
    let mut rig = Rig::new(config().check_after_idle(ms(10)));
    rig.lease_shared("r1", "a", 2);
    rig.returned("a1").gives("park a1");
    rig.at(10).request("r2", "a").gives("r2 waits, check a1");
    rig.request("r3", "a").gives("r3 waits"); // R16: the check is cover for two.
    rig.request("r4", "a").gives("r4 waits, dial a2");
    rig.cancel("r4").gives_nothing();
    rig.alive("a1").gives("r2 gets a1 (checked), r3 gets a1 (checked), stop a2");
}

#[test]
fn r5_worn_out_it_is_no_reason_unless_that_is_taken_back() {
    let mut rig = full(config().max_uses(2));
    rig.cancel("r3").gives_nothing();
    rig.reconfigure(&config()).gives("stop a2");
}

#[test]
fn r5_one_that_a_lowered_limit_spares_in_the_end_counts_again() {
    let mut rig = Rig::new(config().max_connections_per_key(3));
    rig.lease("r1", "a");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.dialed_shared("a2", 3).gives("r2 gets a2 (own dial)");
    rig.request("r3", "a").gives("r3 gets a2 (shared)");
    rig.request("r4", "a").gives("r4 gets a2 (shared)");
    rig.request("r5", "a").gives("r5 waits, dial a3");
    rig.reconfigure(&config().max_connections_per_key(2)).gives_nothing();
    rig.returned("a2").gives_nothing(); // R21: one too many, so it takes no new lease.
    rig.cancel("r5").gives_nothing();
    rig.closed("a1").gives_nothing();
    rig.returned("a2").gives("stop a3");
}

#[test]
fn r5_floors_and_preconnects_go_on_beside_shared_connections() {
    let mut rig = Rig::new(config());
    rig.lease_shared("r1", "a", 9);
    rig.preconnect("a", 2).gives("dial a2");
    rig.keep("a", 2).gives("dial a3");
    rig.request("r2", "a").gives("r2 gets a1 (shared)");
    rig.dialed_shared("a2", 9).gives("park a2");
    rig.dialed_shared("a3", 9).gives("park a3");
}

#[test]
fn r5_a_backup_goes_on_as_long_as_its_waiter_waits() {
    let mut rig = full(config().backup_dial_after(ms(10)));
    rig.at(10).tick().gives("dial a3");
    rig.returned("a1").gives("r3 gets a1 (returned), stop a2, stop a3");
}

#[test]
fn r5_the_policy_may_change_while_dials_go_on() {
    let mut rig = full(Config::default());
    rig.cancel("r3").gives_nothing();
    rig.reconfigure(&config()).gives("stop a2");
}
