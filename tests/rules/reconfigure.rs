//! R21: new limits and durations for the running pool.

use latebind::{Config, IdleOrder, Surplus};

use latebind_testkit::rig::{Rig, ms};

fn of_key(connections: u32) -> Config {
    Config::default().max_connections_per_key(connections)
}

#[test]
fn r21_a_raised_limit_starts_dials_at_once() {
    let raised = [
        (of_key(1), of_key(3)),
        (Config::default().max_connections(1), Config::default().max_connections(3)),
        (Config::default().max_dials(1), Config::default().max_dials(3)),
        (Config::default().max_dials_per_key(1), Config::default().max_dials_per_key(3)),
        (Config::default().max_dials(1), Config::default().max_dials(None)),
    ];
    for (before, after) in raised {
        let mut rig = Rig::new(before);
        rig.request("r1", "a").gives("r1 waits, dial a1");
        rig.request("r2", "a").gives("r2 waits");
        rig.request("r3", "a").gives("r3 waits");
        rig.reconfigure(&after).gives("dial a2, dial a3");
    }
}

#[test]
fn r21_raised_slots_go_to_the_waiters_of_all_keys_in_their_order() {
    let mut rig = Rig::new(Config::default().max_connections(1));
    rig.lease("r0", "z");
    rig.request("r1", "a").gives("r1 waits");
    rig.request("r2", "b").gives("r2 waits");
    rig.request_level("r3", "c", 7).gives("r3 waits");
    rig.reconfigure(&Config::default().max_connections(3)).gives("dial c1, dial a1");
}

#[test]
fn r21_leases_beyond_a_lowered_limit_live_on_and_close_on_return() {
    for (before, after) in [(of_key(4), of_key(2)), (Config::default(), Config::default().max_connections(2))]
    {
        let mut rig = Rig::new(before);
        for name in ["r1", "r2", "r3", "r4"] {
            rig.lease(name, "a");
        }
        rig.reconfigure(&after).gives_nothing();
        rig.returned("a1").gives("close a1: connection limit");
        rig.closed("a1").gives_nothing();
        rig.returned("a2").gives("close a2: connection limit");
        rig.closed("a2").gives_nothing();
        rig.returned("a3").gives("park a3");
        rig.returned("a4").gives("park a4");
    }
}

#[test]
fn r21_what_is_closing_already_is_not_closed_for_twice() {
    let mut rig = Rig::new(of_key(3));
    for name in ["r1", "r2", "r3"] {
        rig.lease(name, "a");
    }
    rig.reconfigure(&of_key(2)).gives_nothing();
    rig.returned("a1").gives("close a1: connection limit");
    rig.returned("a2").gives("park a2");
}

#[test]
fn r21_what_returns_beyond_a_lowered_limit_closes_instead_of_serving() {
    let mut rig = Rig::new(of_key(2));
    rig.lease("r1", "a");
    rig.lease("r2", "a");
    rig.request("r3", "a").gives("r3 waits");
    rig.reconfigure(&of_key(1)).gives_nothing();
    rig.returned("a1").gives("close a1: connection limit");
    rig.closed("a1").gives_nothing();
    rig.returned("a2").gives("r3 gets a2 (returned)");
}

#[test]
fn r21_a_dial_that_completes_beyond_a_lowered_limit_closes_instead_of_serving() {
    let mut rig = Rig::new(of_key(2));
    rig.lease("r1", "a");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.reconfigure(&of_key(1)).gives_nothing();
    rig.dialed("a2").gives("close a2: connection limit");
    rig.closed("a2").gives_nothing();
    rig.returned("a1").gives("r2 gets a1 (returned)");
}

#[test]
fn r21_parked_connections_beyond_a_lowered_limit_close_at_once() {
    for (before, after) in [(of_key(4), of_key(2)), (Config::default(), Config::default().max_connections(2))]
    {
        let mut rig = Rig::new(before);
        rig.lease("r1", "a");
        rig.lease("r2", "a");
        rig.lease("r3", "a");
        rig.returned("a2").gives("park a2");
        rig.returned("a3").gives("park a3");
        let _ = rig.reconfigure(&after);
        assert_eq!((rig.stats().idle, rig.stats().closing, rig.stats().leased), (1, 1, 1));
    }
}

#[test]
fn r21_no_more_are_closed_than_there_are_parked() {
    let mut rig = Rig::new(of_key(3));
    rig.lease("r1", "a");
    rig.lease("r2", "a");
    rig.park("b", 1);
    rig.returned("a2").gives("park a2");
    rig.reconfigure(&of_key(1)).gives("close a2: connection limit");
    rig.closed("a2").gives_nothing();
    rig.returned("a1").gives("park a1");
}

#[test]
fn r21_parked_connections_beyond_a_lowered_idle_limit_close_at_once() {
    for after in [Config::default().max_idle(1), Config::default().max_idle_per_key(1)] {
        let mut rig = Rig::new(Config::default());
        rig.park("a", 3);
        let _ = rig.reconfigure(&after);
        assert_eq!((rig.stats().idle, rig.stats().closing), (1, 2));
    }
    let mut rig = Rig::new(Config::default());
    rig.park("a", 1);
    rig.reconfigure(&Config::default().max_idle(0)).gives("close a1: idle limit");
}

#[test]
fn r21_a_lowered_limit_of_dials_lets_those_in_progress_finish() {
    let mut rig = Rig::new(Config::default());
    for (name, dial) in [("r1", "a1"), ("r2", "a2"), ("r3", "a3")] {
        rig.request(name, "a").gives(&format!("{name} waits, dial {dial}"));
    }
    rig.reconfigure(&Config::default().max_dials(1)).gives_nothing();
    rig.request("r4", "a").gives("r4 waits");
    rig.dialed("a1").gives("r1 gets a1 (own dial)");
    rig.dialed("a2").gives("r2 gets a2 (own dial)");
    rig.dialed("a3").gives("r3 gets a3 (own dial), dial a4");
}

#[test]
fn r21_a_lowered_limit_of_waiters_refuses_newcomers_only() {
    for after in [Config::default().max_waiters(1), Config::default().max_waiters_per_key(1)] {
        let mut rig = Rig::new(Config::default());
        rig.request("r1", "a").gives("r1 waits, dial a1");
        rig.request("r2", "a").gives("r2 waits, dial a2");
        rig.reconfigure(&after).gives_nothing();
        rig.request("r3", "a").gives("r3 fails: too many waiters");
        rig.dialed("a1").gives("r1 gets a1 (own dial)");
        rig.request("r4", "a").gives("r4 fails: too many waiters");
        rig.dialed("a2").gives("r2 gets a2 (own dial)");
        rig.request("r5", "a").gives("r5 waits, dial a3");
    }
}

#[test]
fn r21_durations_apply_to_what_exists() {
    let mut rig = Rig::new(Config::default());
    rig.park("a", 1);
    rig.sleeps_until(90_000).at(5).reconfigure(&Config::default().idle_timeout(ms(30))).gives_nothing();
    rig.sleeps_until(30).at(30).tick().gives("close a1: idle timeout");

    let mut rig = Rig::new(Config::default().dial_timeout(None));
    rig.request("default", "a").gives("default waits, dial a1");
    rig.request_until("own", "a", 60).gives("own waits, dial a2");
    let shorter = Config::default().dial_timeout(None).request_timeout(ms(40));
    rig.at(10).reconfigure(&shorter).gives_nothing();
    rig.sleeps_until(40).at(40).tick().gives("default fails: timeout");
    rig.sleeps_until(60);

    let mut rig = Rig::new(Config::default());
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.at(10).reconfigure(&Config::default().dial_timeout(ms(40))).gives_nothing();
    rig.sleeps_until(40).at(40).tick().gives("stop a1, r1 fails: dial timeout of a1");

    let mut rig = Rig::new(Config::default());
    rig.park("a", 1);
    rig.at(10).reconfigure(&Config::default().max_lifetime(ms(40))).gives_nothing();
    rig.sleeps_until(40).at(40).tick().gives("close a1: lifetime");
}

#[test]
fn r21_durations_that_are_switched_off_expire_no_more() {
    let mut rig = Rig::new(Config::default().max_lifetime(ms(500)));
    rig.request("r1", "b").gives("r1 waits, dial b1");
    rig.park("a", 1);
    rig.sleeps_until(500);
    let off = Config::default().request_timeout(None).dial_timeout(None).idle_timeout(None);
    rig.reconfigure(&off).gives_nothing();
    rig.sleeps_for_ever();
    rig.reconfigure(&Config::default()).gives_nothing();
    rig.sleeps_until(30_000);
}

#[test]
fn r21_what_is_due_under_the_new_durations_ends_at_once() {
    let mut rig = Rig::new(Config::default());
    rig.park("a", 1);
    rig.request("r1", "b").gives("r1 waits, dial b1");
    let short = Config::default().idle_timeout(ms(30)).request_timeout(ms(30));
    // At once may mean this step, or a tick at this very time.
    let _ = rig.at(50).reconfigure(&short);
    let _ = rig.tick();
    assert_eq!((rig.stats().idle, rig.stats().waiters), (0, 0));
}

#[test]
fn r21_fewer_uses_apply_to_what_exists() {
    let mut rig = Rig::new(Config::default());
    rig.lease("r1", "a");
    rig.reconfigure(&Config::default().max_uses(1)).gives_nothing();
    rig.returned("a1").gives("close a1: max uses");
}

#[test]
fn r21_more_uses_apply_to_what_exists() {
    let mut rig = Rig::new(Config::default().max_uses(1));
    rig.lease("r1", "a");
    rig.reconfigure(&Config::default()).gives_nothing();
    rig.returned("a1").gives("park a1");
}

#[test]
fn r21_a_connection_that_has_room_under_the_new_config_serves_at_once() {
    let mut rig = Rig::new(of_key(1).max_uses(1));
    rig.lease_shared("r1", "a", 3);
    rig.request("r2", "a").gives("r2 waits");
    rig.request("r3", "a").gives("r3 waits");
    rig.reconfigure(&of_key(1)).gives("r2 gets a1 (shared), r3 gets a1 (shared)");

    let mut rig = Rig::new(of_key(1).max_lifetime(ms(10)));
    rig.lease_shared("r1", "a", 2);
    rig.at(10).request("r2", "a").gives("r2 waits");
    rig.reconfigure(&of_key(1)).gives("r2 gets a1 (shared)");
}

#[test]
fn r21_a_longer_life_applies_to_a_lease() {
    let mut rig = Rig::new(Config::default().max_lifetime(ms(10)));
    rig.lease_shared("r1", "a", 2);
    rig.at(10).reconfigure(&Config::default().max_lifetime(ms(100))).gives_nothing();
    rig.returned("a1").gives("park a1");
    rig.sleeps_until(100);
}

#[test]
fn r21_policies_can_change_too() {
    let mut rig = Rig::new(Config::default());
    rig.park("a", 2);
    rig.request("r1", "b").gives("r1 waits, dial b1");
    rig.cancel("r1").gives_nothing();
    rig.reconfigure(&Config::default().surplus(Surplus::Cancel).idle_order(IdleOrder::Fifo)).gives("stop b1");
    rig.request("r2", "a").gives("r2 gets a1 (idle)");
}

#[test]
fn r21_a_config_that_contradicts_itself_is_refused_and_nothing_changes() {
    let mut rig = Rig::new(of_key(1));
    rig.lease("r1", "a");
    rig.request("r2", "a").gives("r2 waits");
    let broken = of_key(5).max_uses(0);
    rig.at(40_000).reconfigure(&broken).gives_misuse("config: `max_uses` must not be 0");
    assert_eq!(rig.stats().waiters, 1); // Not even time has passed.
    rig.tick().gives("r2 fails: timeout");
}

#[test]
fn r21_the_seed_stays() {
    let end = |seed: u64| {
        let mut rig = Rig::new(Config::default().seed(1u64));
        let config = Config::default().idle_timeout(None).max_lifetime(ms(100)).lifetime_jitter(ms(1000));
        rig.reconfigure(&config.seed(seed)).gives_nothing();
        rig.park("a", 3);
        rig.deadline()
    };
    assert_eq!(end(2), end(3));
}

#[test]
fn r21_a_shared_connection_stays_if_the_lowered_limit_is_kept_when_its_last_lease_ends() {
    let mut rig = Rig::new(Config::default());
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.dialed_shared("a1", 2).gives("r1 gets a1 (own dial), r2 gets a1 (other dial)");
    rig.dialed("a2").gives("park a2");
    rig.request("r3", "a").gives("r3 gets a2 (idle)");
    rig.reconfigure(&Config::default().max_connections(1)).gives_nothing();
    rig.returned("a1").gives_nothing();
    rig.closed("a2").gives_nothing();
    rig.returned("a1").gives("park a1");
}

#[test]
fn r1_r21_what_a_new_lifetime_has_ended_is_not_delivered_in_that_step() {
    let config = Config::default().request_timeout(None).idle_timeout(None).max_connections_per_key(2);
    let mut rig = Rig::new(config.clone().check_after_idle(ms(1)));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.dialed_shared("a1", 0).gives_nothing();
    rig.dialed("a2").gives("r1 gets a2 (other dial)");
    rig.cancel("r2").gives_nothing();
    rig.returned("a2").gives("park a2");
    // The connection without capacity is cover for it, so no check starts.
    rig.at(100).request("r3", "a").gives("r3 waits");
    rig.reconfigure(&config.max_lifetime(ms(50))).gives("close a2: lifetime");
}
