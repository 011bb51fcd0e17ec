//! R8, R18 through the adapter: one dial at a time where its connection serves all.

mod support;

use std::num::NonZeroU32;

use latebind_tokio::{ConnectError, Error, Get, Pool, Source};
use support::{Net, Peer, config, net, served, sound, until, waits};

const ONE: NonZeroU32 = NonZeroU32::MIN;

/// So many cold requests that say that one dial is enough.
fn cold(pool: &Pool<Net>, count: usize) -> Vec<Get<'static, Net>> {
    let mut gets: Vec<_> = (0..count).map(|_| pool.get(&"host").max_dials(ONE)).collect();
    gets.iter_mut().for_each(waits);
    gets
}

fn shared(leases: u32) -> (Pool<Net>, Peer) {
    let (net, peer) = net();
    (net.shared(leases).pool(config().max_connections_per_key(None)), peer)
}

#[tokio::test]
async fn fifty_cold_requests_share_one_dial() {
    let (pool, mut peer) = shared(100);
    let mut gets = cold(&pool, 50);
    assert_eq!((pool.stats().dialing, pool.stats().waiters), (1, 50));
    peer.dial().await.connect();
    until("all are served", || pool.stats().waiters == 0).await;
    let leases: Vec<_> = gets.iter_mut().map(served).collect();
    assert!(leases.iter().all(|lease| lease.name == 0));
    assert_eq!(leases.iter().filter(|lease| lease.source() == Source::OtherDial).count(), 49);
    assert!(peer.is_quiet());
    assert_eq!(pool.stats().counters.dials, 1);
    sound(&pool);
}

#[tokio::test]
async fn without_a_limit_each_of_them_starts_its_own() {
    let (pool, _peer) = shared(100);
    let mut gets: Vec<_> = (0..50).map(|_| pool.get(&"host")).collect();
    gets.iter_mut().for_each(waits);
    assert_eq!(pool.stats().dialing, 50);
}

#[tokio::test]
async fn when_that_dial_fails_one_request_fails_and_the_next_dial_serves_the_others() {
    let (pool, mut peer) = shared(100);
    let mut gets = cold(&pool, 50);
    peer.dial().await.fail("refused");
    until("one has failed", || pool.stats().waiters == 49).await;
    let Err(Error::Dial(ConnectError::Failed(error))) = gets.remove(0).await else {
        panic!("the first one fails");
    };
    assert_eq!((error.text, pool.stats().dialing), ("refused", 1));
    peer.dial().await.connect();
    until("the others are served", || pool.stats().waiters == 0).await;
    let leases: Vec<_> = gets.iter_mut().map(served).collect();
    assert!(leases.iter().all(|lease| lease.name == 0));
    assert_eq!(pool.stats().counters.dials, 2);
    sound(&pool);
}

#[tokio::test]
async fn when_its_connection_is_full_the_next_dial_starts_for_those_who_are_left() {
    let (pool, mut peer) = shared(3);
    let mut gets = cold(&pool, 5);
    peer.dial().await.connect();
    until("three are served", || pool.stats().waiters == 2).await;
    assert_eq!(pool.stats().dialing, 1);
    peer.dial().await.connect();
    until("all are served", || pool.stats().waiters == 0).await;
    let leases: Vec<_> = gets.iter_mut().map(|get| served(get).name).collect();
    assert_eq!(leases, [0, 0, 0, 1, 1]);
    sound(&pool);
}

#[tokio::test]
async fn the_limit_holds_for_requests_that_say_nothing_of_it() {
    let (pool, _peer) = shared(100);
    let _limited = cold(&pool, 1);
    waits(&mut pool.get(&"host"));
    let mut elsewhere = pool.get(&"other");
    waits(&mut elsewhere);
    assert_eq!((pool.key_stats(&"host").dialing, pool.key_stats(&"other").dialing), (1, 1));
    sound(&pool);
}

#[tokio::test]
async fn a_limit_that_is_ended_starts_the_dials_that_it_held_up() {
    let (pool, mut peer) = shared(1);
    let mut gets = cold(&pool, 4);
    pool.limit_dials(&"host", NonZeroU32::new(2));
    assert_eq!(pool.stats().dialing, 2);
    pool.limit_dials(&"host", None);
    assert_eq!(pool.stats().dialing, 4);
    for _ in 0..4 {
        peer.dial().await.connect();
    }
    until("all are served", || pool.stats().waiters == 0).await;
    let leases: Vec<_> = gets.iter_mut().map(served).collect();
    assert_eq!(leases.len(), 4);
    sound(&pool);
}

#[tokio::test]
async fn a_key_that_nothing_is_left_of_has_no_limit_any_more() {
    let (pool, mut peer) = shared(100);
    pool.limit_dials(&"host", ONE);
    let mut gets: Vec<_> = (0..2).map(|_| pool.get(&"host")).collect();
    gets.iter_mut().for_each(waits);
    assert_eq!(pool.stats().dialing, 2, "nothing was known of the key");
    pool.limit_dials(&"host", ONE);
    for get in gets {
        peer.dial().await.fail("refused");
        assert!(get.await.is_err());
    }
    let mut gets: Vec<_> = (0..2).map(|_| pool.get(&"host")).collect();
    gets.iter_mut().for_each(waits);
    assert_eq!(pool.stats().dialing, 2);
    sound(&pool);
}
