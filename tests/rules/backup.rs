//! R13: a backup dial for a waiter whose dial takes long.

use latebind::{Binding, Config, Surplus};

use crate::timeless;
use latebind_testkit::rig::{Rig, ms};

/// A backup after 250 ms; no other durations.
fn backing() -> Config {
    timeless().backup_dial_after(ms(250))
}

#[test]
fn r13_a_waiter_gets_one_more_dial_when_its_dial_takes_long() {
    let mut rig = Rig::new(backing());
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.sleeps_until(250).just_before(250).tick().gives_nothing();
    rig.at(250).tick().gives("dial a2");
    rig.sleeps_for_ever();
}

#[test]
fn r13_once() {
    let mut rig = Rig::new(backing());
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.at(250).tick().gives("dial a2");
    rig.sleeps_for_ever().at(500).tick().gives_nothing();
    rig.at(5000).tick().gives_nothing();
    rig.dial_failed("a2").gives_nothing(); // Not even when the backup has failed.
    rig.sleeps_for_ever().at(9000).tick().gives_nothing();
}

#[test]
fn r13_off_by_default() {
    let mut rig = Rig::new(timeless());
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.sleeps_for_ever();
}

#[test]
fn r13_the_backup_belongs_to_its_waiter() {
    for binding in [Binding::HeadFirst, Binding::OwnFirst] {
        let mut rig = Rig::new(backing().binding(binding));
        rig.request("r1", "a").gives("r1 waits, dial a1");
        rig.at(250).tick().gives("dial a2");
        rig.dialed("a2").gives("r1 gets a2 (own dial)");
        rig.dialed("a1").gives("park a1");
    }
}

#[test]
fn r13_the_first_dial_may_win_all_the_same_and_the_backup_is_surplus() {
    let mut rig = Rig::new(backing());
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.at(250).tick().gives("dial a2");
    rig.dialed("a1").gives("r1 gets a1 (own dial)");
    rig.dialed("a2").gives("park a2");
}

#[test]
fn r13_a_young_waiter_gets_none() {
    let mut rig = Rig::new(backing());
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.at(200).request("r2", "a").gives("r2 waits, dial a2"); // Now the newest dial is young.
    rig.sleeps_until(450).at(250).tick().gives_nothing();
    rig.at(450).tick().gives("dial a3"); // For r1, which has waited longest.
    rig.sleeps_until(700);
}

#[test]
fn r13_a_waiter_covered_by_an_old_dial_must_be_old_itself() {
    let mut rig = Rig::new(backing());
    rig.request("gone", "a").gives("gone waits, dial a1");
    rig.cancel("gone").gives_nothing();
    rig.at(240).request("r1", "a").gives("r1 waits"); // A hung dial counts as cover.
    rig.sleeps_until(490).at(250).tick().gives_nothing();
    rig.at(490).tick().gives("dial a2");
    rig.dialed("a2").gives("r1 gets a2 (own dial)");
}

#[test]
fn r13_the_newest_dial_decides_and_one_that_was_told_to_stop_does_not() {
    let mut rig = Rig::new(backing().dial_timeout(ms(300)));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.at(50).request("r2", "a").gives("r2 waits, dial a2");
    rig.sleeps_until(300).at(300).tick().gives("stop a1, r1 fails: dial timeout of a1, dial a3");
}

#[test]
fn r13_each_waiter_gets_its_own() {
    let mut rig = Rig::new(backing());
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("r2", "a").gives("r2 waits, dial a2");
    rig.at(250).tick().gives("dial a3"); // Now the newest dial is young.
    rig.sleeps_until(500).at(500).tick().gives("dial a4");
    rig.sleeps_for_ever();
}

#[test]
fn r13_nobody_waits_nobody_gets_one() {
    let mut rig = Rig::new(backing());
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.cancel("r1").gives_nothing();
    rig.sleeps_for_ever().at(250).tick().gives_nothing();
}

#[test]
fn r13_it_never_evicts_and_is_tried_again_when_room_comes() {
    let mut rig = Rig::new(backing().max_connections(2).max_connections_per_key(None));
    rig.park("b", 1);
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.at(250).tick().gives_nothing();
    rig.sleeps_for_ever();
    rig.at(300).closed("b1").gives("dial a2");
}

#[test]
fn r13_it_keeps_to_every_limit() {
    let limits = [
        backing().max_connections(1),
        backing().max_connections_per_key(1),
        backing().max_dials(1),
        backing().max_dials_per_key(1),
    ];
    for config in limits {
        let mut rig = Rig::new(config);
        rig.request("r1", "a").gives("r1 waits, dial a1");
        rig.at(250).tick().gives_nothing();
        rig.sleeps_for_ever();
        rig.reconfigure(&backing()).gives("dial a2");
    }
}

#[test]
fn r13_a_waiter_without_cover_comes_before_a_backup() {
    let mut rig = Rig::new(backing().max_connections(2).max_connections_per_key(None));
    rig.lease("r0", "b");
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.at(250).tick().gives_nothing();
    rig.at(260).request("r2", "c").gives("r2 waits");
    rig.closed("b1").gives("dial c1");
}

#[test]
fn r13_a_backup_is_cover_like_any_dial() {
    let mut rig = Rig::new(backing());
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.at(250).tick().gives("dial a2");
    rig.request("r2", "a").gives("r2 waits"); // Two waiters, two dials.
    rig.dialed("a1").gives("r1 gets a1 (own dial)");
    rig.dialed("a2").gives("r2 gets a2 (other dial)");
}

#[test]
fn r5_r13_surplus_is_cancelled_but_not_the_backup_of_a_waiter() {
    let mut rig = Rig::new(backing().surplus(Surplus::Cancel));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.at(250).tick().gives("dial a2");
    rig.tick().gives_nothing();
    rig.dialed("a2").gives("r1 gets a2 (own dial), stop a1");
}

#[test]
fn r5_r13_the_backup_of_a_waiter_that_has_gone_is_cancelled_as_any_surplus() {
    let mut rig = Rig::new(backing().surplus(Surplus::Cancel));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.at(250).tick().gives("dial a2");
    rig.cancel("r1").gives("stop a2, stop a1");
}

#[test]
fn r7_r13_a_failed_first_dial_fails_nobody_whom_the_backup_covers() {
    for binding in [Binding::HeadFirst, Binding::OwnFirst] {
        let mut rig = Rig::new(backing().binding(binding));
        rig.request("r1", "a").gives("r1 waits, dial a1");
        rig.at(250).tick().gives("dial a2");
        rig.dial_failed("a1").gives_nothing();
        rig.dial_failed("a2").gives("r1 fails: dial of a2");
    }
}

#[test]
fn r13_with_zero_the_backup_starts_at_once() {
    let mut rig = Rig::new(timeless().backup_dial_after(ms(0)));
    rig.request("r1", "a").gives("r1 waits, dial a1, dial a2");
}

#[test]
fn r13_a_reconfigured_duration_applies_to_those_who_wait() {
    let mut rig = Rig::new(timeless());
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.at(100).reconfigure(&backing()).gives_nothing();
    rig.sleeps_until(250).at(250).tick().gives("dial a2");
}
