//! R12 at its ends: durations of zero and of centuries, and the last moments of time.

use std::time::Duration;

use latebind::{Config, Pool, Priority, Time};

use latebind_testkit::rig::{Key, Rig, ms};

#[test]
fn r12_a_request_timeout_of_zero_is_served_at_once_or_fails() {
    let mut rig = Rig::new(Config::default().request_timeout(Duration::ZERO));
    rig.request("r1", "a").gives("r1 fails: timeout");
    assert_eq!(rig.stats().connections(), 0);
    rig.request_until("r2", "a", 10).gives("r2 waits, dial a1");
    rig.dialed("a1").gives("r2 gets a1 (own dial)");
    rig.returned("a1").gives("park a1");
    rig.request("r3", "a").gives("r3 gets a1 (idle)");
}

#[test]
fn r12_an_idle_timeout_of_zero_closes_what_is_parked_at_once() {
    let mut rig = Rig::new(Config::default().idle_timeout(Duration::ZERO));
    rig.lease("r1", "a");
    // At once may mean this step, or a tick at this very time.
    let _ = rig.at(10).returned("a1");
    let _ = rig.tick();
    assert_eq!((rig.stats().idle, rig.stats().closing), (0, 1));
    rig.sleeps_for_ever();
}

#[test]
fn r12_what_may_idle_for_no_time_still_goes_to_those_who_wait() {
    let mut rig = Rig::new(Config::default().idle_timeout(Duration::ZERO).max_connections_per_key(1));
    rig.lease("r1", "a");
    rig.request("r2", "a").gives("r2 waits");
    rig.at(10).returned("a1").gives("r2 gets a1 (returned)");
}

#[test]
fn r12_a_dial_timeout_of_zero_fails_the_dial_at_once() {
    let mut rig = Rig::new(Config::default().dial_timeout(Duration::ZERO));
    // At once may mean this step, or a tick at this very time.
    let _ = rig.request("r1", "a");
    let _ = rig.tick();
    assert_eq!((rig.stats().waiters, rig.stats().dialing), (0, 1));
    rig.dial_failed("a1").gives_nothing();
    rig.sleeps_for_ever();
}

#[test]
fn r12_a_lifetime_of_zero_lets_each_connection_serve_once() {
    let mut rig = Rig::new(Config::default().max_lifetime(Duration::ZERO).max_connections_per_key(1));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("r2", "a").gives("r2 waits");
    rig.dialed("a1").gives("r1 gets a1 (own dial)");
    rig.returned("a1").gives("close a1: lifetime");
    rig.closed("a1").gives("dial a2");
    rig.dialed("a2").gives("r2 gets a2 (own dial)");
}

#[test]
fn r12_huge_durations_never_end() {
    let ages = Duration::MAX;
    let config = Config::default()
        .request_timeout(ages)
        .dial_timeout(ages)
        .idle_timeout(ages)
        .unused_idle_timeout(ages)
        .max_lifetime(ages)
        .lifetime_jitter(ages);
    let mut rig = Rig::new(config);
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.sleeps_for_ever();
    rig.dialed("a1").gives("r1 gets a1 (own dial)");
    rig.at(1).returned("a1").gives("park a1");
    rig.sleeps_for_ever().at_time(Time(u64::MAX - 1)).tick().gives_nothing();
    rig.request("r2", "a").gives("r2 gets a1 (idle)");
    rig.returned("a1").gives("park a1");
}

#[test]
fn r12_the_end_of_time_saturates() {
    let config = Config::default().max_lifetime(ms(100)).lifetime_jitter(ms(100));
    let mut rig = Rig::new(config.max_connections_per_key(1));
    rig.at_time(Time(u64::MAX - 1)).request("r1", "a").gives("r1 waits, dial a1");
    rig.sleeps_for_ever();
    rig.dialed("a1").gives("r1 gets a1 (own dial)");
    rig.request("r2", "a").gives("r2 waits");
    rig.returned("a1").gives("r2 gets a1 (returned)");
    rig.returned("a1").gives("park a1");
    rig.sleeps_for_ever();
}

#[test]
fn r12_never_never_comes() {
    let mut rig = Rig::new(Config::default().request_timeout(None).dial_timeout(None).idle_timeout(None));
    rig.park("a", 1);
    rig.request_with("r1", "b", Priority::default(), Some(Time::NEVER)).gives("r1 waits, dial b1");
    rig.sleeps_for_ever().at_time(Time::NEVER).tick().gives_nothing();
    rig.dialed("b1").gives("r1 gets b1 (own dial)");
    rig.request("r2", "a").gives("r2 gets a1 (idle)");
}

#[test]
fn r12_a_config_that_contradicts_itself_is_refused_and_the_field_is_named() {
    let refusal = |config: Config| Pool::<Key>::new(config).err().map(|error| error.to_string());
    let retry = |backoff, backoff_max, attempts| {
        Config::default().dial_failure(latebind::DialFailure::Retry { backoff, backoff_max, attempts })
    };
    let cases = [
        (Config::default().max_connections(0), "max_connections"),
        (Config::default().max_connections_per_key(0), "max_connections_per_key"),
        (Config::default().max_dials(0), "max_dials"),
        (Config::default().max_dials_per_key(0), "max_dials_per_key"),
        (Config::default().max_uses(0), "max_uses"),
        (Config::default().idle_timeout(ms(10)).unused_idle_timeout(ms(11)), "unused_idle_timeout"),
        (Config::default().lifetime_jitter(ms(1)), "lifetime_jitter"),
        (retry(ms(2), ms(1), 1), "backoff_max"),
        (retry(ms(1), ms(2), 0), "attempts"),
    ];
    for (config, field) in cases {
        let told = refusal(config).unwrap_or_default();
        assert!(told.contains(field), "{told:?} does not name {field}");
    }
    let fine = [
        Config::default().idle_timeout(ms(10)).unused_idle_timeout(ms(10)),
        Config::default().idle_timeout(None).unused_idle_timeout(ms(10)),
        Config::default().max_idle(0).max_idle_per_key(0).max_waiters(0).max_waiters_per_key(0),
        retry(ms(1), ms(1), 1),
    ];
    for config in fine {
        assert_eq!(refusal(config), None);
    }
}
