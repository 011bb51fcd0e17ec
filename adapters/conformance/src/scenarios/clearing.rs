//! R19: new generations of connections.

use std::sync::atomic::Ordering;

use latebind_driver::{Clear, Config, Error};

use crate::Platform;
use crate::wait::until;
use crate::world::{World, sound};

scenarios! {
    what_is_parked_closes_and_its_successor_is_dialed,
    only_the_key_that_is_named_is_cleared,
    a_lease_lives_on_and_its_connection_closes_when_it_comes_back,
    an_interrupted_lease_is_told_and_keeps_its_place_until_it_ends,
    a_dial_of_the_old_generation_never_serves,
    waiters_are_kept_and_dialed_for_anew,
    waiters_fail_if_they_are_to,
}

async fn what_is_parked_closes_and_its_successor_is_dialed<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default());
    w.park(&pool, "host", 2).await;
    pool.clear(Clear::all());
    assert_eq!(pool.stats().idle, 0);
    until("they are closed", || w.peer.closes() == 2 && pool.stats().connections() == 0).await;
    assert_eq!(w.open(&pool, "host").await.name(), 2);
    sound(&pool);
}

async fn only_the_key_that_is_named_is_cleared<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default());
    w.park(&pool, "host", 1).await;
    w.park(&pool, "elsewhere", 1).await;
    pool.clear(Clear::key(&"host"));
    until("it is closed", || pool.stats().connections() == 1).await;
    assert_eq!(w.take(&pool, "elsewhere").await.name(), 1);
    sound(&pool);
}

async fn a_lease_lives_on_and_its_connection_closes_when_it_comes_back<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default().max_connections(1));
    let lease = w.open(&pool, "host").await;
    pool.clear(Clear::all());
    assert!(!lease.is_cleared(), "nobody wants it back before its time");
    let next = w.ask(&pool, "host").await;
    drop(lease);
    w.dial().await.connect();
    assert_eq!((next.served().await.name(), w.peer.closes()), (1, 1));
    sound(&pool);
}

async fn an_interrupted_lease_is_told_and_keeps_its_place_until_it_ends<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default().max_connections(1));
    let lease = w.open(&pool, "host").await;
    let told = w.listens(lease.cleared()).await;
    assert!(!lease.is_cleared() && !told.load(Ordering::SeqCst));
    let next = w.ask(&pool, "host").await;
    pool.clear(Clear::key(&"host").interrupt());
    until("its holder is told", || told.load(Ordering::SeqCst)).await;
    assert!(lease.is_cleared());
    assert_eq!((pool.stats().closing, pool.stats().dialing, w.peer.closes()), (1, 0, 0), "R9");
    drop(lease);
    w.dial().await.connect();
    assert_eq!((next.served().await.name(), w.peer.closes()), (1, 1));
    sound(&pool);
}

async fn a_dial_of_the_old_generation_never_serves<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default());
    let asked = w.ask(&pool, "host").await;
    let old = w.dial().await;
    pool.clear(Clear::all());
    old.connect();
    w.dial().await.connect();
    let lease = asked.served().await;
    assert_eq!(lease.name(), 1);
    until("the old one is gone", || pool.stats().connections() == 1 && w.peer.alive() == 1).await;
    sound(&pool);
}

async fn waiters_are_kept_and_dialed_for_anew<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default().max_connections(1));
    let lease = w.open(&pool, "host").await;
    let (first, second) = (w.ask(&pool, "host").await, w.ask(&pool, "host").await);
    pool.clear(Clear::all());
    assert_eq!(pool.stats().waiters, 2);
    drop(lease);
    w.dial().await.connect();
    drop(first.served().await);
    assert_eq!(second.served().await.name(), 1);
    sound(&pool);
}

async fn waiters_fail_if_they_are_to<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default());
    let asked = w.ask(&pool, "host").await;
    let elsewhere = w.ask(&pool, "elsewhere").await;
    let dials = [w.dial().await, w.dial().await];
    pool.clear(Clear::key(&"host").fail_waiters());
    let error = asked.failed().await;
    assert!(matches!(error, Error::Cleared), "{error:?}");
    for dial in dials {
        if dial.key == "elsewhere" {
            dial.connect();
        }
    }
    drop(elsewhere.served().await);
    until("its dial has stopped", || pool.stats().dialing == 0).await;
    assert_eq!(pool.stats().counters.dials, 2, "nobody needs another");
    sound(&pool);
}
