//! Any bytes as a config whose every field may have any value that its type has.

use std::time::Duration;

use latebind::{Binding, Config, DialFailure, IdleOrder, Newcomers, Surplus};

/// How a number is told, and the eight bytes of it.
const FIELD: usize = 9;

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    /// The next byte, 0 at the end.
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    fn field(&mut self) -> [u8; FIELD] {
        std::array::from_fn(|_| self.byte())
    }

    fn limit(&mut self) -> Option<u32> {
        let [how, number @ ..] = self.field();
        let number = u64::from_le_bytes(number);
        match how % 4 {
            0 => None,
            1 => Some(number as u32),
            2 => Some(number as u32 % 8),
            _ => Some(u32::MAX - number as u32 % 8),
        }
    }

    fn duration(&mut self) -> Option<Duration> {
        let [how, number @ ..] = self.field();
        let number = u64::from_le_bytes(number);
        match how % 8 {
            0 | 1 => None,
            2 => Some(Duration::MAX),
            3 => Some(Duration::from_nanos(number)),
            4 => Some(Duration::from_secs(number)),
            5 => Some(Duration::from_nanos(u64::MAX) + Duration::from_nanos(number % 4)),
            6 => Some(Duration::from_nanos(number % 4)),
            _ => Some(Duration::from_millis(number % 256)),
        }
    }
}

/// Reads any bytes as a config; what is missing at the end is taken as zeros.
pub fn decode(bytes: &[u8]) -> Config {
    let mut read = Reader(bytes);
    let policies = read.byte();
    let config = Config::default()
        .binding(if policies & 1 == 0 { Binding::HeadFirst } else { Binding::OwnFirst })
        .surplus(match policies & 0x82 {
            0 => Surplus::Park,
            2 => Surplus::Cancel,
            _ => Surplus::CancelIfShared,
        })
        .idle_order(if policies & 4 == 0 { IdleOrder::Lifo } else { IdleOrder::Fifo })
        .start_paused(match policies >> 3 & 3 {
            0 => Some(Newcomers::Hold),
            1 => Some(Newcomers::Refuse),
            _ => None,
        })
        .seed(u64::from_le_bytes(std::array::from_fn(|_| read.byte())))
        .max_connections(read.limit())
        .max_connections_per_key(read.limit())
        .max_dials(read.limit())
        .max_dials_per_key(read.limit())
        .max_idle(read.limit())
        .max_idle_per_key(read.limit())
        .max_waiters(read.limit())
        .max_waiters_per_key(read.limit())
        .max_uses(read.limit())
        .request_timeout(read.duration())
        .dial_timeout(read.duration())
        .check_timeout(read.duration())
        .check_after_idle(read.duration())
        .backup_dial_after(read.duration())
        .dial_delay(read.duration())
        .lease_warn_after(read.duration())
        .idle_timeout(read.duration())
        .unused_idle_timeout(read.duration())
        .max_lifetime(read.duration())
        .lifetime_jitter(read.duration().unwrap_or_default());
    config.dial_failure(match policies >> 5 & 3 {
        0 => DialFailure::FailFirst,
        1 => DialFailure::FailAll,
        _ => DialFailure::Retry {
            backoff: read.duration().unwrap_or_default(),
            backoff_max: read.duration().unwrap_or_default(),
            attempts: read.limit().unwrap_or_default(),
        },
    })
}

/// Bytes that say that config, for the seed corpus; durations in nanoseconds.
pub fn encode(config: &Config) -> Vec<u8> {
    let mut policies = u8::from(config.binding == Binding::OwnFirst);
    policies |= match config.surplus {
        Surplus::Cancel => 2,
        Surplus::CancelIfShared => 0x80,
        _ => 0,
    };
    policies |= u8::from(config.idle_order == IdleOrder::Fifo) << 2;
    policies |= match config.start_paused {
        Some(Newcomers::Hold) => 0,
        Some(_) => 1 << 3,
        None => 2 << 3,
    };
    let retry = match config.dial_failure {
        DialFailure::FailAll => (1, None),
        DialFailure::Retry { backoff, backoff_max, attempts } => (2, Some((backoff, backoff_max, attempts))),
        _ => (0, None),
    };
    policies |= retry.0 << 5;
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
    let mut bytes = vec![policies];
    bytes.extend(config.seed.to_le_bytes());
    bytes.extend(limits.into_iter().flat_map(limit));
    bytes.extend(durations.into_iter().flat_map(duration));
    if let Some((backoff, backoff_max, attempts)) = retry.1 {
        bytes.extend([Some(backoff), Some(backoff_max)].into_iter().flat_map(duration));
        bytes.extend(limit(Some(attempts)));
    }
    bytes
}

fn field(how: u8, number: u64) -> Vec<u8> {
    [how].into_iter().chain(number.to_le_bytes()).collect()
}

fn limit(limit: Option<u32>) -> Vec<u8> {
    limit.map_or_else(|| field(0, 0), |limit| field(1, limit.into()))
}

fn duration(duration: Option<Duration>) -> Vec<u8> {
    match duration {
        None => field(0, 0),
        Some(duration) => match u64::try_from(duration.as_nanos()) {
            Ok(nanoseconds) => field(3, nanoseconds),
            Err(_) => field(2, 0),
        },
    }
}
