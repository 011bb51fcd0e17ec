//! R7: whom a failed dial concerns. Backoffs are in `retry.rs`.

use latebind::{Binding, Config, DialFailure, Surplus};

use latebind_testkit::rig::{Rig, ms};

fn fail_all() -> Config {
    Config::default().dial_failure(DialFailure::FailAll)
}

fn own_first() -> Config {
    Config::default().binding(Binding::OwnFirst)
}

#[test]
fn r7_the_waiter_of_a_failed_dial_fails_and_nothing_is_dialed() {
    for config in [Config::default(), fail_all(), own_first()] {
        let mut rig = Rig::new(config);
        rig.request("r1", "a").gives("r1 waits, dial a1");
        rig.dial_failed("a1").gives("r1 fails: dial of a1");
        assert_eq!(rig.stats().keys, 0);
        rig.request("r2", "a").gives("r2 waits, dial a2");
    }
}

#[test]
fn r7_head_first_the_first_waiter_that_was_there_fails_whoever_started_the_dial() {
    let mut rig = Rig::new(Config::default());
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.dial_failed("a2").gives("r1 fails: dial of a2");
    rig.dialed("a1").gives("r2 gets a1 (other dial)");
}

#[test]
fn r7_the_first_waiter_is_the_most_urgent_one() {
    let mut rig = Rig::new(Config::default().max_connections_per_key(1));
    rig.lease("r0", "a");
    rig.request("r1", "a").gives("r1 waits");
    rig.request_level("r2", "a", 7).gives("r2 waits");
    rig.closed("a1").gives("dial a2");
    rig.dial_failed("a2").gives("r2 fails: dial of a2, dial a3");
    rig.dial_failed("a3").gives("r1 fails: dial of a3");
}

#[test]
fn r7_nobody_fails_while_the_rest_is_covered_and_no_extra_dial_starts() {
    for binding in [Binding::HeadFirst, Binding::OwnFirst] {
        let mut rig = Rig::new(Config::default().binding(binding));
        rig.lease("r0", "a");
        rig.request("r1", "a").gives("r1 waits, dial a2");
        rig.request("r2", "a").gives("r2 waits, dial a3");
        rig.returned("a1").gives("r1 gets a1 (returned)");
        rig.dial_failed("a3").gives_nothing();
        rig.dialed("a2").gives("r2 gets a2 (other dial)");
    }
}

#[test]
fn r7_cover_is_counted_and_not_by_place() {
    let mut rig = Rig::new(Config::default());
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.request("r3", "a").gives("r3 waits, dial a3");
    rig.cancel("r3").gives_nothing();
    rig.dial_failed("a1").gives_nothing();
    rig.dial_failed("a2").gives("r1 fails: dial of a2");
    rig.dial_failed("a3").gives("r2 fails: dial of a3");
}

#[test]
fn r7_a_young_request_is_not_charged_but_gets_a_dial_of_its_own() {
    for config in [Config::default(), fail_all(), own_first()] {
        let mut rig = Rig::new(config);
        rig.request("r1", "a").gives("r1 waits, dial a1");
        rig.cancel("r1").gives_nothing();
        rig.request("r2", "a").gives("r2 waits");
        rig.dial_failed("a1").gives("dial a2");
        rig.dialed("a2").gives("r2 gets a2 (own dial)");
    }
}

#[test]
fn r7_an_old_waiter_fails_and_the_young_one_behind_it_is_dialed_for() {
    let mut rig = Rig::new(Config::default().max_connections_per_key(1));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request_level("r2", "a", 7).gives("r2 waits");
    rig.dial_failed("a1").gives("r1 fails: dial of a1, dial a2");
    rig.dial_failed("a2").gives("r2 fails: dial of a2");
}

#[test]
fn r7_with_only_young_waiters_left_the_old_dial_charges_nobody() {
    let mut rig = Rig::new(Config::default());
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.cancel("r1").gives_nothing();
    rig.request("r3", "a").gives("r3 waits");
    rig.dial_failed("a1").gives("dial a3"); // r2 and r3 came after it had started.
    rig.dial_failed("a2").gives("r2 fails: dial of a2");
    rig.dialed("a3").gives("r3 gets a3 (own dial)");
}

#[test]
fn r7_fail_all_fails_everybody_that_was_there_when_the_dial_started() {
    let mut rig = Rig::new(fail_all().max_connections_per_key(2));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.request("r3", "a").gives("r3 waits");
    rig.dial_failed("a2").gives("r1 fails: dial of a2, r2 fails: dial of a2");
    rig.dialed("a1").gives("r3 gets a1 (other dial)");
}

#[test]
fn r7_fail_all_does_not_ask_for_cover() {
    let mut rig = Rig::new(fail_all());
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.cancel("r1").gives_nothing();
    rig.dial_failed("a2").gives("r2 fails: dial of a2");
    rig.dialed("a1").gives("park a1");
}

#[test]
fn r7_fail_all_starts_the_dials_of_those_that_came_later() {
    let mut rig = Rig::new(fail_all().max_connections_per_key(1));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("r2", "a").gives("r2 waits");
    rig.dial_failed("a1").gives("r1 fails: dial of a1, dial a2");
    rig.request("r3", "a").gives("r3 waits");
    rig.dial_failed("a2").gives("r2 fails: dial of a2, dial a3");
}

#[test]
fn r7_a_fatal_error_fails_everybody_that_was_there_under_every_policy() {
    let retry = DialFailure::Retry { backoff: ms(100), backoff_max: ms(100), attempts: 5 };
    for policy in [DialFailure::FailFirst, DialFailure::FailAll, retry] {
        for binding in [Binding::HeadFirst, Binding::OwnFirst] {
            let mut rig = Rig::new(Config::default().dial_failure(policy).binding(binding));
            rig.request("r1", "a").gives("r1 waits, dial a1");
            rig.request("r2", "a").gives("r2 waits, dial a2");
            rig.request("r3", "a").gives("r3 waits, dial a3");
            rig.dial_failed_fatally("a2").gives("r1 fails: dial of a2, r2 fails: dial of a2");
            rig.dialed("a1").gives("r3 gets a1 (other dial)");
            rig.request("r4", "b").gives("r4 waits, dial b1");
            rig.dial_failed_fatally("b1").gives("r4 fails: dial of b1");
            // No backoff: the next one is dialed for at once.
            rig.request("r5", "b").gives("r5 waits, dial b2");
        }
    }
}

#[test]
fn r7_not_even_a_fatal_error_charges_a_young_request() {
    let mut rig = Rig::new(Config::default().max_connections_per_key(1));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("r2", "a").gives("r2 waits");
    rig.dial_failed_fatally("a1").gives("r1 fails: dial of a1, dial a2");
    rig.dial_failed_fatally("a2").gives("r2 fails: dial of a2");
}

#[test]
fn r7_a_reprioritized_waiter_hears_of_a_dial_that_started_before() {
    for config in [Config::default(), fail_all(), own_first()] {
        let mut rig = Rig::new(config);
        rig.request("r1", "a").gives("r1 waits, dial a1");
        rig.reprioritize("r1", 5).gives_nothing();
        rig.dial_failed("a1").gives("r1 fails: dial of a1");
    }
}

#[test]
fn r7_who_kept_its_place_is_charged_before_who_was_reprioritized() {
    let mut rig = Rig::new(Config::default());
    for (name, dial) in [("r1", "a1"), ("r2", "a2")] {
        rig.request(name, "a").gives(&format!("{name} waits, dial {dial}"));
    }
    rig.reprioritize("r1", 5).gives_nothing();
    rig.dial_failed("a2").gives("r2 fails: dial of a2");
    rig.dial_failed("a1").gives("r1 fails: dial of a1");
}

#[test]
fn r7_a_fatal_error_is_heard_even_if_the_dial_took_too_long() {
    let mut rig = Rig::new(Config::default().dial_timeout(ms(10)).max_dials_per_key(1));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.at(5).request("r2", "a").gives("r2 waits");
    rig.at(10).tick().gives("stop a1, r1 fails: dial timeout of a1");
    rig.request("r3", "a").gives("r3 waits");
    // Neither was there when the dial started.
    rig.dial_failed_fatally("a1").gives("dial a2");
    rig.at(20).tick().gives("stop a2, r2 fails: dial timeout of a2");
    rig.dial_failed_fatally("a2").gives("r3 fails: dial of a2");
}

#[test]
fn r7_own_first_a_failure_concerns_its_own_request_alone() {
    for policy in [DialFailure::FailFirst, DialFailure::FailAll] {
        let mut rig = Rig::new(own_first().dial_failure(policy));
        for (name, dial) in [("r1", "a1"), ("r2", "a2"), ("r3", "a3")] {
            rig.request(name, "a").gives(&format!("{name} waits, dial {dial}"));
        }
        rig.dial_failed("a2").gives("r2 fails: dial of a2");
        rig.dialed("a3").gives("r3 gets a3 (own dial)");
        rig.dial_failed("a1").gives("r1 fails: dial of a1");
    }
}

#[test]
fn r7_own_first_nobody_fails_while_the_rest_is_covered() {
    for policy in [DialFailure::FailFirst, DialFailure::FailAll] {
        let mut rig = Rig::new(own_first().dial_failure(policy));
        rig.request("r1", "a").gives("r1 waits, dial a1");
        rig.request("r2", "a").gives("r2 waits, dial a2");
        rig.cancel("r1").gives_nothing();
        rig.dial_failed("a2").gives_nothing();
        rig.dialed("a1").gives("r2 gets a1 (other dial)");
    }
}

#[test]
fn r7_own_first_the_failure_of_a_dial_whose_request_was_served_fails_nobody() {
    for policy in [DialFailure::FailFirst, DialFailure::FailAll] {
        let mut rig = Rig::new(own_first().dial_failure(policy).max_connections_per_key(3));
        rig.lease("r0", "a");
        rig.request("r1", "a").gives("r1 waits, dial a2");
        rig.request("r2", "a").gives("r2 waits, dial a3");
        rig.returned("a1").gives("r1 gets a1 (returned)");
        rig.request("r3", "a").gives("r3 waits");
        rig.dial_failed("a2").gives("dial a4"); // It was r1's.
        rig.dialed("a4").gives("r3 gets a4 (own dial)");
        rig.dial_failed("a3").gives("r2 fails: dial of a3");
    }
}

#[test]
fn r7_each_failure_fails_one_waiter_so_that_dialing_ends() {
    let mut rig = Rig::new(Config::default().max_connections_per_key(1));
    rig.request("r0", "a").gives("r0 waits, dial a1");
    for name in ["r1", "r2", "r3"] {
        rig.request(name, "a").gives(&format!("{name} waits"));
    }
    rig.dial_failed("a1").gives("r0 fails: dial of a1, dial a2");
    rig.dial_failed("a2").gives("r1 fails: dial of a2, dial a3");
    rig.dial_failed("a3").gives("r2 fails: dial of a3, dial a4");
    rig.dial_failed("a4").gives("r3 fails: dial of a4");
}

#[test]
fn r7_a_failure_under_surplus_cancel_leaves_the_cover_alone() {
    let mut rig = Rig::new(Config::default().surplus(Surplus::Cancel));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.dial_failed("a1").gives("r1 fails: dial of a1");
    rig.dialed("a2").gives("r2 gets a2 (own dial)");
}
