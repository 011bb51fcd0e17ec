//! R8 to R11: what is never exceeded, and how room is made.

use latebind_driver::{Config, Error};

use crate::Platform;
use crate::platform::Wish;
use crate::wait::until;
use crate::world::{World, sound};

scenarios! {
    connections_never_exceed_the_limit_of_the_pool,
    connections_of_a_key_never_exceed_their_limit,
    dials_never_exceed_their_limit,
    a_parked_connection_of_another_key_makes_room,
    over_the_idle_limit_of_the_pool_the_longest_parked_closes,
    over_the_idle_limit_of_a_key_the_newcomer_closes,
    who_would_be_one_waiter_too_many_is_refused_and_told_why,
    a_connection_that_is_closing_still_holds_its_place,
    a_worn_out_connection_closes_after_its_last_use,
}

async fn connections_never_exceed_the_limit_of_the_pool<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default().max_connections(2));
    let first = w.open(&pool, "host").await;
    let _second = w.open(&pool, "elsewhere").await;
    let third = w.ask(&pool, "somewhere").await;
    assert_eq!((pool.stats().connections(), pool.stats().counters.dials), (2, 2));
    first.discard();
    let dial = w.dial().await;
    assert_eq!(dial.key, "somewhere");
    dial.connect();
    assert_eq!(third.served().await.name(), 2);
    sound(&pool);
}

async fn connections_of_a_key_never_exceed_their_limit<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default().max_connections_per_key(2));
    let first = w.open(&pool, "host").await;
    let _second = w.open(&pool, "host").await;
    let third = w.ask(&pool, "host").await;
    assert_eq!((pool.key_stats(&"host").connections(), pool.stats().counters.dials), (2, 2));
    let elsewhere = w.open(&pool, "elsewhere").await;
    assert_eq!(elsewhere.name(), 2, "another key has room of its own");
    drop(first);
    assert_eq!(third.served().await.name(), 0);
    sound(&pool);
}

async fn dials_never_exceed_their_limit<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default().max_dials(2).max_dials_per_key(1));
    let mut leases = Vec::new();
    let first = w.ask(&pool, "host").await;
    let second = w.ask(&pool, "host").await;
    assert_eq!(pool.stats().dialing, 1, "one of each key");
    let elsewhere = w.ask(&pool, "elsewhere").await;
    let somewhere = w.ask(&pool, "somewhere").await;
    assert_eq!(pool.stats().dialing, 2, "two in all");
    let mut dials = [w.dial().await, w.dial().await];
    dials.sort_by_key(|dial| dial.key);
    let [dial_elsewhere, dial_host] = dials;
    assert_eq!([dial_elsewhere.key, dial_host.key], ["elsewhere", "host"]);
    dial_host.connect();
    leases.push(first.served().await);
    for (key, waiter) in [("host", second), ("somewhere", somewhere)] {
        let dial = w.dial().await;
        assert_eq!((dial.key, pool.stats().dialing), (key, 2), "the free slot is for who waits longest");
        dial.connect();
        leases.push(waiter.served().await);
    }
    dial_elsewhere.connect();
    leases.push(elsewhere.served().await);
    assert_eq!(pool.stats().leased, 4);
    sound(&pool);
}

async fn a_parked_connection_of_another_key_makes_room<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default().max_connections(1));
    w.park(&pool, "host", 1).await;
    let elsewhere = w.ask(&pool, "elsewhere").await;
    let dial = w.dial().await;
    assert_eq!((dial.key, w.peer.closes()), ("elsewhere", 1));
    dial.connect();
    drop(elsewhere.served().await);
    sound(&pool);
}

async fn over_the_idle_limit_of_the_pool_the_longest_parked_closes<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default().max_idle(2));
    let first = w.open(&pool, "host").await;
    let second = w.open(&pool, "host").await;
    let third = w.open(&pool, "elsewhere").await;
    drop(first);
    drop(second);
    drop(third);
    until("one is closed", || pool.stats().connections() == 2).await;
    assert_eq!((w.take(&pool, "host").await.name(), pool.key_stats(&"elsewhere").idle), (1, 1));
    sound(&pool);
}

async fn over_the_idle_limit_of_a_key_the_newcomer_closes<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default().max_idle_per_key(1));
    let first = w.open(&pool, "host").await;
    let second = w.open(&pool, "host").await;
    drop(first);
    drop(second);
    until("one is closed", || pool.stats().connections() == 1).await;
    assert_eq!((w.take(&pool, "host").await.name(), w.peer.closes()), (0, 1));
    sound(&pool);
}

async fn who_would_be_one_waiter_too_many_is_refused_and_told_why<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default().max_connections(1).max_waiters(2).max_waiters_per_key(1));
    let lease = w.open(&pool, "host").await;
    let waiter = w.ask(&pool, "host").await;
    let error = w.ask(&pool, "host").await.failed().await;
    let Error::TooManyWaiters(refused) = error else { panic!("{error:?}") };
    assert_eq!((refused.key.waiters, refused.key.leased, refused.pool.waiters), (1, 1, 1));
    let elsewhere = w.wish(&pool, Wish::of("elsewhere").level(0)).await;
    let error = w.ask(&pool, "somewhere").await.failed().await;
    assert!(matches!(error, Error::TooManyWaiters(_)), "{error:?}");
    drop(lease);
    drop(waiter.served().await);
    w.dial().await.connect();
    drop(elsewhere.served().await);
    sound(&pool);
}

async fn a_connection_that_is_closing_still_holds_its_place<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default().max_connections(1));
    let lease = w.open(&pool, "host").await;
    w.peer.holds_closes(true);
    let next = w.ask(&pool, "host").await;
    lease.discard();
    until("it is being closed", || w.peer.closes() == 1).await;
    assert_eq!((pool.stats().connections(), pool.stats().dialing), (1, 0), "R9");
    w.peer.holds_closes(false);
    w.dial().await.connect();
    assert_eq!(next.served().await.name(), 1);
    sound(&pool);
}

async fn a_worn_out_connection_closes_after_its_last_use<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default().max_uses(2));
    w.park(&pool, "host", 1).await;
    drop(w.take(&pool, "host").await);
    until("it is closed", || pool.stats().connections() == 0).await;
    assert_eq!((w.open(&pool, "host").await.name(), w.peer.closes()), (1, 1));
    sound(&pool);
}
