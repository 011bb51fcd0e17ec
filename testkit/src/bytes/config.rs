//! A config as bytes.

use std::time::Duration;

use latebind::{Binding, Config, DialFailure, IdleOrder, Newcomers, Surplus};

use super::{CONFIG, choose, number, number_byte, place};
use crate::rig::ms;

const BINDINGS: [Binding; 2] = [Binding::HeadFirst, Binding::OwnFirst];
const SURPLUSES: [Surplus; 3] = [Surplus::Park, Surplus::Cancel, Surplus::CancelIfShared];
const ORDERS: [IdleOrder; 2] = [IdleOrder::Lifo, IdleOrder::Fifo];
const STARTS: [Option<Newcomers>; 8] =
    [None, None, None, Some(Newcomers::Hold), None, None, None, Some(Newcomers::Refuse)];

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Failure {
    First,
    All,
    Retry,
}

const FAILURES: [Failure; 3] = [Failure::First, Failure::All, Failure::Retry];

/// In which unit a duration is told; a config has far more of the short ones.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Unit {
    Off,
    Endless,
    Millis,
    Seconds,
}

#[rustfmt::skip]
const UNITS: [Unit; 8] = [
    Unit::Off, Unit::Millis, Unit::Millis, Unit::Off, Unit::Millis, Unit::Endless, Unit::Millis, Unit::Seconds,
];

pub(super) fn decode(bytes: [u8; CONFIG]) -> Config {
    let mut rest = bytes.into_iter();
    let mut byte = move || rest.next().expect("as many as a config has");
    let config = Config::default()
        .binding(choose(&BINDINGS, byte()))
        .surplus(choose(&SURPLUSES, byte()))
        .idle_order(choose(&ORDERS, byte()))
        .start_paused(choose(&STARTS, byte()));
    let failure = choose(&FAILURES, byte());
    let attempts = number(byte());
    let config = config
        .max_connections(limit(byte()))
        .max_connections_per_key(limit(byte()))
        .max_dials(limit(byte()))
        .max_dials_per_key(limit(byte()))
        .max_idle(limit(byte()))
        .max_idle_per_key(limit(byte()))
        .max_waiters(limit(byte()))
        .max_waiters_per_key(limit(byte()))
        .max_uses(limit(byte()));
    let mut time = || duration([byte(), byte()]);
    let (backoff, backoff_max) = (time().unwrap_or_default(), time().unwrap_or_default());
    let config = config
        .dial_failure(match failure {
            Failure::First => DialFailure::FailFirst,
            Failure::All => DialFailure::FailAll,
            Failure::Retry => DialFailure::Retry { backoff, backoff_max, attempts },
        })
        .request_timeout(time())
        .dial_timeout(time())
        .check_timeout(time())
        .check_after_idle(time())
        .backup_dial_after(time())
        .dial_delay(time())
        .lease_warn_after(time())
        .idle_timeout(time())
        .unused_idle_timeout(time())
        .max_lifetime(time())
        .lifetime_jitter(time().unwrap_or_default());
    config.seed(u64::from_le_bytes(std::array::from_fn(|_| byte())))
}

pub(super) fn encode(config: &Config) -> [u8; CONFIG] {
    let zero = Duration::ZERO;
    let (failure, backoff, backoff_max, attempts) = match config.dial_failure {
        DialFailure::FailAll => (Failure::All, zero, zero, 0),
        DialFailure::Retry { backoff, backoff_max, attempts } => {
            (Failure::Retry, backoff, backoff_max, attempts)
        }
        _ => (Failure::First, zero, zero, 0),
    };
    let policies = [
        place(&BINDINGS, &config.binding),
        place(&SURPLUSES, &config.surplus),
        place(&ORDERS, &config.idle_order),
        place(&STARTS, &config.start_paused),
        place(&FAILURES, &failure),
        number_byte(attempts),
    ];
    let limits = [
        config.max_connections,
        config.max_connections_per_key,
        config.max_dials,
        config.max_dials_per_key,
        config.max_idle,
        config.max_idle_per_key,
        config.max_waiters,
        config.max_waiters_per_key,
        config.max_uses,
    ];
    let durations = [
        Some(backoff),
        Some(backoff_max),
        config.request_timeout,
        config.dial_timeout,
        config.check_timeout,
        config.check_after_idle,
        config.backup_dial_after,
        config.dial_delay,
        config.lease_warn_after,
        config.idle_timeout,
        config.unused_idle_timeout,
        config.max_lifetime,
        Some(config.lifetime_jitter),
    ];
    let durations = durations.into_iter().flat_map(duration_bytes);
    let bytes = policies.into_iter().chain(limits.map(limit_byte)).chain(durations);
    let bytes: Vec<u8> = bytes.chain(config.seed.to_le_bytes()).collect();
    bytes.try_into().expect("as many as a config has")
}

fn limit(byte: u8) -> Option<u32> {
    number(byte).checked_sub(1)
}

fn limit_byte(limit: Option<u32>) -> u8 {
    limit.map_or(0, |limit| number_byte(limit.saturating_add(1)))
}

fn duration([unit, amount]: [u8; 2]) -> Option<Duration> {
    match choose(&UNITS, unit) {
        Unit::Off => None,
        Unit::Endless => Some(Duration::MAX),
        Unit::Millis => Some(ms(amount.into())),
        Unit::Seconds => Some(Duration::from_secs(amount.into())),
    }
}

fn duration_bytes(duration: Option<Duration>) -> [u8; 2] {
    let (unit, amount) = match duration {
        None => (Unit::Off, 0),
        Some(Duration::MAX) => (Unit::Endless, 0),
        Some(duration) if duration <= ms(255) => (Unit::Millis, duration.as_millis() as u64),
        Some(duration) => (Unit::Seconds, duration.as_millis().div_ceil(1000).min(255) as u64),
    };
    [place(&UNITS, &unit), amount as u8]
}
