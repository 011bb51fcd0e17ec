//! R17: after an idle connection was found dead, those parked before are checked, whatever their age.

use std::time::Duration;

use latebind::Config;

use crate::timeless;
use latebind_testkit::rig::{Rig, ms};

/// Checks after an hour only.
fn trusting() -> Config {
    timeless().check_after_idle(ms(3_600_000))
}

#[test]
fn r17_after_a_parked_connection_was_closed_by_its_peer_the_others_are_suspect() {
    let mut rig = Rig::new(trusting());
    rig.park("a", 3);
    rig.closed("a3").gives_nothing();
    rig.request("r1", "a").gives("r1 waits, check a2, dial a4");
    rig.alive("a2").gives("r1 gets a2 (checked)");
}

#[test]
fn r17_after_a_failed_check_the_others_are_suspect() {
    let mut rig = Rig::new(trusting());
    rig.park("a", 2);
    rig.at(1).park_fresh("b");
    rig.at(3_600_000).request("r1", "a").gives("r1 waits, check a2");
    rig.lease("r2", "c");
    rig.dead("a2").gives("close a2: check failed, check a1, dial a3");
}

#[test]
fn r17_only_of_the_same_key() {
    let mut rig = Rig::new(trusting());
    rig.park("a", 1);
    rig.park("b", 1);
    rig.closed("a1").gives_nothing();
    rig.request("r1", "b").gives("r1 gets b1 (idle)");
}

#[test]
fn r17_only_those_parked_before() {
    let mut rig = Rig::new(trusting());
    rig.lease("r1", "a");
    rig.park("a", 1);
    rig.closed("a2").gives_nothing();
    rig.returned("a1").gives("park a1");
    rig.request("r2", "a").gives("r2 gets a1 (idle)");
}

#[test]
fn r17_a_lease_that_closes_makes_nobody_suspect() {
    let mut rig = Rig::new(trusting());
    rig.lease("r1", "a");
    rig.park("a", 1);
    rig.closed("a1").gives_nothing();
    rig.request("r2", "a").gives("r2 gets a2 (idle)");
}

#[test]
fn r17_what_closes_as_it_was_told_makes_nobody_suspect() {
    let mut rig = Rig::new(trusting().max_idle_per_key(1));
    rig.lease("r1", "a");
    rig.lease("r2", "a");
    rig.returned("a1").gives("park a1");
    rig.returned("a2").gives("close a2: idle limit");
    rig.closed("a2").gives_nothing();
    rig.request("r3", "a").gives("r3 gets a1 (idle)");
}

#[test]
fn r17_nobody_is_suspect_where_checks_are_off() {
    let mut rig = Rig::new(trusting().check_after_idle(None));
    rig.park("a", 2);
    rig.closed("a2").gives_nothing();
    rig.request("r1", "a").gives("r1 gets a1 (idle)");
}

#[test]
fn r17_the_check_of_a_suspect_is_no_cover_so_a_row_of_dead_ones_costs_one_dial() {
    let mut rig = Rig::new(trusting());
    rig.park("a", 4);
    rig.closed("a4").gives_nothing();
    rig.request("r1", "a").gives("r1 waits, check a3, dial a5");
    rig.dead("a3").gives("close a3: check failed"); // r1 has its dial, so no more are checked.
    rig.dialed("a5").gives("r1 gets a5 (own dial)");
    assert_eq!((rig.stats().idle, rig.stats().checking), (2, 0));
}

#[test]
fn r17_one_check_for_each_waiter() {
    let mut rig = Rig::new(trusting());
    rig.park("a", 4);
    rig.closed("a4").gives_nothing();
    rig.request("r1", "a").gives("r1 waits, check a3, dial a5");
    rig.request("r2", "a").gives("r2 waits, check a2, dial a6");
    rig.alive("a3").gives("r1 gets a3 (checked)");
    rig.alive("a2").gives("r2 gets a2 (checked)");
    rig.dialed("a5").gives("park a5");
    rig.dialed("a6").gives("park a6");
}

#[test]
fn r17_at_the_limit_of_the_key_suspects_are_checked_one_after_the_other() {
    let mut rig = Rig::new(trusting().max_connections_per_key(3));
    rig.lease("r0", "a");
    rig.park("a", 2);
    rig.closed("a3").gives_nothing();
    rig.returned("a1").gives("park a1");
    rig.closed("a1").gives_nothing(); // Now a2 is suspect, and there is room.
    rig.lease("r1", "b");
    rig.request("r2", "a").gives("r2 waits, check a2, dial a4");

    let mut rig = Rig::new(trusting().max_connections_per_key(2));
    rig.lease("r0", "a");
    rig.park("a", 1);
    rig.returned("a1").gives("park a1");
    rig.at(3_600_000).request("r1", "a").gives("r1 waits, check a1");
    rig.dead("a1").gives("close a1: check failed, check a2");
    rig.dead("a2").gives("close a2: check failed");
    rig.closed("a1").gives("dial a3");
}

#[test]
fn r17_what_passed_its_check_is_suspect_no_more() {
    let mut rig = Rig::new(trusting());
    rig.park("a", 2);
    rig.closed("a2").gives_nothing();
    rig.request("r1", "a").gives("r1 waits, check a1, dial a3");
    rig.cancel("r1").gives_nothing();
    rig.alive("a1").gives("park a1");
    rig.request("r2", "a").gives("r2 gets a1 (idle)");
}

#[test]
fn r17_a_young_connection_goes_before_suspects() {
    let mut rig = Rig::new(trusting());
    rig.park("a", 2);
    rig.request("r0", "a").gives("r0 gets a2 (idle)");
    rig.request("r1", "a").gives("r1 gets a1 (idle)");
    rig.request("r2", "a").gives("r2 waits, dial a3");
    rig.cancel("r2").gives_nothing();
    rig.returned("a1").gives("park a1");
    rig.returned("a2").gives("park a2");
    rig.closed("a2").gives_nothing(); // a1 is suspect, and would come first, since it was used.
    rig.dialed("a3").gives("park a3");
    rig.request("r3", "a").gives("r3 gets a3 (idle)");
}

#[test]
fn r17_a_connection_under_check_that_its_peer_closes_was_found_dead() {
    let mut rig = Rig::new(trusting());
    rig.park("a", 2);
    rig.at(3_600_000).request("r1", "a").gives("r1 waits, check a2");
    rig.cancel("r1").gives_nothing();
    rig.reconfigure(&trusting().check_after_idle(ms(7_200_000))).gives_nothing();
    rig.closed("a2").gives_nothing();
    rig.request("r2", "a").gives("r2 waits, check a1, dial a3");
}

#[test]
fn r17_a_connection_under_check_that_its_peer_closes_is_replaced() {
    let mut rig = Rig::new(trusting());
    rig.park("a", 1);
    rig.at(3_600_000).request("r1", "a").gives("r1 waits, check a1");
    rig.closed("a1").gives("dial a2");
}

#[test]
fn r17_a_check_that_took_too_long_makes_suspects() {
    let mut rig = Rig::new(trusting().check_timeout(ms(5)));
    rig.park("a", 2);
    rig.at(3_600_000).request("r1", "a").gives("r1 waits, check a2");
    rig.at(3_600_005).tick().gives("close a2: check failed, check a1, dial a3");
}

#[test]
fn r17_the_dial_beside_a_suspect_is_late_bound() {
    let mut rig = Rig::new(trusting());
    rig.park("a", 2);
    rig.closed("a2").gives_nothing();
    rig.request("r1", "a").gives("r1 waits, check a1, dial a3");
    rig.dialed("a3").gives("r1 gets a3 (own dial)");
    rig.request("r2", "a").gives("r2 waits, dial a4"); // The check under way is r1's old one: one for each waiter.
    rig.alive("a1").gives("r2 gets a1 (checked)");
}

#[test]
fn r17_suspects_are_checked_even_where_age_never_is_a_reason() {
    let mut rig = Rig::new(trusting().check_after_idle(Duration::MAX));
    rig.park("a", 2);
    rig.at(99_000_000).request("r1", "a").gives("r1 gets a2 (idle)");
    rig.returned("a2").gives("park a2");
    rig.closed("a2").gives_nothing();
    rig.request("r2", "a").gives("r2 waits, check a1, dial a3");
}

#[test]
fn r10_r17_a_key_does_not_evict_its_own_suspects() {
    let mut rig = Rig::new(trusting().max_connections(4));
    rig.lease("h1", "b");
    rig.park("a", 3);
    rig.closed("a3").gives_nothing();
    rig.lease("h2", "c");
    rig.request("r1", "a").gives("r1 waits, check a2");
    rig.alive("a2").gives("r1 gets a2 (checked)");
}

#[test]
fn r10_r17_r20_nor_is_a_suspect_evicted_for_a_preconnect_that_its_own_key_would_be_served_before() {
    let mut rig = Rig::new(trusting().max_connections(4));
    rig.park("d", 1);
    rig.park("a", 3);
    rig.closed("a3").gives_nothing();
    rig.lease("h", "b");
    rig.request("r1", "a").gives("r1 waits, check a2, close d1: evicted");
    rig.preconnect("e", 1).gives_nothing(); // The room of a1 would be its own key's first.
    rig.closed("d1").gives("dial a4");
}
