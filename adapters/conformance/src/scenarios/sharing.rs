//! R18: connections that carry several leases at once.

use std::sync::atomic::Ordering;

use latebind_driver::{Config, Source};

use crate::Platform;
use crate::wait::until;
use crate::world::{World, sound};

scenarios! {
    one_dial_serves_as_many_as_the_connection_carries,
    capacity_grows_and_shrinks_while_in_use,
    a_draining_connection_closes_with_its_last_lease,
    one_lease_that_discards_it_tells_the_others,
}

async fn one_dial_serves_as_many_as_the_connection_carries<P: Platform>(w: &mut World<P>) {
    w.peer.shares(3);
    let pool = w.pool(Config::default().max_connections(1));
    let mut asked = Vec::new();
    for _ in 0..4 {
        asked.push(w.ask(&pool, "host").await);
    }
    w.dial().await.connect();
    let last = asked.pop().expect("the fourth");
    let mut leases = Vec::new();
    for asked in asked {
        leases.push(asked.served().await);
    }
    assert!(leases.iter().all(|lease| lease.id() == leases[0].id()));
    assert_eq!((pool.stats().leased, pool.stats().waiters), (1, 1));
    leases.pop();
    let last = last.served().await;
    assert_eq!((last.name(), last.source()), (0, Source::Returned));
    drop((last, leases));
    assert_eq!(w.take(&pool, "host").await.source(), Source::Idle);
    sound(&pool);
}

async fn capacity_grows_and_shrinks_while_in_use<P: Platform>(w: &mut World<P>) {
    w.peer.shares(1);
    let pool = w.pool(Config::default().max_connections(1));
    let lease = w.open(&pool, "host").await;
    let waiter = w.ask(&pool, "host").await;
    lease.set_capacity(2);
    let second = waiter.served().await;
    assert_eq!(second.source(), Source::Shared);
    lease.set_capacity(1);
    drop(second);
    let waiter = w.ask(&pool, "host").await;
    assert_eq!(pool.stats().waiters, 1);
    drop(lease);
    drop(waiter.served().await);
    sound(&pool);
}

async fn a_draining_connection_closes_with_its_last_lease<P: Platform>(w: &mut World<P>) {
    w.peer.shares(9);
    let pool = w.pool(Config::default());
    let first = w.open(&pool, "host").await;
    let second = w.take(&pool, "host").await;
    first.drain();
    let third = w.ask(&pool, "host").await;
    drop(first);
    assert_eq!((w.peer.closes(), pool.stats().leased), (0, 1));
    drop(second);
    until("it is closed", || w.peer.closes() == 1).await;
    w.dial().await.connect();
    assert_eq!(third.served().await.name(), 1);
    sound(&pool);
}

async fn one_lease_that_discards_it_tells_the_others<P: Platform>(w: &mut World<P>) {
    w.peer.shares(9);
    let pool = w.pool(Config::default());
    let first = w.open(&pool, "host").await;
    let second = w.take(&pool, "host").await;
    let told = w.listens(second.cleared()).await;
    first.discard();
    until("the other is told", || told.load(Ordering::SeqCst)).await;
    assert!(second.is_cleared());
    assert_eq!(second.name(), 0, "who has a handle keeps it");
    sound(&pool);
}
