//! A3, R6: a request that is dropped, at every stage.

mod support;

use latebind_tokio::Source;
use support::{config, net, served, sound, until, waits};

#[tokio::test]
async fn a_request_that_was_never_polled_asks_for_nothing() {
    let (net, mut peer) = net();
    let pool = net.pool(config());
    drop(pool.get(&"host"));
    assert_eq!(pool.stats().waiters, 0);
    tokio::task::yield_now().await;
    assert!(peer.is_quiet(), "no dial");
    sound(&pool);
}

#[tokio::test]
async fn a_waiter_that_is_dropped_leaves_nothing_and_its_dial_lives_on() {
    let (net, mut peer) = net();
    let pool = net.pool(config());
    let mut get = pool.get(&"host");
    waits(&mut get);
    let dial = peer.dial().await;
    drop(get);
    assert_eq!((pool.stats().waiters, pool.stats().dialing), (0, 1));
    sound(&pool);

    dial.connect();
    until("the dial's connection is parked", || pool.stats().idle == 1).await;
    assert_eq!(served(&mut pool.get(&"host")).source(), Source::Idle);
    assert!(peer.is_quiet(), "one dial was enough");
}

#[tokio::test]
async fn a_dropped_requesters_dial_serves_the_next_request() {
    let (net, mut peer) = net();
    let pool = net.pool(config());
    let mut gone = pool.get(&"host");
    waits(&mut gone);
    let dial = peer.dial().await;
    drop(gone);
    let mut later = pool.get(&"host");
    waits(&mut later);
    dial.connect();
    assert_eq!(later.await.expect("served").source(), Source::OtherDial);
    assert!(peer.is_quiet(), "the dial in progress covers the newcomer (R4)");
}

#[tokio::test]
async fn what_was_delivered_to_a_dropped_request_goes_to_the_next_waiter() {
    let (net, mut peer) = net();
    let pool = net.pool(config().max_connections_per_key(1));
    let mut holder = pool.get(&"host");
    waits(&mut holder);
    peer.dial().await.connect();
    let holder = holder.await.expect("served");
    let (mut second, mut third) = (pool.get(&"host"), pool.get(&"host"));
    waits(&mut second);
    waits(&mut third);

    drop(holder);
    assert_eq!((pool.stats().leased, pool.stats().waiters), (1, 1), "delivered to the second, not polled");
    drop(second);
    let third = served(&mut third);
    assert_eq!((third.name, third.source()), (0, Source::Returned));
    sound(&pool);
}

#[tokio::test]
async fn what_was_delivered_to_a_dropped_request_is_parked_if_nobody_waits() {
    let (net, mut peer) = net();
    let pool = net.pool(config());
    let mut get = pool.get(&"host");
    waits(&mut get);
    peer.dial().await.connect();
    until("it was delivered", || pool.stats().leased == 1).await;
    drop(get);
    assert_eq!((pool.stats().leased, pool.stats().idle, peer.alive()), (0, 1, 1));
    sound(&pool);
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_nobody_picks_up_is_dropped() {
    let (net, mut peer) = net();
    let pool = net.pool(config());
    let mut get = pool.get(&"host");
    waits(&mut get);
    peer.dial().await.fail("refused");
    until("it has failed", || pool.stats().waiters == 0).await;
    drop(get);
    sound(&pool);
    assert_eq!(pool.stats().keys, 0);
}

#[tokio::test]
async fn among_many_waiters_only_those_that_are_dropped_leave() {
    let (net, mut peer) = net();
    let pool = net.pool(config().max_connections_per_key(1));
    let mut holder = pool.get(&"host");
    waits(&mut holder);
    peer.dial().await.connect();
    let holder = holder.await.expect("served");

    let mut waiters: Vec<_> = (0..100).map(|_| pool.get(&"host")).collect();
    waiters.iter_mut().for_each(waits);
    let mut place = 0;
    waiters.retain(|_| {
        place += 1;
        place % 3 == 0
    });
    assert_eq!(pool.stats().waiters, 33);
    drop(holder);
    for mut waiter in waiters {
        assert_eq!(served(&mut waiter).name, 0, "in their order, each served by the one before");
    }
    assert_eq!(pool.stats().idle, 1);
    sound(&pool);
}
