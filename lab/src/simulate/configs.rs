//! Configs of all sorts: tight in small worlds, wider in large ones.

use std::time::Duration;

use latebind::{Binding, Config, DialFailure, IdleOrder, Newcomers, Pool, Surplus};

use super::draw::{Draw, MICRO, MILLI};
use super::key::Key;

fn limit(draw: &mut Draw, off: u32, least: u32, most: u32) -> Option<u32> {
    (!draw.chance(off)).then(|| draw.count(least, most))
}

/// A duration that is off so many times in a thousand, and sometimes zero or without end.
fn duration(draw: &mut Draw, off: u32, least: u64, most: u64) -> Option<Duration> {
    if draw.chance(off) {
        return None;
    }
    Some(match draw.between(0, 29) {
        0 => Duration::ZERO,
        1 => Duration::MAX,
        _ => Duration::from_nanos(draw.scale(least, most)),
    })
}

/// Often without end: then suspects alone are checked (R17).
fn check_after_idle(draw: &mut Draw) -> Option<Duration> {
    if draw.chance(250) { Some(Duration::MAX) } else { duration(draw, 400, MILLI / 4, 50 * MILLI) }
}

fn dial_failure(draw: &mut Draw) -> DialFailure {
    match draw.between(0, 4) {
        0 | 1 => DialFailure::FailFirst,
        2 => DialFailure::FailAll,
        _ => {
            let backoff = Duration::from_nanos(draw.scale(100 * MICRO, 50 * MILLI));
            DialFailure::Retry {
                backoff,
                backoff_max: backoff * draw.count(1, 16),
                attempts: draw.count(1, 5),
            }
        }
    }
}

/// What a pool of a small or a large world begins with.
pub fn draw(draw: &mut Draw, is_large: bool) -> Config {
    let scale = if is_large { 30 } else { 1 };
    let config = policies(draw);
    let config = durations(draw, config);
    let config = limits(draw, config, scale);
    // What contradicts itself is for `Reconfigure`; see `contradictory`.
    if Pool::<Key>::new(config.clone()).is_ok() {
        return config;
    }
    config.unused_idle_timeout(None).lifetime_jitter(Duration::ZERO)
}

fn policies(draw: &mut Draw) -> Config {
    let starts = draw.between(0, 19);
    Config::default()
        .binding(draw.one_of(&[Binding::HeadFirst, Binding::OwnFirst]))
        .surplus(draw.one_of(&[Surplus::Park, Surplus::Cancel, Surplus::CancelIfShared]))
        .idle_order(draw.one_of(&[IdleOrder::Lifo, IdleOrder::Fifo]))
        .dial_failure(dial_failure(draw))
        .start_paused(match starts {
            0 => Some(Newcomers::Hold),
            1 => Some(Newcomers::Refuse),
            _ => None,
        })
        .seed(draw.any())
}

fn durations(draw: &mut Draw, config: Config) -> Config {
    config
        .request_timeout(duration(draw, 250, MILLI, 500 * MILLI))
        .dial_timeout(duration(draw, 250, MILLI, 200 * MILLI))
        .check_timeout(duration(draw, 250, MILLI / 2, 50 * MILLI))
        .check_after_idle(check_after_idle(draw))
        .backup_dial_after(duration(draw, 600, MILLI / 2, 50 * MILLI))
        .dial_delay(duration(draw, 700, MILLI / 4, 20 * MILLI))
        .lease_warn_after(duration(draw, 500, MILLI, 100 * MILLI))
        .idle_timeout(duration(draw, 250, MILLI, 200 * MILLI))
        .unused_idle_timeout(duration(draw, 600, MILLI, 50 * MILLI))
        .max_lifetime(duration(draw, 600, 5 * MILLI, 400 * MILLI))
        .lifetime_jitter(duration(draw, 700, MILLI, 100 * MILLI).unwrap_or_default())
}

fn limits(draw: &mut Draw, config: Config, scale: u32) -> Config {
    config
        .max_connections(limit(draw, 150, 1, 5 * scale))
        .max_connections_per_key(limit(draw, 300, 1, 3 * scale))
        .max_dials(limit(draw, 600, 1, 3 * scale))
        .max_dials_per_key(limit(draw, 600, 1, 2 * scale))
        .max_idle(limit(draw, 500, 0, 4 * scale))
        .max_idle_per_key(limit(draw, 500, 0, 3 * scale))
        .max_waiters(limit(draw, 750, 0, 10 * scale))
        .max_waiters_per_key(limit(draw, 800, 0, 6 * scale))
        .max_uses(limit(draw, 700, 1, 5))
}

/// Some fields of a config are drawn anew.
pub fn redraw(draw: &mut Draw, config: &Config, is_large: bool) -> Config {
    let other = self::draw(draw, is_large);
    let config = config.clone();
    let config = match draw.between(0, 3) {
        0 => return other,
        1 => config
            .max_connections(other.max_connections)
            .max_connections_per_key(other.max_connections_per_key),
        2 => {
            config.max_idle(other.max_idle).max_idle_per_key(other.max_idle_per_key).max_uses(other.max_uses)
        }
        _ => config.check_after_idle(other.check_after_idle).dial_timeout(other.dial_timeout),
    };
    config.max_waiters(other.max_waiters)
}

/// The config with a contradiction in it.
pub fn contradictory(draw: &mut Draw, config: Config) -> Config {
    match draw.between(0, 3) {
        0 => config.max_connections(0),
        1 => config.max_uses(0),
        2 => config.idle_timeout(Duration::ZERO).unused_idle_timeout(Duration::from_nanos(1)),
        _ => config.max_lifetime(None).lifetime_jitter(Duration::from_nanos(1)),
    }
}
