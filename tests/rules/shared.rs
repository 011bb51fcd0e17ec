//! R18: connections that carry several leases, and those that their peer drains.

use latebind::{Config, Surplus};

use crate::timeless;
use latebind_testkit::rig::{Rig, ms};

#[test]
fn r18_one_dial_serves_as_many_waiters_as_it_can_carry() {
    let mut rig = Rig::new(Config::default().max_dials(1));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("r2", "a").gives("r2 waits");
    rig.request_level("r3", "a", 7).gives("r3 waits");
    rig.request("r4", "a").gives("r4 waits");
    rig.dialed_shared("a1", 3)
        .gives("r3 gets a1 (other dial), r1 gets a1 (own dial), r2 gets a1 (other dial), dial a2");
    rig.dialed("a2").gives("r4 gets a2 (own dial)");
}

#[test]
fn r18_newcomers_join_a_connection_with_room_and_dial_when_it_is_full() {
    let mut rig = Rig::new(Config::default());
    rig.lease_shared("r1", "a", 3);
    rig.request("r2", "a").gives("r2 gets a1 (shared)");
    rig.request("r3", "a").gives("r3 gets a1 (shared)");
    rig.request("r4", "a").gives("r4 waits, dial a2");
    rig.returned("a1").gives("r4 gets a1 (returned)");
    assert_eq!(rig.stats().leased, 1);
}

#[test]
fn r18_it_is_parked_once_when_the_last_lease_ends() {
    let mut rig = Rig::new(Config::default());
    rig.lease_shared("r1", "a", 3);
    rig.request("r2", "a").gives("r2 gets a1 (shared)");
    rig.returned("a1").gives_nothing();
    rig.sleeps_for_ever();
    rig.returned("a1").gives("park a1");
    rig.sleeps_until(90_000);
    rig.returned("a1").gives_misuse("not leased: a1");
    rig.request("r3", "a").gives("r3 gets a1 (idle)");
    rig.request("r4", "a").gives("r4 gets a1 (shared)");
}

#[test]
fn r18_of_several_with_room_the_one_delivered_last_is_used() {
    let mut rig = Rig::new(Config::default());
    rig.lease_shared("r1", "a", 1);
    rig.lease_shared("r2", "a", 1);
    rig.capacity("a1", 5).gives_nothing();
    rig.capacity("a2", 5).gives_nothing();
    rig.request("r3", "a").gives("r3 gets a2 (shared)");
    rig.returned("a2").gives_nothing();
    rig.request("r4", "a").gives("r4 gets a2 (shared)");
    rig.capacity("a2", 2).gives_nothing();
    rig.request("r5", "a").gives("r5 gets a1 (shared)");
    rig.capacity("a2", 9).gives_nothing();
    rig.request("r6", "a").gives("r6 gets a1 (shared)");
}

#[test]
fn r18_capacity_below_the_leases_takes_none_away() {
    let mut rig = Rig::new(Config::default().max_connections_per_key(1));
    rig.lease_shared("r1", "a", 3);
    rig.request("r2", "a").gives("r2 gets a1 (shared)");
    rig.request("r3", "a").gives("r3 gets a1 (shared)");
    rig.capacity("a1", 1).gives_nothing();
    rig.request("r4", "a").gives("r4 waits");
    rig.returned("a1").gives_nothing();
    rig.returned("a1").gives_nothing();
    rig.returned("a1").gives("r4 gets a1 (returned)");
    rig.returned("a1").gives("park a1");
}

#[test]
fn r18_growing_capacity_serves_many_at_once_in_their_order() {
    let mut rig = Rig::new(Config::default().max_connections_per_key(1));
    rig.lease("r0", "a");
    for name in ["r1", "r2", "r3", "r4"] {
        rig.request(name, "a").gives(&format!("{name} waits"));
    }
    rig.capacity("a1", 4).gives("r1 gets a1 (shared), r2 gets a1 (shared), r3 gets a1 (shared)");
    rig.capacity("a1", 4).gives_nothing();
    rig.capacity("a1", u32::MAX).gives("r4 gets a1 (shared)");
}

#[test]
fn r18_without_capacity_it_is_neither_available_nor_parked() {
    let mut rig = Rig::new(Config::default());
    rig.park("a", 1);
    rig.capacity("a1", 0).gives_nothing();
    assert_eq!((rig.stats().idle, rig.stats().dormant), (0, 1));
    rig.sleeps_for_ever();
    rig.at(200_000).tick().gives_nothing();
    rig.capacity("a1", 2).gives("park a1");
    rig.sleeps_until(290_000);
    rig.request("r1", "a").gives("r1 gets a1 (idle)");
}

#[test]
fn r18_without_capacity_it_covers_one_waiter() {
    let mut rig = Rig::new(Config::default());
    rig.park("a", 1);
    rig.capacity("a1", 0).gives_nothing();
    rig.request("r1", "a").gives("r1 waits");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.capacity("a1", 1).gives("r1 gets a1 (shared)");
    rig.dialed("a2").gives("r2 gets a2 (other dial)");
}

#[test]
fn r18_a_dial_that_brings_no_capacity_covers_its_waiter() {
    let mut rig = Rig::new(Config::default());
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.dialed_shared("a1", 0).gives_nothing();
    rig.sleeps_until(30_000); // The waiter's deadline is all that is left.
    rig.capacity("a1", 2).gives("r1 gets a1 (shared)");
}

#[test]
fn r18_when_a_connection_without_capacity_closes_its_waiter_is_dialed_for() {
    let mut rig = Rig::new(Config::default());
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.dialed_shared("a1", 0).gives_nothing();
    rig.closed("a1").gives("dial a2");
    rig.dialed_shared("a2", 0).gives_nothing();
    rig.draining("a2").gives("close a2: draining, dial a3");
}

#[test]
fn r18_capacity_that_goes_while_leased_leaves_it_unparked_at_the_end() {
    let mut rig = Rig::new(Config::default());
    rig.lease("r1", "a");
    rig.capacity("a1", 0).gives_nothing();
    rig.returned("a1").gives_nothing();
    assert_eq!((rig.stats().leased, rig.stats().idle, rig.stats().dormant), (0, 0, 1));
    rig.capacity("a1", 1).gives("park a1");
}

#[test]
fn r18_capacity_that_comes_back_finds_the_idle_limits() {
    let mut rig = Rig::new(Config::default().max_idle_per_key(1));
    rig.lease("r1", "a");
    rig.lease("r2", "a");
    rig.returned("a1").gives("park a1");
    rig.capacity("a1", 0).gives_nothing();
    rig.returned("a2").gives("park a2");
    rig.capacity("a1", 1).gives("close a1: idle limit");
}

#[test]
fn r18_a_draining_connection_that_nobody_uses_closes_at_once() {
    let mut rig = Rig::new(Config::default());
    rig.park("a", 1);
    rig.draining("a1").gives("close a1: draining");
    rig.sleeps_for_ever();
    rig.draining("a1").gives_nothing();
    rig.request("r1", "a").gives("r1 waits, dial a2");
    rig.closed("a1").gives_nothing();
}

#[test]
fn r18_a_draining_connection_takes_no_new_lease_and_closes_with_the_last() {
    let mut rig = Rig::new(Config::default().max_connections_per_key(1));
    rig.lease_shared("r1", "a", 9);
    rig.request("r2", "a").gives("r2 gets a1 (shared)");
    rig.draining("a1").gives_nothing();
    rig.draining("a1").gives_nothing();
    rig.request("r3", "a").gives("r3 waits");
    rig.capacity("a1", 20).gives_nothing();
    rig.returned("a1").gives_nothing();
    rig.returned("a1").gives("close a1: draining");
    rig.closed("a1").gives("dial a2");
}

#[test]
fn r18_draining_one_connection_dials_another_where_there_is_room() {
    let mut rig = Rig::new(Config::default());
    rig.lease("r1", "a");
    rig.draining("a1").gives_nothing();
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.returned("a1").gives("close a1: draining");
}

#[test]
fn r18_a_closed_connection_ends_all_its_leases() {
    let mut rig = Rig::new(Config::default().max_connections_per_key(1));
    rig.lease_shared("r1", "a", 3);
    rig.request("r2", "a").gives("r2 gets a1 (shared)");
    rig.request("r3", "a").gives("r3 gets a1 (shared)");
    rig.request("r4", "a").gives("r4 waits");
    rig.closed("a1").gives("dial a2");
    rig.returned("a1").gives_nothing();
    assert_eq!(rig.stats().leased, 0);
}

#[test]
fn r18_a_dial_that_turns_out_shared_leaves_surplus_dials() {
    let mut rig = Rig::new(Config::default().max_idle_per_key(1));
    for (name, dial) in [("r1", "a1"), ("r2", "a2"), ("r3", "a3")] {
        rig.request(name, "a").gives(&format!("{name} waits, dial {dial}"));
    }
    rig.dialed_shared("a1", 9)
        .gives("r1 gets a1 (own dial), r2 gets a1 (other dial), r3 gets a1 (other dial)");
    rig.dialed_shared("a2", 9).gives("park a2");
    rig.dialed_shared("a3", 9).gives("close a3: idle limit");
}

#[test]
fn r18_or_cancels_them() {
    for surplus in [Surplus::Cancel, Surplus::CancelIfShared] {
        let mut rig = Rig::new(Config::default().surplus(surplus));
        for (name, dial) in [("r1", "a1"), ("r2", "a2"), ("r3", "a3")] {
            rig.request(name, "a").gives(&format!("{name} waits, dial {dial}"));
        }
        rig.dialed_shared("a1", 9).gives(
            "r1 gets a1 (own dial), r2 gets a1 (other dial), r3 gets a1 (other dial), stop a2, stop a3",
        );
    }
}

#[test]
fn r18_uses_are_counted_over_all_leases() {
    let mut rig = Rig::new(Config::default().max_uses(3).max_dials(1));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    for name in ["r2", "r3", "r4"] {
        rig.request(name, "a").gives(&format!("{name} waits"));
    }
    rig.dialed_shared("a1", 9)
        .gives("r1 gets a1 (own dial), r2 gets a1 (other dial), r3 gets a1 (other dial), dial a2");
    rig.returned("a1").gives_nothing(); // Worn out: r4 does not get it.
    rig.returned("a1").gives_nothing();
    rig.returned("a1").gives("close a1: max uses");
}

#[test]
fn r18_a_shared_connection_that_is_too_old_takes_no_new_lease() {
    let mut rig = Rig::new(Config::default().max_lifetime(ms(100)));
    rig.lease_shared("r1", "a", 9);
    rig.just_before(100).request("r2", "a").gives("r2 gets a1 (shared)");
    rig.at(100).request("r3", "a").gives("r3 waits, dial a2");
    rig.returned("a1").gives_nothing();
    rig.returned("a1").gives("close a1: lifetime");
}

#[test]
fn r8_r18_capacity_that_goes_while_nobody_waits_is_cover_for_who_comes_next() {
    let mut rig = Rig::new(timeless().max_connections_per_key(1));
    rig.lease("r1", "a");
    rig.capacity("a1", 0).gives_nothing();
    rig.request("r2", "a").gives("r2 waits");
    rig.capacity("a1", 2).gives("r2 gets a1 (shared)");
}
