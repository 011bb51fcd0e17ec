//! R8: a limit of dials that a key has for itself.

use latebind::{Config, Surplus};
use latebind_testkit::rig::{Rig, ms};

use crate::{of_all, timeless};

fn config() -> Config {
    timeless().max_connections_per_key(None)
}

/// A request whose dial is under way, and the limit behind it.
fn limited_to_one(config: Config) -> Rig {
    let mut rig = Rig::new(config);
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.limit_dials("a", 1).gives_nothing();
    rig
}

#[test]
fn r18_with_a_limit_of_one_all_wait_for_the_dial_that_serves_them() {
    let mut rig = limited_to_one(config());
    rig.request("r2", "a").gives("r2 waits");
    rig.request("r3", "a").gives("r3 waits");
    rig.dialed_shared("a1", 100)
        .gives("r1 gets a1 (own dial), r2 gets a1 (other dial), r3 gets a1 (other dial)");
    assert_eq!(rig.stats().connections(), 1);
}

#[test]
fn r8_when_the_one_dial_is_done_the_next_starts_for_those_who_are_left() {
    let mut rig = limited_to_one(config());
    for name in ["r2", "r3", "r4"] {
        rig.request(name, "a").gives(&format!("{name} waits"));
    }
    rig.dialed("a1").gives("r1 gets a1 (own dial), dial a2");
    rig.dialed_shared("a2", 2).gives("r2 gets a2 (own dial), r3 gets a2 (other dial), dial a3");
}

#[test]
fn r7_a_failed_dial_fails_the_first_waiter_and_the_next_dial_starts() {
    let mut rig = limited_to_one(config());
    rig.request("r2", "a").gives("r2 waits");
    rig.request("r3", "a").gives("r3 waits");
    rig.dial_failed("a1").gives("r1 fails: dial of a1, dial a2");
    rig.dialed_shared("a2", 100).gives("r2 gets a2 (own dial), r3 gets a2 (other dial)");
}

#[test]
fn r8_a_limit_that_is_raised_starts_the_dials_in_the_same_step() {
    let mut rig = limited_to_one(config());
    for name in ["r2", "r3", "r4"] {
        rig.request(name, "a").gives(&format!("{name} waits"));
    }
    rig.limit_dials("a", 3).gives("dial a2, dial a3");
    rig.limit_dials("a", 3).gives_nothing();
}

#[test]
fn r8_the_end_of_the_limit_starts_as_many_as_the_config_lets() {
    let mut rig = limited_to_one(config().max_dials_per_key(3));
    for name in ["r2", "r3", "r4"] {
        rig.request(name, "a").gives(&format!("{name} waits"));
    }
    rig.limit_dials("a", None).gives("dial a2, dial a3");
    rig.dialed("a1").gives("r1 gets a1 (own dial), dial a4");
}

#[test]
fn r8_below_what_is_in_progress_the_limit_is_approached() {
    let mut rig = Rig::new(config());
    for number in 1..=3 {
        rig.request(&format!("r{number}"), "a").gives(&format!("r{number} waits, dial a{number}"));
    }
    rig.limit_dials("a", 1).gives_nothing();
    rig.request("r4", "a").gives("r4 waits");
    rig.dialed("a1").gives("r1 gets a1 (own dial)");
    rig.dialed("a2").gives("r2 gets a2 (own dial)");
    rig.dialed("a3").gives("r3 gets a3 (own dial), dial a4");
}

#[test]
fn r9_a_dial_that_was_told_to_stop_counts() {
    let mut rig = limited_to_one(config().surplus(Surplus::Cancel));
    rig.cancel("r1").gives("stop a1");
    rig.request("r2", "a").gives("r2 waits");
    rig.dial_failed("a1").gives("dial a2");
}

#[test]
fn r8_it_replaces_the_limit_of_all_keys_also_where_it_is_greater() {
    let mut rig = Rig::new(config().max_dials_per_key(1));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("r2", "a").gives("r2 waits");
    rig.limit_dials("a", 2).gives("dial a2");
    rig.request("r3", "b").gives("r3 waits, dial b1");
    rig.request("r4", "b").gives("r4 waits");
    rig.limit_dials("a", None).gives_nothing();
    rig.dialed("a1").gives("r1 gets a1 (own dial)");
    rig.request("r5", "a").gives("r5 waits");
    rig.dialed("a2").gives("r2 gets a2 (own dial), dial a3");
}

#[test]
fn r8_the_other_limits_hold_beside_it() {
    for config in [config().max_dials(2), config().max_connections(2), config().max_connections_per_key(2)] {
        let mut rig = Rig::new(config);
        rig.request("r1", "a").gives("r1 waits, dial a1");
        rig.limit_dials("a", 9).gives_nothing();
        rig.request("r2", "a").gives("r2 waits, dial a2");
        rig.request("r3", "a").gives("r3 waits");
        rig.dial_failed("a1").gives("r1 fails: dial of a1, dial a3");
    }
}

#[test]
fn r21_a_new_config_leaves_it_alone() {
    let mut rig = limited_to_one(config());
    rig.request("r2", "a").gives("r2 waits");
    rig.reconfigure(&config().max_dials_per_key(5)).gives_nothing();
    rig.limit_dials("a", None).gives("dial a2");
}

#[test]
fn i7_it_is_forgotten_with_the_key() {
    let mut rig = limited_to_one(config());
    rig.dial_failed("a1").gives("r1 fails: dial of a1");
    assert_eq!(rig.key_stats("a"), None);
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.request("r3", "a").gives("r3 waits, dial a3");
}

#[test]
fn i7_it_holds_as_long_as_anything_of_the_key_is_left() {
    let mut rig = limited_to_one(config());
    rig.dialed("a1").gives("r1 gets a1 (own dial)");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.request("r3", "a").gives("r3 waits");
}

#[test]
fn r24_of_a_key_that_is_not_known_it_does_nothing() {
    let mut rig = Rig::new(config().request_timeout(ms(50)));
    rig.limit_dials("a", 1).gives_nothing();
    assert_eq!(rig.key_stats("a"), None);
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    // But time passes, as with every event.
    rig.at(50).limit_dials("b", 1).gives("r1 fails: timeout, r2 fails: timeout");
}

#[test]
fn i7_of_a_key_that_ends_with_the_passing_of_time_it_does_nothing() {
    let mut rig = Rig::new(config().max_dials(1).request_timeout(ms(50)));
    rig.request("r1", "b").gives("r1 waits, dial b1");
    rig.at(10).request("r2", "a").gives("r2 waits");
    rig.at(60).limit_dials("a", 1).gives("r1 fails: timeout, r2 fails: timeout");
    assert_eq!(rig.key_stats("a"), None);
    rig.dialed("b1").gives("park b1");
    rig.reconfigure(&config()).gives_nothing();
    rig.request("r3", "a").gives("r3 waits, dial a1");
    rig.request("r4", "a").gives("r4 waits, dial a2");
}

#[test]
fn r10_no_more_room_is_made_for_the_key_than_it_may_use() {
    let mut rig = Rig::new(of_all(3));
    rig.park("b", 2);
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.limit_dials("a", 1).gives_nothing();
    rig.request("r2", "a").gives("r2 waits");
    rig.request("r3", "a").gives("r3 waits");
    rig.limit_dials("a", 2).gives("close b1: evicted");
    rig.closed("b1").gives("dial a2");
}

#[test]
fn r10_room_that_a_limited_key_cannot_use_goes_to_the_next() {
    let mut rig = Rig::new(of_all(2));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.limit_dials("a", 1).gives_nothing();
    rig.request("r2", "b").gives("r2 waits, dial b1");
    rig.request("r3", "a").gives("r3 waits");
    rig.request("r4", "b").gives("r4 waits");
    rig.dial_failed("b1").gives("r2 fails: dial of b1, dial b2");
}

#[test]
fn r13_a_backup_waits_until_the_limit_lets_it_start() {
    let mut rig = limited_to_one(config().backup_dial_after(ms(250)));
    rig.at(250).tick().gives_nothing();
    rig.at(300).limit_dials("a", 2).gives("dial a2");
    rig.dialed("a2").gives("r1 gets a2 (own dial)");
}

#[test]
fn r20_a_floor_is_refilled_no_faster_than_the_limit_lets() {
    let mut rig = Rig::new(config());
    rig.keep("a", 1).gives("dial a1");
    rig.limit_dials("a", 1).gives_nothing();
    rig.keep("a", 3).gives_nothing();
    rig.dialed("a1").gives("park a1, dial a2");
    rig.limit_dials("a", None).gives("dial a3");
}

#[test]
fn r20_a_preconnect_is_cut_to_the_limit() {
    let mut rig = limited_to_one(config());
    rig.preconnect("a", 3).gives_nothing();
    rig.dialed("a1").gives("r1 gets a1 (own dial)");
    rig.preconnect("a", 3).gives("dial a2");
    rig.dialed("a2").gives("park a2");
}

#[test]
fn r20_a_lower_limit_drops_preconnects_that_wait_for_room() {
    let mut rig = Rig::new(of_all(3));
    rig.park("b", 3);
    rig.preconnect("a", 2).gives("close b1: evicted, close b2: evicted");
    rig.limit_dials("a", 1).gives_nothing();
    rig.closed("b1").gives("dial a1");
    rig.closed("b2").gives_nothing();
}

#[test]
fn r19_it_lasts_through_a_pause_and_a_new_generation() {
    let mut rig = limited_to_one(config());
    rig.request("r2", "a").gives("r2 waits");
    rig.pause().gives_nothing();
    rig.limit_dials("a", 2).gives_nothing();
    rig.limit_dials("a", 1).gives_nothing();
    rig.resume().gives_nothing();
    rig.clear("a").gives("stop a1");
    rig.dial_failed("a1").gives("dial a2");
}
