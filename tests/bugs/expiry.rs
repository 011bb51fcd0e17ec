//! Lifetimes, idle timeouts, stale connections and the timers for them.

use std::time::Duration;

use latebind::{Config, Time};

use crate::of_key;
use latebind_testkit::rig::{Rig, ms};

/// jackc/pgx, commit 29ad306e: jitter was drawn anew at every check, so the least draw won.
#[test]
fn b79_jitter_is_drawn_once_and_spreads_the_ends() {
    let config = Config::default().idle_timeout(None).max_lifetime(ms(100_000)).lifetime_jitter(ms(50_000));
    let mut rig = Rig::new(config);
    rig.park("a", 10);
    let mut closed = Vec::new();
    for second in (0..=150).map(|second| second * 1000) {
        let before = rig.stats().closing;
        let _ = rig.at(second).tick();
        closed.extend((before..rig.stats().closing).map(|_| second));
    }
    assert_eq!(closed.len(), 10);
    assert!(closed.iter().all(|second| (100_000..=150_000).contains(second)), "{closed:?}");
    let early = closed.iter().filter(|&&second| second <= 110_000).count();
    assert!(early < 8, "they end together: {closed:?}");
    assert!(
        closed.last().zip(closed.first()).is_some_and(|(last, first)| last - first > 10_000),
        "{closed:?}"
    );
}

/// golang/go#32530: what was handed over directly bypassed the check of its age.
///
/// The report wants the next dial in the same step. Here the closing connection holds its slot (R9).
#[test]
fn b81_age_is_checked_on_every_path_to_a_delivery() {
    let mut rig = Rig::new(of_key(1).max_lifetime(ms(10_000)));
    rig.lease("r1", "a");
    rig.request("r2", "a").gives("r2 waits");
    rig.at(20_000).returned("a1").gives("close a1: lifetime");
    rig.closed("a1").gives("dial a2");
    rig.dialed("a2").gives("r2 gets a2 (own dial)");
}

/// hyperium/hyper PR#2585: "there is a connection" kept a shared key from dialing, though it was closed.
#[test]
fn b83_a_closed_shared_connection_is_dialed_for_again() {
    let mut rig = Rig::new(of_key(1));
    rig.lease_shared("r0", "a", 100);
    rig.returned("a1").gives("park a1");
    rig.request("r1", "a").gives("r1 gets a1 (idle)");
    rig.closed("a1").gives_nothing(); // The adapter finds it closed, and r1 asks again.
    rig.request("r1", "a").gives("r1 waits, dial a2");
}

/// golang/go#39752: a draining connection without streams was dropped from the pool, but never closed.
#[test]
fn b85_a_draining_connection_that_is_idle_closes() {
    let mut rig = Rig::new(Config::default());
    rig.lease_shared("r1", "a", 100);
    rig.returned("a1").gives("park a1");
    rig.draining("a1").gives("close a1: draining");
    assert_eq!(rig.stats().connections(), 1);
    rig.closed("a1").gives_nothing();
    assert_eq!(rig.stats().connections(), 0);
}

/// hyperium/hyper, commit c88011da: a connection was used again while its last exchange still wrote.
///
/// When an exchange is over is the adapter's knowledge; the pool takes one return for each lease.
#[test]
fn b87_one_return_for_each_lease() {
    let mut rig = Rig::new(of_key(1));
    rig.lease("r1", "a");
    rig.request("r2", "a").gives("r2 waits");
    rig.returned("a1").gives("r2 gets a1 (returned)");
    rig.returned("a1").gives("park a1");
    rig.returned("a1").gives_misuse("not leased: a1");
}

/// cloudflare/pingora, commit e990a04: without an idle timeout nobody noticed that a connection closed.
#[test]
fn b89_a_closed_connection_is_removed_whatever_the_config() {
    let mut rig = Rig::new(Config::default().idle_timeout(None));
    rig.park("a", 1);
    rig.closed("a1").gives_nothing();
    rig.request("r1", "a").gives("r1 waits, dial a2");
}

/// hyperium/hyper#1215: "now less the timeout" underflowed soon after the start.
#[test]
fn b91_the_clock_may_start_at_zero() {
    let mut rig = Rig::new(Config::default().idle_timeout(Duration::from_secs(90)));
    rig.at(1000);
    rig.lease("r0", "a");
    rig.returned("a1").gives("park a1");
    rig.tick().gives_nothing();
    rig.request("r1", "a").gives("r1 gets a1 (idle)");
}

/// HTTPCORE-754 (apache/httpcomponents-core, commit 0b126eef): a timeout that was off expired at once.
#[test]
fn b93_what_is_off_does_not_expire() {
    let off = of_key(1).request_timeout(None).dial_timeout(None).idle_timeout(None).max_lifetime(None);
    let mut rig = Rig::new(off);
    rig.lease("r1", "a");
    rig.request("r2", "a").gives("r2 waits");
    rig.sleeps_for_ever().tick().gives_nothing();
    rig.at_time(Time(u64::MAX / 2)).tick().gives_nothing();
    rig.returned("a1").gives("r2 gets a1 (returned)");
    rig.returned("a1").gives("park a1");
    rig.sleeps_for_ever();
}

/// aio-libs/aiohttp#3296: after the pool had once been empty, the timer was never armed again.
#[test]
fn b95_the_timer_is_armed_again_after_it_has_fired() {
    let mut rig = Rig::new(Config::default());
    rig.park("a", 1);
    rig.sleeps_until(90_000).at(90_000).tick().gives("close a1: idle timeout");
    rig.sleeps_for_ever();
    rig.closed("a1").gives_nothing();
    rig.lease("r2", "a");
    rig.returned("a2").gives("park a2");
    rig.sleeps_until(180_000).at(180_000).tick().gives("close a2: idle timeout");
}

/// npgsql/npgsql#4373: a timer armed at one exact count was missed when a failed dial stepped over it.
///
/// The report has a floor of one connection; the timer must follow the state without one as well.
#[test]
fn b97_the_timer_follows_the_state_and_not_its_edges() {
    let mut rig = Rig::new(Config::default().dial_timeout(None).request_timeout(None));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.dialed("a2").gives("r1 gets a2 (other dial)");
    rig.dial_failed("a1").gives("dial a3"); // R7: r2 was not there when that dial started.
    rig.dial_failed("a3").gives("r2 fails: dial of a3");
    rig.sleeps_for_ever();
    rig.at(1000).returned("a2").gives("park a2");
    rig.sleeps_until(91_000);
    rig.park("b", 1);
    rig.closed("b1").gives_nothing();
    rig.sleeps_until(91_000);
}
