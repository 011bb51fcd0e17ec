//! R21: a pool that is told to end.

use std::sync::atomic::Ordering;

use latebind_driver::{Config, Error};

use crate::Platform;
use crate::wait::until;
use crate::world::{World, sound};

scenarios! {
    what_is_parked_closes_and_then_it_is_over,
    it_waits_for_the_leases,
    those_who_wait_fail,
    those_who_come_later_fail,
    a_dial_that_hangs_is_dropped,
    a_dial_that_ends_later_is_closed_unused,
    everybody_who_waits_for_the_end_is_told,
    a_second_shutdown_finds_nothing_to_do,
}

async fn what_is_parked_closes_and_then_it_is_over<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default());
    w.park(&pool, "host", 3).await;
    pool.shutdown().await;
    assert_eq!((pool.stats().connections(), w.peer.closes(), w.peer.alive()), (0, 3, 0));
    sound(&pool);
}

async fn it_waits_for_the_leases<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default());
    let lease = w.open(&pool, "host").await;
    pool.close();
    assert_eq!((pool.stats().leased, w.peer.closes()), (1, 0), "a lease keeps its connection");
    drop(lease);
    pool.closed().await;
    assert_eq!((pool.stats().connections(), w.peer.closes(), w.peer.alive()), (0, 1, 0));
    sound(&pool);
}

async fn those_who_wait_fail<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default().max_connections(1));
    let lease = w.open(&pool, "host").await;
    let (first, second) = (w.ask(&pool, "host").await, w.ask(&pool, "elsewhere").await);
    pool.close();
    for waiter in [first, second] {
        let error = waiter.failed().await;
        assert!(matches!(error, Error::Closed), "{error:?}");
    }
    drop(lease);
    pool.closed().await;
    sound(&pool);
}

async fn those_who_come_later_fail<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default());
    w.park(&pool, "host", 1).await;
    pool.close();
    for key in ["host", "elsewhere"] {
        let error = w.wish_unseen(&pool, crate::Wish::of(key)).failed().await;
        assert!(matches!(error, Error::Closed), "{error:?}");
    }
    pool.closed().await;
    assert_eq!(pool.stats().counters.dials, 1);
    sound(&pool);
}

async fn a_dial_that_hangs_is_dropped<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default());
    let waiter = w.ask(&pool, "host").await;
    let mut dial = w.dial().await;
    pool.shutdown().await;
    dial.dropped().await;
    assert!(matches!(waiter.failed().await, Error::Closed));
    assert_eq!((w.peer.dropped_dials(), pool.stats().connections()), (1, 0));
    sound(&pool);
}

async fn a_dial_that_ends_later_is_closed_unused<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default());
    let waiter = w.ask(&pool, "host").await;
    let dial = w.dial().await;
    pool.close();
    assert!(matches!(waiter.failed().await, Error::Closed));
    dial.connect();
    pool.closed().await;
    until("it is dropped", || w.peer.alive() == 0).await;
    assert_eq!((pool.stats().connections(), pool.stats().counters.delivered.total()), (0, 0));
    sound(&pool);
}

async fn everybody_who_waits_for_the_end_is_told<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default());
    let lease = w.open(&pool, "host").await;
    let mut told = Vec::new();
    for _ in 0..3 {
        told.push(w.listens(pool.closed()).await);
    }
    let are_told = || told.iter().filter(|told| told.load(Ordering::SeqCst)).count();
    pool.close();
    assert_eq!(are_told(), 0, "a lease is out");
    drop(lease);
    until("all are told", || are_told() == 3).await;
    sound(&pool);
}

async fn a_second_shutdown_finds_nothing_to_do<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default());
    w.park(&pool, "host", 1).await;
    pool.shutdown().await;
    pool.shutdown().await;
    pool.closed().await;
    assert_eq!(w.peer.closes(), 1);
    sound(&pool);
}
