//! R19: new generations of connections.

mod support;

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use latebind_tokio::{Clear, Config, Error};
use support::{config, leased, net, served, sound, tasks, until, waits};

fn no_timer() -> Config {
    config().idle_timeout(None).request_timeout(None).dial_timeout(None)
}

fn is_ready(future: impl Future) -> bool {
    matches!(pin!(future).poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(_))
}

#[tokio::test]
async fn idle_connections_close_dials_stop_and_waiters_get_new_ones() {
    let (net, mut peer) = net();
    let pool = net.pool(no_timer());
    drop(leased(&pool, &mut peer).await);
    let mut elsewhere = pool.get(&"elsewhere");
    waits(&mut elsewhere);
    let mut old = peer.dial().await;
    pool.clear(Clear::all());
    old.dropped().await;
    until("the idle one is closed", || peer.closes() == 1 && peer.alive() == 0).await;
    waits(&mut elsewhere);
    peer.dial().await.connect();
    assert_eq!(elsewhere.await.expect("the waiter was kept").name, 1);
    sound(&pool);
}

#[tokio::test]
async fn only_the_key_that_is_named() {
    let (net, mut peer) = net();
    let pool = net.pool(no_timer());
    drop(leased(&pool, &mut peer).await);
    pool.clear(Clear::key(&"elsewhere"));
    assert_eq!(pool.stats().idle, 1);
    pool.clear(Clear::key(&"host"));
    assert_eq!(pool.stats().idle, 0);
    sound(&pool);
}

#[tokio::test]
async fn waiters_fail_if_they_are_to() {
    let (net, mut peer) = net();
    let pool = net.pool(no_timer());
    let mut waiter = pool.get(&"host");
    waits(&mut waiter);
    let _dial = peer.dial().await;
    pool.clear(Clear::key(&"host").fail_waiters());
    let error = waiter.await.expect_err("cleared");
    assert!(matches!(error, Error::Cleared), "{error:?}");
    until("the dial has stopped", || pool.stats().connections() == 0).await;
    assert!(peer.is_quiet(), "nobody needs another");
    sound(&pool);
}

#[tokio::test]
async fn a_lease_lives_on_and_its_connection_closes_when_it_comes_back() {
    let (net, mut peer) = net();
    let pool = net.pool(no_timer().max_connections_per_key(1));
    let lease = leased(&pool, &mut peer).await;
    pool.clear(Clear::all());
    assert!(!lease.is_cleared(), "nobody wants it back before its time");
    let mut later = pool.get(&"host");
    waits(&mut later);
    drop(lease);
    peer.dial().await.connect();
    assert_eq!((later.await.expect("served").name, peer.closes()), (1, 1));
    sound(&pool);
}

#[tokio::test]
async fn an_interrupted_lease_keeps_its_connection_and_its_slot_until_it_ends() {
    let (net, mut peer) = net();
    let pool = net.pool(no_timer().max_connections_per_key(1));
    let lease = leased(&pool, &mut peer).await;
    let cleared = lease.cleared();
    let unwanted = lease.cleared();
    assert!(!is_ready(unwanted), "and nothing of it stays behind");
    let told = tokio::spawn(cleared);
    until("it listens", || tasks() == 1).await;
    tokio::task::yield_now().await;
    assert!(!told.is_finished() && !lease.is_cleared());

    pool.clear(Clear::key(&"host").interrupt());
    told.await.expect("told");
    assert!(lease.is_cleared() && is_ready(lease.cleared()));
    assert_eq!((lease.name, peer.alive(), peer.closes()), (0, 1, 0));
    assert_eq!((pool.stats().closing, pool.stats().leased), (1, 0), "R9");
    let mut later = pool.get(&"host");
    waits(&mut later);
    assert!(peer.is_quiet(), "its slot is held");
    sound(&pool);

    drop(lease);
    peer.dial().await.connect();
    let lease = later.await.expect("served");
    assert_eq!((lease.name, peer.closes(), peer.alive()), (1, 1, 1));
    sound(&pool);
}

#[tokio::test]
async fn an_interrupted_lease_may_be_discarded_or_panic() {
    let (net, mut peer) = net();
    let pool = net.pool(no_timer());
    let (first, second) = (leased(&pool, &mut peer).await, leased(&pool, &mut peer).await);
    pool.clear(Clear::all().interrupt());
    first.discard();
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _second = second;
        panic!("in the middle of a transaction");
    }));
    assert!(panicked.is_err());
    until("both are closed", || pool.stats().connections() == 0).await;
    assert_eq!((peer.closes(), peer.alive()), (2, 0));
    sound(&pool);
}

#[tokio::test]
async fn what_was_delivered_but_not_picked_up_closes_at_once_and_is_asked_for_again() {
    let (net, mut peer) = net();
    let pool = net.pool(no_timer().max_connections_per_key(1));
    let lease = leased(&pool, &mut peer).await;
    let mut waiter = pool.get(&"host");
    waits(&mut waiter);
    drop(lease);
    assert_eq!(pool.stats().leased, 1, "delivered to the waiter");
    pool.clear(Clear::all().interrupt());
    until("it is closed", || peer.closes() == 1 && peer.alive() == 0).await;
    waits(&mut waiter);
    peer.dial().await.connect();
    assert_eq!(waiter.await.expect("served").name, 1);
    sound(&pool);
}

#[tokio::test]
async fn an_interrupted_shared_connection_closes_at_once_and_its_leases_are_told() {
    let (net, mut peer) = net();
    let pool = net.shared(9).pool(no_timer().max_connections_per_key(1));
    let first = leased(&pool, &mut peer).await;
    let second = served(&mut pool.get(&"host"));
    let told = [tokio::spawn(first.cleared()), tokio::spawn(second.cleared())];
    tokio::task::yield_now().await;
    pool.clear(Clear::all().interrupt());
    for told in told {
        told.await.expect("told");
    }
    until("the pool's own handle is closed", || peer.closes() == 1).await;
    assert!(first.is_cleared() && second.is_cleared());
    assert_eq!((pool.stats().connections(), peer.alive()), (0, 2), "who has a handle keeps it");
    let third = leased(&pool, &mut peer).await;
    assert_eq!(third.name, 1);
    drop((first, second));
    assert_eq!(pool.stats().leased, 1);
    sound(&pool);
}

#[tokio::test]
async fn other_leases_of_a_shared_connection_learn_that_one_has_discarded_it() {
    let (net, mut peer) = net();
    let pool = net.shared(9).pool(no_timer());
    let first = leased(&pool, &mut peer).await;
    let second = served(&mut pool.get(&"host"));
    let cleared = second.cleared();
    first.discard();
    cleared.await;
    assert!(second.is_cleared());
    sound(&pool);
}

#[tokio::test]
async fn a_dial_of_the_old_generation_never_serves() {
    let (net, mut peer) = net();
    let pool = net.pool(no_timer());
    let mut get = pool.get(&"host");
    waits(&mut get);
    let old = peer.dial().await;
    // No other task runs between these two: the dial ends before it is told to stop.
    old.connect();
    pool.clear(Clear::all());
    peer.dial().await.connect();
    assert_eq!(get.await.expect("served").name, 1);
    until("the old one is gone", || peer.alive() == 0 || pool.stats().connections() == 1).await;
    sound(&pool);
}

#[tokio::test]
async fn a_check_of_the_old_generation_is_stopped() {
    let (net, mut peer) = net();
    let pool = net.shared(2).pool(no_timer().check_after_idle(std::time::Duration::ZERO));
    drop(leased(&pool, &mut peer).await);
    let mut get = pool.get(&"host");
    waits(&mut get);
    let mut trial = peer.trial().await;
    pool.clear(Clear::all());
    trial.dropped().await;
    peer.dial().await.connect();
    assert_eq!(get.await.expect("served").name, 1);
    until("the old one is closed", || peer.closes() == 1 && pool.stats().connections() == 1).await;
    sound(&pool);
}
