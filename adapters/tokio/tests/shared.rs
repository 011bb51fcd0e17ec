//! R18 through the adapter: connections that carry several leases at once.

mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};

use latebind_tokio::{Error, Lease, Pool, Source};
use support::{Net, Peer, config, net, poll_once, served, sound, until, waits};

async fn first_lease(pool: &Pool<Net>, peer: &mut Peer) -> Lease<Net> {
    let mut get = pool.get(&"host");
    waits(&mut get);
    peer.dial().await.connect();
    get.await.expect("served")
}

#[tokio::test]
async fn one_dial_serves_as_many_as_the_connection_can_carry() {
    let (net, mut peer) = net();
    let pool = net.shared(3).pool(config().max_connections_per_key(1));
    let mut gets: Vec<_> = (0..4).map(|_| pool.get(&"host")).collect();
    gets.iter_mut().for_each(waits);
    peer.dial().await.connect();
    until("it was delivered", || pool.stats().waiters == 1).await;
    let mut last = gets.pop().expect("the fourth");
    let leases: Vec<_> = gets.iter_mut().map(served).collect();
    assert!(leases.iter().all(|lease| lease.name == 0 && lease.id() == leases[0].id()));
    let sources: Vec<_> = leases.iter().map(Lease::source).collect();
    assert_eq!(sources, [Source::OwnDial, Source::OtherDial, Source::OtherDial]);
    assert_eq!(peer.alive(), 5, "the connection, the handle that is cloned, and one for each lease");

    waits(&mut last);
    drop(leases);
    let last = served(&mut last);
    assert_eq!((last.name, last.source()), (0, Source::Returned));
    drop(last);
    assert_eq!((pool.stats().idle, peer.alive()), (1, 2));
    assert_eq!(served(&mut pool.get(&"host")).source(), Source::Idle);
    sound(&pool);
}

#[tokio::test]
async fn capacity_can_grow_and_shrink_while_in_use() {
    let (net, mut peer) = net();
    let pool = net.shared(1).pool(config().max_connections_per_key(1));
    let lease = first_lease(&pool, &mut peer).await;
    let mut waiter = pool.get(&"host");
    waits(&mut waiter);
    lease.set_capacity(2);
    let second = served(&mut waiter);
    assert_eq!(second.source(), Source::Shared);
    lease.set_capacity(0);
    drop(second);
    let mut waiter = pool.get(&"host");
    waits(&mut waiter);
    lease.set_capacity(2);
    drop(served(&mut waiter));
    sound(&pool);
}

#[tokio::test]
async fn a_draining_connection_takes_no_new_lease_and_closes_with_its_last() {
    let (net, mut peer) = net();
    let pool = net.shared(9).pool(config());
    let first = first_lease(&pool, &mut peer).await;
    let second = served(&mut pool.get(&"host"));
    first.drain();
    let mut third = pool.get(&"host");
    waits(&mut third);
    drop(first);
    assert_eq!((peer.closes(), pool.stats().leased), (0, 1));
    drop(second);
    until("it has closed", || peer.closes() == 1 && peer.alive() == 0).await;
    peer.dial().await.connect();
    assert_eq!(third.await.expect("served").name, 1);
    sound(&pool);
}

#[tokio::test]
async fn a_broken_connection_is_nobodys_any_more_and_its_slot_is_freed_once_it_is_closed() {
    let (net, mut peer) = net();
    let pool = net.shared(9).pool(config().max_connections_per_key(1));
    let first = first_lease(&pool, &mut peer).await;
    let second = served(&mut pool.get(&"host"));
    let third = served(&mut pool.get(&"host"));
    let mut later = pool.get(&"host");
    first.discard();
    waits(&mut later);
    third.discard();
    peer.dial().await.connect();
    assert_eq!(later.await.expect("served").name, 1);
    assert_eq!((second.name, peer.closes()), (0, 1), "a lease keeps its handle until it ends");
    drop(second);
    assert_eq!((pool.stats().connections(), peer.alive()), (1, 2));
    sound(&pool);
}

#[tokio::test]
async fn a_panic_of_one_lease_leaves_the_others_alone() {
    let (net, mut peer) = net();
    let pool = net.shared(9).pool(config());
    let first = first_lease(&pool, &mut peer).await;
    let second = served(&mut pool.get(&"host"));
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _first = first;
        panic!("in the middle of a stream");
    }));
    assert!(panicked.is_err());
    assert_eq!((pool.stats().leased, peer.closes()), (1, 0));
    waits(&mut pool.get(&"host"));
    drop(second);
    until("it has closed", || peer.closes() == 1).await;
    sound(&pool);
}

#[tokio::test]
async fn a_handle_that_cannot_be_made_is_told_and_costs_the_connection() {
    let (net, mut peer) = net();
    let pool = net.shared(9).pool(config());
    let first = first_lease(&pool, &mut peer).await;
    peer.panic_in_clone();
    let std::task::Poll::Ready(Err(Error::Dial(error))) = poll_once(&mut pool.get(&"host")) else {
        panic!("it should fail at once");
    };
    assert_eq!(error.to_string(), "the dial panicked: clone panicked");
    drop(first);
    until("it has closed", || pool.stats().connections() == 0).await;
    assert_eq!(peer.alive(), 0);
    sound(&pool);
}

#[tokio::test]
async fn capacity_that_went_to_zero_with_the_last_lease_comes_back_through_the_pool() {
    let (net, mut peer) = net();
    let pool = net.shared(2).pool(config().max_connections_per_key(1));
    let mut get = pool.get(&"host");
    waits(&mut get);
    peer.dial().await.connect();
    let lease = get.await.expect("served");
    let conn = lease.id();
    lease.set_capacity(0);
    drop(lease);
    let mut get = pool.get(&"host");
    waits(&mut get);
    pool.set_capacity(conn, 1);
    drop(served(&mut get));
    assert_eq!(pool.stats().idle, 1);
    sound(&pool);
}

#[tokio::test]
async fn a_connection_without_capacity_or_lease_can_be_given_up_through_the_pool() {
    let (net, mut peer) = net();
    let pool = net.shared(2).pool(config().max_connections_per_key(1));
    let mut get = pool.get(&"host");
    waits(&mut get);
    peer.dial().await.connect();
    let lease = get.await.expect("served");
    let conn = lease.id();
    lease.set_capacity(0);
    drop(lease);
    let mut get = pool.get(&"host");
    waits(&mut get);
    pool.drain(conn);
    let dial = peer.dial().await;
    assert_eq!(peer.closes(), 1);
    dial.connect();
    assert_eq!(get.await.expect("served").name, 1);
    // Too late for it, and no misuse.
    pool.drain(conn);
    pool.set_capacity(conn, 3);
    sound(&pool);
}

#[tokio::test]
async fn what_the_pool_is_told_of_a_dial_or_an_exclusive_connection_does_no_harm() {
    let (net, mut peer) = net();
    let pool = net.pool(config());
    let mut get = pool.get(&"host");
    waits(&mut get);
    peer.dial().await.connect();
    let lease = get.await.expect("served");
    pool.set_capacity(lease.id(), 0);
    let conn = lease.id();
    drop(lease);
    assert_eq!(served(&mut pool.get(&"host")).id(), conn);
    pool.drain(conn);
    until("it has closed", || pool.stats().connections() == 0).await;
    sound(&pool);
}
