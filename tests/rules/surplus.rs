//! R5: what becomes of dials that nobody waits for. R11: over the limits of parked connections.

use latebind::{Binding, Config, Surplus};

use latebind_testkit::rig::Rig;

fn cancelling() -> Config {
    Config::default().surplus(Surplus::Cancel)
}

#[test]
fn r5_a_surplus_dial_is_parked() {
    let mut rig = Rig::new(Config::default());
    rig.lease("r1", "a");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.returned("a1").gives("r2 gets a1 (returned)");
    rig.dialed("a2").gives("park a2");
    assert_eq!((rig.stats().idle, rig.stats().leased), (1, 1));
}

#[test]
fn r5_where_nothing_may_be_parked_it_is_closed_without_being_parked() {
    for config in [Config::default().max_idle(0), Config::default().max_idle_per_key(0)] {
        let mut rig = Rig::new(config);
        rig.request("r1", "a").gives("r1 waits, dial a1");
        rig.cancel("r1").gives_nothing();
        rig.dialed("a1").gives("close a1: idle limit");
        rig.closed("a1").gives_nothing();
        assert_eq!(rig.stats().keys, 0);
    }
}

#[test]
fn r5_waiters_come_before_idle_limits() {
    for config in [Config::default().max_idle(0), Config::default().max_idle_per_key(0)] {
        let mut rig = Rig::new(config.max_connections_per_key(1));
        rig.lease("r1", "a");
        rig.request("r2", "a").gives("r2 waits");
        rig.returned("a1").gives("r2 gets a1 (returned)");
        rig.returned("a1").gives("close a1: idle limit");
    }
}

#[test]
fn r11_over_the_limit_of_its_key_the_newcomer_is_closed() {
    let mut rig = Rig::new(Config::default().max_idle_per_key(1));
    rig.lease("r1", "a");
    rig.lease("r2", "a");
    rig.request("r3", "a").gives("r3 waits, dial a3");
    rig.cancel("r3").gives_nothing();
    rig.returned("a2").gives("park a2");
    rig.returned("a1").gives("close a1: idle limit");
    rig.dialed("a3").gives("close a3: idle limit");
    rig.request("r4", "a").gives("r4 gets a2 (idle)");
    rig.park("b", 1);
}

#[test]
fn r11_over_the_limit_in_all_the_longest_parked_is_closed() {
    let mut rig = Rig::new(Config::default().max_idle(2));
    rig.park("a", 2);
    rig.lease("r1", "b");
    rig.returned("b1").gives("park b1, close a1: idle limit");
    rig.lease("r2", "c");
    rig.returned("c1").gives("park c1, close a2: idle limit");
    rig.request("r3", "b").gives("r3 gets b1 (idle)");
    rig.lease("r4", "a");
    rig.returned("a3").gives("park a3");
    rig.returned("b1").gives("park b1, close c1: idle limit");
}

#[test]
fn r11_the_longest_parked_may_be_of_the_same_key() {
    let mut rig = Rig::new(Config::default().max_idle(1));
    rig.lease("r1", "a");
    rig.lease("r2", "a");
    rig.returned("a1").gives("park a1");
    rig.returned("a2").gives("park a2, close a1: idle limit");
}

#[test]
fn r11_the_keys_own_limit_is_asked_first() {
    let mut rig = Rig::new(Config::default().max_idle(2).max_idle_per_key(1));
    rig.lease("r1", "a");
    rig.lease("r2", "a");
    rig.park("b", 1);
    rig.returned("a1").gives("park a1");
    rig.returned("a2").gives("close a2: idle limit"); // No room is made for what is not parked.
    assert_eq!(rig.stats().idle, 2);
}

#[test]
fn r5_cancel_stops_the_dial_of_a_waiter_that_was_served() {
    let mut rig = Rig::new(cancelling());
    rig.lease("r1", "a");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.returned("a1").gives("r2 gets a1 (returned), stop a2");
    rig.dial_failed("a2").gives_nothing();
    assert_eq!(rig.stats().connections(), 1);
}

#[test]
fn r5_cancel_stops_the_dial_of_a_waiter_that_was_cancelled() {
    let mut rig = Rig::new(cancelling());
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.cancel("r1").gives("stop a1");
    rig.dial_failed("a1").gives_nothing();
    rig.sleeps_for_ever();
}

#[test]
fn r5_cancel_stops_the_dial_of_a_waiter_that_timed_out() {
    let mut rig = Rig::new(cancelling());
    rig.request_until("r1", "a", 50).gives("r1 waits, dial a1");
    rig.request("r2", "b").gives("r2 waits, dial b1");
    rig.at(50).tick().gives("r1 fails: timeout, stop a1");
}

#[test]
fn r5_cancel_stops_the_youngest_dial_first() {
    let mut rig = Rig::new(cancelling());
    for (name, dial) in [("r1", "a1"), ("r2", "a2"), ("r3", "a3")] {
        rig.request(name, "a").gives(&format!("{name} waits, dial {dial}"));
    }
    rig.cancel("r1").gives("stop a3");
    rig.cancel("r3").gives("stop a2");
    rig.dialed("a1").gives("r2 gets a1 (other dial)");
}

#[test]
fn r5_cancel_stops_the_youngest_also_where_it_belongs_to_somebody() {
    let mut rig = Rig::new(cancelling().binding(Binding::OwnFirst));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.cancel("r1").gives("stop a2");
    rig.dialed("a1").gives("r2 gets a1 (other dial)");
}

#[test]
fn r5_cancel_stops_no_dial_that_somebody_needs() {
    let mut rig = Rig::new(cancelling().max_connections_per_key(2));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.request("r3", "a").gives("r3 waits");
    rig.cancel("r1").gives_nothing();
    rig.cancel("r2").gives("stop a2");
}

#[test]
fn r5_a_stopped_dial_is_no_cover() {
    let mut rig = Rig::new(cancelling());
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.cancel("r1").gives("stop a1");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.dial_failed("a1").gives_nothing();
    rig.dialed("a2").gives("r2 gets a2 (own dial)");
}

#[test]
fn r5_a_stopped_dial_that_succeeds_is_used_like_any_other() {
    let mut rig = Rig::new(cancelling());
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.cancel("r1").gives("stop a1");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.dialed("a1").gives("r2 gets a1 (other dial), stop a2");
    rig.dialed("a2").gives("park a2");
    rig.request("r3", "a").gives("r3 gets a2 (idle)");
}

#[test]
fn r5_the_failure_of_a_stopped_dial_charges_nobody() {
    let mut rig = Rig::new(cancelling().max_connections_per_key(2));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.cancel("r1").gives("stop a2");
    rig.request("r3", "a").gives("r3 waits"); // R9: the stopped dial holds its slot.
    // The pool itself stopped it: that says nothing about the next dial.
    rig.dial_failed("a2").gives("dial a3");
    rig.dialed("a1").gives("r2 gets a1 (other dial)");
}

#[test]
fn r5_cancel_stops_what_a_shared_connection_has_made_needless() {
    let mut rig = Rig::new(cancelling());
    for (name, dial) in [("r1", "a1"), ("r2", "a2"), ("r3", "a3")] {
        rig.request(name, "a").gives(&format!("{name} waits, dial {dial}"));
    }
    rig.dialed_shared("a2", 2).gives("r1 gets a2 (other dial), r2 gets a2 (own dial), stop a3");
    rig.dialed("a1").gives("r3 gets a1 (other dial)");
}

#[test]
fn r5_park_keeps_dialing_after_a_timeout() {
    let mut rig = Rig::new(Config::default());
    rig.request_until("r1", "a", 50).gives("r1 waits, dial a1");
    rig.at(50).tick().gives("r1 fails: timeout");
    rig.request("r2", "a").gives("r2 waits");
    rig.dialed("a1").gives("r2 gets a1 (other dial)");
}
