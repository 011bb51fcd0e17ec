//! A5: the last handle is dropped, and everything ends. That nothing is left is checked after every scenario; here the
//! pool goes while something is going on.

use std::time::Duration;

use latebind_driver::{Config, DialFailure, Error};

use crate::Platform;
use crate::wait::until;
use crate::world::World;

scenarios! {
    the_last_handle_goes_while_connections_are_parked,
    the_last_handle_goes_while_requests_wait,
    the_last_handle_goes_while_a_lease_is_out,
    the_last_handle_goes_while_a_dial_hangs,
    the_last_handle_goes_while_a_connection_is_delivered,
    the_last_handle_goes_while_a_check_hangs,
    the_last_handle_goes_while_a_connection_is_recycled,
    the_last_handle_goes_in_a_backoff,
    the_last_handle_goes_while_floors_are_kept,
    the_last_handle_of_several_counts,
    a_pool_that_was_never_used_leaves_nothing,
}

const HOUR: Duration = Duration::from_secs(3600);

async fn the_last_handle_goes_while_connections_are_parked<P: Platform>(w: &mut World<P>) {
    w.peer.watches();
    let pool = w.pool(Config::default());
    w.park(&pool, "host", 3).await;
    w.park(&pool, "elsewhere", 2).await;
    drop(pool);
    until("all are closed", || w.peer.closes() == 5 && w.peer.alive() == 0).await;
}

async fn the_last_handle_goes_while_requests_wait<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default().max_connections(1));
    let lease = w.open(&pool, "host").await;
    let (first, second) = (w.ask(&pool, "host").await, w.ask(&pool, "elsewhere").await);
    drop(pool);
    for waiter in [first, second] {
        let error = waiter.failed().await;
        assert!(matches!(error, Error::Closed), "{error:?}");
    }
    drop(lease);
}

async fn the_last_handle_goes_while_a_lease_is_out<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default().lease_warn_after(HOUR));
    let lease = w.open(&pool, "host").await;
    let closed = pool.closed();
    drop(pool);
    assert_eq!((lease.name(), w.peer.closes(), w.peer.alive()), (0, 0, 1), "a lease keeps its connection");
    drop(lease);
    closed.await;
    assert_eq!((w.peer.closes(), w.peer.alive()), (1, 0));
}

async fn the_last_handle_goes_while_a_dial_hangs<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default());
    pool.preconnect(&"host", 1);
    let mut dial = w.dial().await;
    let closed = pool.closed();
    drop(pool);
    dial.dropped().await;
    closed.await;
    assert_eq!(w.peer.dropped_dials(), 1);
}

async fn the_last_handle_goes_while_a_connection_is_delivered<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default());
    let asked = w.ask(&pool, "host").await;
    w.dial().await.connect();
    drop(pool);
    // Which of the two came first is not said; nothing is lost either way, nor left.
    match asked.answer().await {
        Ok(lease) => drop(lease),
        Err(error) => assert!(matches!(error, Error::Closed), "{error:?}"),
    }
}

async fn the_last_handle_goes_while_a_check_hangs<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default().check_after_idle(Duration::ZERO));
    w.park(&pool, "host", 1).await;
    let asked = w.ask(&pool, "host").await;
    let mut trial = w.trial().await;
    drop(pool);
    trial.dropped().await;
    assert!(matches!(asked.failed().await, Error::Closed));
    until("it is closed", || w.peer.closes() == 1 && w.peer.alive() == 0).await;
}

async fn the_last_handle_goes_while_a_connection_is_recycled<P: Platform>(w: &mut World<P>) {
    w.peer.recycles();
    let pool = w.pool(Config::default());
    drop(w.open(&pool, "host").await);
    let mut trial = w.trial().await;
    drop(pool);
    trial.dropped().await;
    until("it is closed", || w.peer.closes() == 1 && w.peer.alive() == 0).await;
}

async fn the_last_handle_goes_in_a_backoff<P: Platform>(w: &mut World<P>) {
    let retry = DialFailure::Retry { backoff: HOUR, backoff_max: HOUR, attempts: 9 };
    let pool = w.pool(Config::default().dial_failure(retry));
    let asked = w.ask(&pool, "host").await;
    w.dial().await.fail("refused");
    until("the dial has failed", || pool.stats().dialing == 0).await;
    drop(pool);
    assert!(matches!(asked.failed().await, Error::Closed));
}

async fn the_last_handle_goes_while_floors_are_kept<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default());
    pool.keep(&"host", 2);
    w.dial().await.connect();
    let hanging = w.dial().await;
    until("one is parked", || pool.stats().idle == 1).await;
    drop(pool);
    drop(hanging);
    until("it is closed", || w.peer.closes() == 1 && w.peer.alive() == 0).await;
}

async fn the_last_handle_of_several_counts<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default());
    let handles: Vec<_> = (0..3).map(|_| pool.clone()).collect();
    drop(pool);
    for pool in handles {
        drop(w.open(&pool, "host").await);
        pool.clear(latebind_driver::Clear::all());
    }
}

async fn a_pool_that_was_never_used_leaves_nothing<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default());
    assert_eq!(w.platform.counts().map_or(0, |counts| counts.tasks() + counts.sleeps()), 0);
    drop(pool);
}
