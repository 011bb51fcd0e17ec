//! R12, A8: requests and dials that take too long, and what their errors say.

use std::time::Duration;

use latebind_driver::{Config, ConnectError, Error, Source};

use crate::Platform;
use crate::platform::Wish;
use crate::wait::until;
use crate::world::{Failure, World, sound};

const SHORT: Duration = Duration::from_millis(40);
const HOUR: Duration = Duration::from_secs(3600);

scenarios! {
    a_request_fails_when_its_time_is_up_and_says_what_the_pool_was_doing,
    the_pools_timeout_applies_to_who_brings_none,
    a_requests_own_timeout_replaces_the_pools,
    a_timeout_names_the_last_dials_error,
    a_timeout_concerns_nobody_else,
    without_time_there_is_what_is_parked_and_no_dial,
    a_dial_that_takes_too_long_has_failed,
    a_dial_that_takes_too_long_is_dropped,
}

fn timeout(error: Failure) -> latebind_driver::TimeoutError<crate::NetError> {
    match error {
        Error::Timeout(error) => *error,
        other => panic!("it should be a timeout: {other:?}"),
    }
}

async fn a_request_fails_when_its_time_is_up_and_says_what_the_pool_was_doing<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default().max_connections(1));
    let _lease = w.open(&pool, "host").await;
    let waiter = w.wish(&pool, Wish::of("host").timeout(SHORT)).await;
    let error = timeout(waiter.failed().await);
    assert!(error.waited >= SHORT, "{error}");
    assert_eq!((error.pool.leased, error.key.leased, error.key.dialing), (1, 1, 0), "{error}");
    assert!(error.last_dial.is_none(), "{error}");
    assert_eq!((pool.stats().waiters, pool.stats().counters.timed_out), (0, 1));
    sound(&pool);
}

async fn the_pools_timeout_applies_to_who_brings_none<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default().request_timeout(SHORT));
    let waiter = w.ask(&pool, "host").await;
    let _hanging = w.dial().await;
    let error = timeout(waiter.failed().await);
    assert!(error.waited >= SHORT && error.key.dialing == 1, "{error}");
    sound(&pool);
}

async fn a_requests_own_timeout_replaces_the_pools<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default().request_timeout(HOUR).max_connections(1));
    let lease = w.open(&pool, "host").await;
    let patient = w.ask(&pool, "host").await;
    let hasty = w.wish(&pool, Wish::of("host").timeout(SHORT)).await;
    timeout(hasty.failed().await);
    assert_eq!(pool.stats().waiters, 1, "the other one waits on");
    drop(lease);
    drop(patient.served().await);
    sound(&pool);
}

async fn a_timeout_names_the_last_dials_error<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default().max_dials(1));
    let unlucky = w.ask(&pool, "host").await;
    let next = w.wish(&pool, Wish::of("host").timeout(SHORT * 5)).await;
    w.dial().await.fail("refused");
    assert!(matches!(unlucky.failed().await, Error::Dial(_)));
    let _hanging = w.dial().await;
    let error = timeout(next.failed().await);
    let cause = error.last_dial.as_ref().and_then(ConnectError::manager_error);
    assert_eq!(cause.map(|error| error.text), Some("refused"), "{error}");
    sound(&pool);
}

async fn a_timeout_concerns_nobody_else<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default().max_connections(1));
    let lease = w.open(&pool, "host").await;
    let first = w.ask(&pool, "host").await;
    let second = w.wish(&pool, Wish::of("host").timeout(SHORT)).await;
    let third = w.ask(&pool, "host").await;
    timeout(second.failed().await);
    drop(lease);
    drop(first.served().await);
    drop(third.served().await);
    assert_eq!(pool.stats().counters.delivered[Source::Returned], 2);
    sound(&pool);
}

async fn without_time_there_is_what_is_parked_and_no_dial<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default());
    let at_once = Wish::of("host").timeout(Duration::ZERO);
    timeout(w.wish(&pool, at_once).await.failed().await);
    assert_eq!(pool.stats().counters.dials, 0);
    w.park(&pool, "host", 1).await;
    assert_eq!(w.wish(&pool, at_once).await.served().await.source(), Source::Idle);
    sound(&pool);
}

async fn a_dial_that_takes_too_long_has_failed<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default().dial_timeout(SHORT));
    let waiter = w.ask(&pool, "host").await;
    let hanging = w.dial().await;
    let error = waiter.failed().await;
    let told = error.connect_error();
    assert!(matches!(told, Some(ConnectError::TimedOut(limit)) if *limit == SHORT), "{error:?}");
    drop(hanging);
    until("its place is free", || pool.stats().connections() == 0).await;
    assert_eq!(pool.stats().counters.dials_timed_out, 1);
    sound(&pool);
}

async fn a_dial_that_takes_too_long_is_dropped<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default().dial_timeout(SHORT));
    let waiter = w.ask(&pool, "host").await;
    let mut hanging = w.dial().await;
    hanging.dropped().await;
    until("its place is free", || pool.stats().connections() == 0).await;
    assert!(waiter.failed().await.connect_error().is_some());
    assert_eq!(w.peer.dropped_dials(), 1);
    sound(&pool);
}
