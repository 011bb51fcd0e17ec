//! Multiplexed connections.

use crate::of_key;
use latebind_testkit::rig::Rig;

/// pydantic/httpx2#1216: fewer streams allowed than in flight, and the connection wedged.
#[test]
fn b111_capacity_below_the_leases_recovers_as_they_end() {
    let mut rig = Rig::new(of_key(1));
    rig.lease_shared("r1", "a", 10);
    for number in 2..=8 {
        rig.request(&format!("r{number}"), "a").gives(&format!("r{number} gets a1 (shared)"));
    }
    rig.capacity("a1", 3).gives_nothing();
    rig.request("r9", "a").gives("r9 waits");
    for _ in 0..5 {
        rig.returned("a1").gives_nothing();
    }
    rig.returned("a1").gives("r9 gets a1 (returned)");
}

/// pydantic/httpx2#1216, with room for another connection.
#[test]
fn b111_or_a_dial_serves_meanwhile() {
    let mut rig = Rig::new(of_key(2));
    rig.lease_shared("r1", "a", 10);
    rig.request("r2", "a").gives("r2 gets a1 (shared)");
    rig.capacity("a1", 1).gives_nothing();
    rig.request("r3", "a").gives("r3 waits, dial a2");
    rig.dialed("a2").gives("r3 gets a2 (own dial)");
}

/// cloudflare/pingora, commit a401754: two leases ended together, and the connection was in two lists.
#[test]
fn b113_it_is_parked_once_when_the_last_of_two_leases_ends() {
    let mut rig = Rig::new(of_key(1));
    rig.lease_shared("r1", "a", 2);
    rig.request("r2", "a").gives("r2 gets a1 (shared)");
    rig.returned("a1").gives_nothing();
    rig.request("r3", "a").gives("r3 gets a1 (shared)");
    rig.returned("a1").gives_nothing();
    rig.returned("a1").gives("park a1");
    rig.sleeps_until(90_000);
    rig.request("r4", "a").gives("r4 gets a1 (idle)");
    rig.sleeps_for_ever();
}
