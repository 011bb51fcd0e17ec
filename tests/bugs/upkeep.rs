//! Checks, floors and evictions, and what they cost those who wait.

use latebind::{Config, DialFailure};

use crate::of_key;
use latebind_testkit::rig::{Rig, ms};

/// mongodb/mongo-java-driver PR#799: a connection opened by the background fill was kept, while a request waited
/// for a permit to dial.
#[test]
fn b11_a_floors_dial_serves_the_request_that_may_not_dial() {
    let mut rig = Rig::new(Config::default().max_dials(1));
    rig.keep("a", 1).gives("dial a1");
    rig.request("r1", "a").gives("r1 waits");
    rig.dialed("a1").gives("r1 gets a1 (other dial), dial a2"); // The floor is refilled behind it.
    rig.dialed("a2").gives("park a2");
}

/// mongodb/mongo-java-driver PR#799, where the request is held up by a backoff, or by a preconnect's dial.
#[test]
fn b11_or_is_held_up_otherwise() {
    let retry = DialFailure::Retry { backoff: ms(1000), backoff_max: ms(1000), attempts: 9 };
    let mut rig = Rig::new(of_key(2).dial_failure(retry));
    rig.keep("a", 1).gives("dial a1");
    rig.request("r1", "a").gives("r1 waits, dial a2");
    rig.dial_failed("a2").gives_nothing();
    rig.dialed("a1").gives("r1 gets a1 (other dial), dial a3"); // A success ends the backoff, also the floor's.

    let mut rig = Rig::new(of_key(1));
    rig.preconnect("a", 1).gives("dial a1");
    rig.request("r1", "a").gives("r1 waits");
    rig.dialed("a1").gives("r1 gets a1 (other dial)");
}

/// deadpool 0.9.5 (issue #199, commit 7ffa964): a connection that failed its check at checkout was subtracted
/// twice or never, so the limit was exceeded or the count underflowed.
///
/// The report has the next dials at once. Here a connection that failed holds its slot until it is closed (R9).
#[test]
fn b43_connections_that_fail_their_check_are_subtracted_once_each() {
    let mut rig = Rig::new(of_key(2).check_after_idle(ms(10)));
    rig.park("a", 2);
    rig.at(10).request("r1", "a").gives("r1 waits, check a2");
    rig.request("r2", "a").gives("r2 waits, check a1");
    rig.request("r3", "a").gives("r3 waits");
    rig.dead("a2").gives("close a2: check failed");
    rig.dead("a1").gives("close a1: check failed");
    assert_eq!((rig.stats().closing, rig.stats().connections()), (2, 2));
    rig.closed("a2").gives("dial a3");
    rig.closed("a1").gives("dial a4");
    assert_eq!((rig.stats().dialing, rig.stats().connections()), (2, 2));
    rig.dialed("a3").gives("r1 gets a3 (own dial)");
    rig.dialed("a4").gives("r2 gets a4 (own dial)");
    assert_eq!((rig.stats().waiters, rig.stats().connections()), (1, 2));
    rig.returned("a4").gives("r3 gets a4 (returned)");
}

/// deadpool 0.9.5 (issue #199, commit 7ffa964), where the peer closes those that are under check.
#[test]
fn b43_nor_are_they_subtracted_again_when_the_check_ends_late() {
    let mut rig = Rig::new(of_key(2).check_after_idle(ms(10)));
    rig.park("a", 2);
    rig.at(10).request("r1", "a").gives("r1 waits, check a2");
    rig.closed("a2").gives("dial a3, check a1"); // R17: the other one is suspect now, and no cover.
    rig.dead("a2").gives_nothing();
    rig.closed("a2").gives_nothing();
    assert_eq!(rig.stats().connections(), 2);
    rig.dead("a1").gives("close a1: check failed");
    rig.dead("a1").gives_nothing();
    rig.closed("a1").gives_nothing();
    rig.closed("a1").gives_nothing();
    assert_eq!((rig.stats().dialing, rig.stats().connections()), (1, 1));
    rig.request("r2", "a").gives("r2 waits, dial a4");
    rig.request("r3", "a").gives("r3 waits");
}

/// geldata/gel#6799: idle connections of other keys held the whole limit, and a new key waited for ever.
#[test]
fn b69_a_new_key_gets_room_from_the_longest_parked_of_another() {
    let mut rig = Rig::new(Config::default().max_connections(2));
    rig.park("a", 1);
    rig.at(10).park("b", 1);
    rig.request("r1", "c").gives("r1 waits, close a1: evicted");
    rig.request("r2", "c").gives("r2 waits, close b1: evicted");
    rig.closed("a1").gives("dial c1");
    rig.closed("b1").gives("dial c2");
    rig.dialed("c1").gives("r1 gets c1 (own dial)");
}

/// geldata/gel#6799, where all connections are on lease when the new key comes.
#[test]
fn b69_or_from_the_first_that_comes_back() {
    let mut rig = Rig::new(Config::default().max_connections(2));
    rig.lease("r1", "a");
    rig.lease("r2", "b");
    rig.request("r3", "c").gives("r3 waits");
    rig.returned("b1").gives("close b1: evicted");
    rig.returned("a1").gives("park a1"); // Nothing is closed twice for one need.
    rig.closed("b1").gives("dial c1");
}

/// vitessio/vitess#20080: connections that had expired were reopened in the background, which held the slots that
/// requests waited for.
///
/// The report has idle timeouts, which here do not close below a floor (R20); so it is their lifetime that ends.
#[test]
fn b75_a_freed_slot_goes_to_a_request_before_a_floor() {
    let mut rig = Rig::new(Config::default().max_connections(4).max_lifetime(ms(1000)));
    rig.park("a", 4);
    rig.keep("a", 4).gives_nothing();
    rig.at(1000)
        .tick()
        .gives("close a1: lifetime, close a2: lifetime, close a3: lifetime, close a4: lifetime");
    rig.request("r1", "b").gives("r1 waits");
    rig.closed("a1").gives("dial b1");
    rig.request("r2", "a").gives("r2 waits");
    rig.closed("a2").gives("dial a5");
    rig.closed("a3").gives("dial a6");
    rig.dialed("a6").gives("r2 gets a6 (other dial)"); // The floor's dial was the first to end.
    rig.dialed("a5").gives("park a5");
    rig.dialed("b1").gives("r1 gets b1 (own dial)");
}

/// npgsql/npgsql#4373, with the floor that the report has: a failed dial steps over the size at which the timer was
/// armed.
#[test]
fn b97_the_timer_follows_the_state_above_a_floor_too() {
    let off = Config::default().dial_timeout(None).request_timeout(None);
    let mut rig = Rig::new(off);
    rig.keep("a", 1).gives("dial a1");
    rig.dialed("a1").gives("park a1");
    rig.sleeps_for_ever(); // R20: no idle timeout closes it.
    rig.request("r1", "a").gives("r1 gets a1 (idle), dial a2");
    rig.request("r2", "a").gives("r2 waits, dial a3");
    rig.dialed("a3").gives("r2 gets a3 (other dial)");
    rig.dial_failed("a2").gives_nothing();
    rig.at(100).returned("a3").gives("park a3");
    rig.sleeps_for_ever();
    rig.at(200).returned("a1").gives("park a1");
    rig.sleeps_until(90_100).at(90_100).tick().gives("close a3: idle timeout");
    rig.sleeps_for_ever();
}
