//! Connections that are stale, broken or draining when somebody wants them.

use std::time::Duration;

use latebind_tokio::Source;

use crate::support::{Dial, config, leased, net, served, sound, until, waits};

/// hyperium/hyper PR#2585: "there is a connection" kept a shared key from dialing, though its peer had closed it.
#[tokio::test]
async fn b83_a_shared_connection_that_its_peer_has_closed_is_dialed_for_again() {
    for in_use in [false, true] {
        let (net, mut peer) = net();
        let pool = net.shared(9).watching().pool(config().max_connections_per_key(1));
        let mut get = pool.get(&"host");
        waits(&mut get);
        let switch = peer.dial().await.connect();
        drop(get.await.expect("served"));
        let lease = in_use.then(|| served(&mut pool.get(&"host")));
        // No other task runs between these two: nobody has noticed yet.
        switch.close();
        let mut get = pool.get(&"host");
        waits(&mut get);
        peer.dial().await.connect();
        let second = get.await.expect("dialed for");
        assert_eq!((second.name, pool.stats().connections()), (1, 1));
        drop((lease, second));
        until("the first is closed, and the second idle", || peer.closes() == 1 && pool.stats().idle == 1)
            .await;
        sound(&pool);
    }
}

/// golang/go#39752: a draining connection without streams was dropped from the pool, but never closed.
#[tokio::test]
async fn b85_a_connection_that_drains_while_it_is_idle_is_closed() {
    let (net, mut peer) = net();
    let pool = net.shared(9).pool(config().max_connections_per_key(1));
    let lease = leased(&pool, &mut peer).await;
    let conn = lease.id();
    drop(lease);
    assert_eq!(pool.stats().idle, 1);
    pool.drain(conn);
    until("it is closed", || pool.stats().connections() == 0).await;
    assert_eq!((peer.closes(), peer.alive()), (1, 0));
    assert_eq!(leased(&pool, &mut peer).await.name, 1);
    sound(&pool);
}

/// deadpool 0.9.5 (issue #199, commit 7ffa964): connections that failed their check, or whose hook panicked, were
/// subtracted twice or never, so the limit was exceeded or the count underflowed.
#[tokio::test]
async fn b43_connections_that_fail_their_check_free_one_slot_each() {
    let (net, mut peer) = net();
    let pool = net.pool(config().max_connections_per_key(2).check_after_idle(Duration::ZERO));
    for _ in 0..3 {
        let mut gets = [pool.get(&"host"), pool.get(&"host")];
        gets.iter_mut().for_each(waits);
        if pool.stats().checking == 2 {
            peer.trial().await.fail();
            peer.trial().await.panic();
        }
        let dials = [peer.dial().await, peer.dial().await];
        assert_eq!((pool.stats().dialing, pool.stats().connections(), peer.alive()), (2, 2, 0));
        let mut third = pool.get(&"host");
        waits(&mut third);
        drop(dials.map(Dial::connect));
        let [first, second] = gets;
        let (first, second) = (first.await.expect("served"), second.await.expect("served"));
        waits(&mut third);
        assert!(peer.is_quiet(), "no dial beyond the limit");
        drop(first);
        assert_eq!(third.await.expect("served").source(), Source::Returned);
        drop(second);
        assert_eq!((pool.stats().idle, pool.stats().connections(), peer.alive()), (2, 2, 2));
        sound(&pool);
    }
}

/// deadpool 0.9.5 (issue #199, commit 7ffa964), where closing takes its time.
#[tokio::test]
async fn b43_a_connection_that_failed_its_check_holds_its_slot_until_it_is_closed() {
    let (net, mut peer) = net();
    let pool = net.pool(config().max_connections_per_key(1).check_after_idle(Duration::ZERO));
    drop(leased(&pool, &mut peer).await);
    let mut get = pool.get(&"host");
    waits(&mut get);
    peer.hold_closes();
    peer.trial().await.fail();
    until("it is being closed", || peer.closes() == 1).await;
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    assert!(peer.is_quiet(), "no dial beyond the limit");
    assert_eq!((pool.stats().closing, pool.stats().connections()), (1, 1));
    sound(&pool);
}

/// cloudflare/pingora, commit e990a04: without an idle timeout nobody noticed that a connection closed.
#[tokio::test]
async fn b89_a_connection_that_its_peer_closes_is_removed_where_nothing_expires() {
    for leases in [None, Some(9)] {
        let (net, mut peer) = net();
        let net = if let Some(leases) = leases { net.shared(leases) } else { net };
        let pool = net.watching().pool(config().idle_timeout(None).request_timeout(None).dial_timeout(None));
        let mut get = pool.get(&"host");
        waits(&mut get);
        let switch = peer.dial().await.connect();
        drop(get.await.expect("served"));
        assert_eq!(pool.stats().idle, 1);
        switch.close();
        until("it is gone", || pool.stats().connections() == 0 && peer.alive() == 0).await;
        assert_eq!(leased(&pool, &mut peer).await.name, 1);
        sound(&pool);
    }
}
