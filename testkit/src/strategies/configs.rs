//! Configs of all sorts: tight limits, and durations from nothing to centuries.

use std::time::Duration;

use latebind::{Binding, Config, DialFailure, IdleOrder, Newcomers, Pool, Surplus};
use proptest::prelude::*;

use crate::rig::ms;

fn limit(least: u32, most: u32) -> impl Strategy<Value = Option<u32>> {
    prop_oneof![1 => Just(None), 2 => (least..=most).prop_map(Some)]
}

fn duration() -> impl Strategy<Value = Option<Duration>> {
    prop_oneof![
        3 => Just(None),
        8 => (1..40u64).prop_map(|milliseconds| Some(ms(milliseconds))),
        1 => Just(Some(Duration::ZERO)),
        1 => Just(Some(Duration::MAX)),
    ]
}

fn failure() -> impl Strategy<Value = DialFailure> {
    let retry = (0..20u64, 0..60u64, 1..4u32).prop_map(|(backoff, more, attempts)| DialFailure::Retry {
        backoff: ms(backoff),
        backoff_max: ms(backoff + more),
        attempts,
    });
    prop_oneof![2 => Just(DialFailure::FailFirst), 1 => Just(DialFailure::FailAll), 2 => retry]
}

fn policies() -> impl Strategy<Value = Config> {
    let binding = prop_oneof![Just(Binding::HeadFirst), Just(Binding::OwnFirst)];
    let surplus = prop_oneof![Just(Surplus::Park), Just(Surplus::Cancel), Just(Surplus::CancelIfShared)];
    let order = prop_oneof![Just(IdleOrder::Lifo), Just(IdleOrder::Fifo)];
    (binding, surplus, order, failure(), any::<u64>()).prop_map(|(binding, surplus, order, failure, seed)| {
        Config::default().binding(binding).surplus(surplus).idle_order(order).dial_failure(failure).seed(seed)
    })
}

/// A config that may contradict itself.
pub fn any_config() -> impl Strategy<Value = Config> {
    let limits = (limit(1, 4), limit(1, 3), limit(1, 3), limit(1, 2), limit(0, 3), limit(0, 2));
    let waiters = (limit(0, 6), limit(0, 4));
    let ends = (duration(), duration(), duration(), duration(), duration());
    let starts = prop_oneof![
        6 => Just(None),
        1 => Just(Some(Newcomers::Hold)),
        1 => Just(Some(Newcomers::Refuse)),
    ];
    let rare = || prop_oneof![1 => Just(None), 1 => duration()];
    let tended = (duration(), rare(), rare(), rare(), rare(), starts);
    (policies(), limits, waiters, ends, 0..30u64, limit(1, 3), tended).prop_map(
        |(config, limits, waiters, ends, jitter, uses, tended)| {
            config
                .check_timeout(tended.0)
                .check_after_idle(tended.1)
                .backup_dial_after(tended.2)
                .dial_delay(tended.3)
                .lease_warn_after(tended.4)
                .start_paused(tended.5)
                .max_connections(limits.0)
                .max_connections_per_key(limits.1)
                .max_dials(limits.2)
                .max_dials_per_key(limits.3)
                .max_idle(limits.4)
                .max_idle_per_key(limits.5)
                .max_waiters(waiters.0)
                .max_waiters_per_key(waiters.1)
                .request_timeout(ends.0)
                .dial_timeout(ends.1)
                .idle_timeout(ends.2)
                .unused_idle_timeout(ends.3)
                .max_lifetime(ends.4)
                .lifetime_jitter(ms(jitter.saturating_sub(15)))
                .max_uses(uses)
        },
    )
}

/// A config that a pool accepts.
pub fn valid_config() -> impl Strategy<Value = Config> {
    any_config().prop_map(|config| {
        if Pool::<()>::new(config.clone()).is_ok() {
            return config;
        }
        config.unused_idle_timeout(None).lifetime_jitter(Duration::ZERO)
    })
}
