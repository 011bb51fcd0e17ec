//! R21: another config for a running pool.

use std::time::Duration;

use latebind_driver::{Config, Error};

use crate::Platform;
use crate::wait::until;
use crate::world::{World, sound};

scenarios! {
    a_raised_limit_serves_those_who_wait,
    a_lowered_limit_is_approached_as_leases_end,
    a_duration_applies_to_what_exists,
    a_config_that_contradicts_itself_changes_nothing,
}

async fn a_raised_limit_serves_those_who_wait<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default().max_connections(1));
    let _lease = w.open(&pool, "host").await;
    let waiter = w.ask(&pool, "host").await;
    pool.reconfigure(&Config::default().max_connections(2)).expect("sound");
    w.dial().await.connect();
    assert_eq!(waiter.served().await.name(), 1);
    sound(&pool);
}

async fn a_lowered_limit_is_approached_as_leases_end<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default());
    let (first, second) = (w.open(&pool, "host").await, w.open(&pool, "host").await);
    pool.reconfigure(&Config::default().max_connections(1)).expect("sound");
    assert_eq!(pool.stats().leased, 2, "leases live on");
    drop(first);
    drop(second);
    until("one is closed", || pool.stats().connections() == 1).await;
    assert_eq!((w.peer.closes(), pool.stats().idle), (1, 1));
    sound(&pool);
}

async fn a_duration_applies_to_what_exists<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default().idle_timeout(None).max_connections(1));
    let lease = w.open(&pool, "host").await;
    let waiter = w.ask(&pool, "host").await;
    let short = Duration::from_millis(30);
    pool.reconfigure(&Config::default().request_timeout(short).max_connections(1)).expect("sound");
    let error = waiter.failed().await;
    assert!(matches!(error, Error::Timeout(_)), "{error:?}");
    drop(lease);
    pool.reconfigure(&Config::default().idle_timeout(short)).expect("sound");
    until("it is closed", || pool.stats().connections() == 0).await;
    sound(&pool);
}

async fn a_config_that_contradicts_itself_changes_nothing<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default().max_connections(1));
    assert!(pool.reconfigure(&Config::default().max_uses(0)).is_err());
    let lease = w.open(&pool, "host").await;
    let waiter = w.ask(&pool, "host").await;
    assert_eq!(pool.stats().counters.dials, 1, "the limit holds");
    drop(lease);
    drop(waiter.served().await);
    sound(&pool);
}
