//! R1, R2: who is served, from what, in which order.

use latebind_driver::{Config, IdleOrder, Priority, Source};

use crate::Platform;
use crate::platform::Wish;
use crate::wait::until;
use crate::world::{World, poll_once, sound, waits};

scenarios! {
    a_first_request_is_served_by_a_dial,
    a_parked_connection_serves_without_a_dial,
    the_connection_parked_last_serves_first,
    the_connection_parked_first_serves_first_if_the_config_says_so,
    a_connection_serves_its_own_key_only,
    waiters_are_served_in_the_order_of_their_coming,
    the_more_urgent_waiter_is_served_first,
    a_waiter_may_become_more_urgent,
    a_lease_that_is_discarded_closes_its_connection,
    a_connection_that_cannot_be_reused_is_closed,
}

async fn a_first_request_is_served_by_a_dial<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default());
    let asked = w.ask(&pool, "host").await;
    let dial = w.dial().await;
    assert_eq!((dial.key, pool.stats().dialing, pool.stats().waiters), ("host", 1, 1));
    dial.connect();
    let lease = asked.served().await;
    assert_eq!((lease.name(), lease.source(), pool.stats().leased), (0, Source::OwnDial, 1));
    sound(&pool);
}

async fn a_parked_connection_serves_without_a_dial<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default());
    w.park(&pool, "host", 1).await;
    for _ in 0..3 {
        let lease = w.take(&pool, "host").await;
        assert_eq!((lease.name(), lease.source()), (0, Source::Idle));
    }
    assert_eq!((pool.stats().counters.dials, pool.stats().idle), (1, 1));
    sound(&pool);
}

async fn the_connection_parked_last_serves_first<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default());
    w.park(&pool, "host", 3).await;
    let first = w.take(&pool, "host").await;
    let second = w.take(&pool, "host").await;
    assert_eq!([first.name(), second.name()], [2, 1]);
    sound(&pool);
}

async fn the_connection_parked_first_serves_first_if_the_config_says_so<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default().idle_order(IdleOrder::Fifo));
    w.park(&pool, "host", 3).await;
    let first = w.take(&pool, "host").await;
    let second = w.take(&pool, "host").await;
    assert_eq!([first.name(), second.name()], [0, 1]);
    sound(&pool);
}

async fn a_connection_serves_its_own_key_only<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default());
    w.park(&pool, "host", 1).await;
    let elsewhere = w.ask(&pool, "elsewhere").await;
    let dial = w.dial().await;
    assert_eq!((dial.key, pool.stats().keys), ("elsewhere", 2));
    dial.connect();
    assert_eq!(elsewhere.served().await.name(), 1);
    assert_eq!(w.take(&pool, "host").await.name(), 0);
    sound(&pool);
}

async fn waiters_are_served_in_the_order_of_their_coming<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default().max_connections(1));
    let mut lease = w.open(&pool, "host").await;
    let mut waiters = Vec::new();
    for _ in 0..5 {
        waiters.push(w.ask(&pool, "host").await);
    }
    for (place, waiter) in waiters.into_iter().enumerate() {
        assert_eq!(pool.stats().waiters as usize, 5 - place);
        drop(lease);
        lease = waiter.served().await;
        assert_eq!((lease.name(), lease.source()), (0, Source::Returned));
    }
    sound(&pool);
}

async fn the_more_urgent_waiter_is_served_first<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default().max_connections(1));
    let lease = w.open(&pool, "host").await;
    let low = w.wish(&pool, Wish::of("host").level(0)).await;
    let usual = w.ask(&pool, "host").await;
    let high = w.wish(&pool, Wish::of("host").level(7)).await;
    drop(lease);
    let lease = high.served().await;
    assert_eq!(pool.stats().waiters, 2);
    drop(lease);
    let lease = usual.served().await;
    assert_eq!(pool.stats().waiters, 1);
    drop(lease);
    drop(low.served().await);
    sound(&pool);
}

async fn a_waiter_may_become_more_urgent<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default().max_connections(1));
    let lease = w.open(&pool, "host").await;
    let mut first = pool.get(&"host");
    let mut second = pool.get(&"host");
    waits(&mut first);
    waits(&mut second);
    second.reprioritize(Priority::HIGHEST);
    drop(lease);
    waits(&mut first);
    let lease = second.await.expect("served");
    drop(lease);
    assert!(poll_once(&mut first).is_ready());
    sound(&pool);
}

async fn a_lease_that_is_discarded_closes_its_connection<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default().max_connections(1));
    let lease = w.open(&pool, "host").await;
    let next = w.ask(&pool, "host").await;
    lease.discard();
    w.dial().await.connect();
    assert_eq!((next.served().await.name(), w.peer.closes()), (1, 1), "its place serves the next");
    sound(&pool);
}

async fn a_connection_that_cannot_be_reused_is_closed<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default());
    let mut lease = w.open(&pool, "host").await;
    lease.is_reusable = false;
    drop(lease);
    until("it is closed", || pool.stats().connections() == 0).await;
    assert_eq!((w.peer.closes(), pool.stats().counters.parked), (1, 0));
    sound(&pool);
}
