//! R19: pauses.

use std::time::Duration;

use latebind_driver::{Config, Error, Newcomers};

use crate::Platform;
use crate::platform::Wish;
use crate::wait::until;
use crate::world::{World, sound};

scenarios! {
    while_paused_returns_are_parked_and_serve_nobody,
    after_a_pause_waiters_are_served_in_their_order,
    while_paused_nothing_is_dialed,
    while_paused_timeouts_run,
    while_paused_newcomers_are_refused_if_they_are_to_be,
    a_pool_may_start_paused,
}

async fn while_paused_returns_are_parked_and_serve_nobody<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default().max_connections(1));
    let lease = w.open(&pool, "host").await;
    pool.pause(Newcomers::Hold);
    let waiter = w.ask(&pool, "host").await;
    drop(lease);
    assert_eq!((pool.stats().idle, pool.stats().waiters), (1, 1));
    pool.resume();
    assert_eq!(waiter.served().await.name(), 0);
    sound(&pool);
}

async fn after_a_pause_waiters_are_served_in_their_order<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default().max_connections(1));
    w.park(&pool, "host", 1).await;
    pool.pause(Newcomers::Hold);
    let first = w.ask(&pool, "host").await;
    let second = w.ask(&pool, "host").await;
    let urgent = w.wish(&pool, Wish::of("host").level(7)).await;
    pool.resume();
    drop(urgent.served().await);
    drop(first.served().await);
    drop(second.served().await);
    assert_eq!(pool.stats().counters.dials, 1);
    sound(&pool);
}

async fn while_paused_nothing_is_dialed<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default());
    pool.pause(Newcomers::Hold);
    let waiter = w.ask(&pool, "host").await;
    pool.preconnect(&"host", 2);
    assert_eq!(pool.stats().counters.dials, 0);
    pool.resume();
    w.dial().await.connect();
    drop(waiter.served().await);
    sound(&pool);
}

async fn while_paused_timeouts_run<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default());
    w.park(&pool, "host", 1).await;
    pool.pause(Newcomers::Hold);
    let waiter = w.wish(&pool, Wish::of("host").timeout(Duration::from_millis(30))).await;
    let error = waiter.failed().await;
    assert!(matches!(error, Error::Timeout(_)), "{error:?}");
    sound(&pool);
}

async fn while_paused_newcomers_are_refused_if_they_are_to_be<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default());
    let waiter = w.ask(&pool, "host").await;
    pool.pause(Newcomers::Refuse);
    let error = w.ask(&pool, "host").await.failed().await;
    assert!(matches!(error, Error::Paused), "{error:?}");
    w.dial().await.connect();
    until("its dial has ended", || pool.stats().idle == 1).await;
    assert_eq!(pool.stats().waiters, 1, "who waits keeps waiting");
    pool.resume();
    drop(waiter.served().await);
    sound(&pool);
}

async fn a_pool_may_start_paused<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default().start_paused(Newcomers::Hold));
    let waiter = w.ask(&pool, "host").await;
    assert_eq!(pool.stats().counters.dials, 0);
    pool.resume();
    w.dial().await.connect();
    drop(waiter.served().await);
    sound(&pool);
}
