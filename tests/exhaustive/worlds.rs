//! The worlds: small, and each with the rules in it that meet each other.

use std::time::Duration;

use latebind::{Binding, Config, DialFailure, IdleOrder, Surplus};
use latebind_testkit::rig::Key;

use crate::events::Alphabet;
use crate::search::World;

/// How many states a world is explored to, unless `LATEBIND_STATES` says otherwise: seconds, with and without
/// optimizations.
const MOST_STATES: usize = if cfg!(debug_assertions) { 500 } else { 30_000 };

const ONE: &[Key] = &["a"];
const TWO: &[Key] = &["a", "b"];

/// One nanosecond, the step of the clock, times `n`.
fn steps(n: u64) -> Duration {
    Duration::from_nanos(n)
}

/// At most so many connections in all, and of a key; no durations.
fn limits(all: u32, of_key: u32) -> Config {
    Config::default()
        .max_connections(all)
        .max_connections_per_key(of_key)
        .request_timeout(None)
        .dial_timeout(None)
        .check_timeout(None)
        .idle_timeout(None)
}

fn explore(name: &'static str, config: Config, alphabet: Alphabet) {
    let most = std::env::var("LATEBIND_STATES").ok().map_or(MOST_STATES, |states| {
        states.parse().unwrap_or_else(|_| panic!("LATEBIND_STATES is a number of states, not {states:?}"))
    });
    let world = World { name, config, alphabet };
    match world.explore(most) {
        Ok(explored) => println!(
            "{:>9} states {:>11} transitions, depth {:>3}{}: {name}",
            explored.states,
            explored.transitions,
            explored.depth,
            if explored.is_cut { ", more to see" } else { ", all" },
        ),
        Err(broken) => panic!("{broken}"),
    }
}

/// Two keys, three waiters, and what every pool has.
fn usual() -> Alphabet {
    Alphabet { keys: TWO, waiters: 3, capacities: &[1], ..Alphabet::default() }
}

macro_rules! worlds {
    ($($test:ident: $name:literal, $config:expr, $alphabet:expr;)*) => {
        $(#[test]
        fn $test() {
            explore($name, $config, $alphabet);
        })*
    };
}

worlds! {
    late_binding: "late binding over two keys (R1 to R7, R10)",
        limits(3, 2), Alphabet { waiters: 4, stale: true, ..usual() };
    few_dials: "few dials at a time (R8)",
        limits(3, 2).max_dials(2).max_dials_per_key(1), Alphabet { waiters: 4, ..usual() };
    dial_limits: "a limit of dials for one key (R8)",
        limits(3, 2).max_dials_per_key(1), Alphabet { dial_limits: &[0, 2], ..usual() };
    dial_limits_shared: "a limit of dials beside shared connections and floors (R8, R18, R20)",
        limits(3, 3),
        Alphabet { keys: ONE, capacities: &[1, 2], floors: &[0, 2], dial_limits: &[0, 1], ..usual() };
    own_first: "a finished dial belongs to its request (R3)",
        limits(3, 3).binding(Binding::OwnFirst), Alphabet { keys: ONE, waiters: 4, fatal: true, ..usual() };
    surplus_is_cancelled: "surplus dials are cancelled (R5)",
        limits(3, 2).surplus(Surplus::Cancel), usual();
    surplus_is_cancelled_if_shared: "surplus dials are cancelled beside shared connections (R5, R18)",
        limits(3, 3).surplus(Surplus::CancelIfShared),
        Alphabet { keys: ONE, capacities: &[0, 1, 2], draining: true, ..usual() };
    all_fail: "a failed dial fails all (R7)",
        limits(3, 2).dial_failure(DialFailure::FailAll), Alphabet { fatal: true, ..usual() };
    backoff: "failed dials are retried (R7)",
        limits(3, 2).dial_failure(DialFailure::Retry {
            backoff: steps(1), backoff_max: steps(2), attempts: 2,
        }),
        Alphabet { waiters: 2, clock: true, fatal: true, ..usual() };
    timeouts: "everything times out (R12)",
        limits(3, 2).request_timeout(steps(2)).dial_timeout(steps(1)).idle_timeout(steps(2))
            .unused_idle_timeout(steps(1)),
        Alphabet { waiters: 2, clock: true, deadlines: &[1], ..usual() };
    lifetimes: "connections grow old, and wear out (R12)",
        limits(3, 2).max_lifetime(steps(2)).max_uses(2).idle_order(IdleOrder::Fifo),
        Alphabet { waiters: 2, clock: true, stale: true, ..usual() };
    priorities: "priorities (R2)",
        limits(2, 1), Alphabet { levels: &[2, 5], stale: true, ..usual() };
    idle_limits: "few may be parked (R11)",
        limits(3, 2).max_idle(1).max_idle_per_key(1), usual();
    shared: "shared connections (R18)",
        limits(3, 3), Alphabet { keys: ONE, capacities: &[0, 1, 2], draining: true, stale: true, ..usual() };
    shared_room: "shared connections of two keys (R10, R18)",
        limits(2, 2), Alphabet { capacities: &[1, 2], ..usual() };
    checks: "checks and suspects (R16, R17)",
        limits(3, 3).check_after_idle(steps(1)).check_timeout(steps(2)),
        Alphabet { keys: ONE, waiters: 3, clock: true, stale: true, ..usual() };
    checks_of_two: "checks of two keys' connections (R10, R16)",
        limits(2, 2).check_after_idle(steps(1)), Alphabet { waiters: 2, clock: true, ..usual() };
    backups: "backups and held dials (R13, R14)",
        limits(4, 4).backup_dial_after(steps(1)).dial_delay(steps(1)),
        Alphabet { keys: ONE, waiters: 3, clock: true, ..usual() };
    held_dials_beside_preconnects: "a more urgent waiter holds the dial of an older one, and a preconnect waits (R2, R14, R20)",
        limits(2, 3).dial_delay(steps(2)),
        Alphabet { waiters: 2, clock: true, levels: &[2, 5], preconnects: &[1], ..usual() };
    backups_need_room: "backups among two keys (R10, R13)",
        limits(3, 2).backup_dial_after(steps(1)), Alphabet { waiters: 2, clock: true, ..usual() };
    floors: "floors and preconnects (R20)",
        limits(2, 2), Alphabet { waiters: 2, floors: &[0, 1], preconnects: &[2], ..usual() };
    floors_time_out: "floors under an idle timeout (R12, R20)",
        limits(2, 2).idle_timeout(steps(1)),
        Alphabet { keys: ONE, waiters: 2, clock: true, floors: &[0, 1], preconnects: &[2], ..usual() };
    generations: "generations (R19)",
        limits(3, 2), Alphabet { waiters: 2, clear: true, ..usual() };
    pauses: "pauses (R19)",
        limits(2, 2).request_timeout(steps(2)),
        Alphabet { waiters: 2, clock: true, pause: true, clear: true, ..usual() };
    shutdown: "the end (R21)",
        limits(3, 2).lease_warn_after(steps(1)),
        Alphabet { waiters: 2, clock: true, draining: true, shutdown: true, ..usual() };
    new_limits: "limits change (R21)",
        limits(3, 2),
        Alphabet { waiters: 2, configs: vec![limits(1, 1), limits(3, 2), limits(2, 1).max_idle(0)], ..usual() };
    new_durations: "durations change (R21)",
        limits(2, 2).idle_timeout(steps(2)),
        Alphabet {
            waiters: 2, clock: true,
            configs: vec![limits(2, 2), limits(2, 2).idle_timeout(steps(1)).dial_timeout(steps(1))],
            ..usual()
        };
}
