//! Requests that end before they are served.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use latebind_tokio::{Error, Source};
use tokio::time::Instant;

use crate::support::{config, leased, net, poll_once, served, sound, until, waits};

/// ClickHouse/clickhouse-go PR#1759: a slot was taken before the connection was chosen, and lost with the request in
/// between.
#[tokio::test]
async fn b27_a_request_that_is_dropped_at_any_stage_holds_no_slot() {
    let (net, mut peer) = net();
    let pool = net.watching().pool(config().max_connections_per_key(2));
    for _ in 0..10 {
        drop(pool.get(&"host")); // Never polled.
        let mut waiting = pool.get(&"host");
        waits(&mut waiting);
        drop(waiting);
    }
    peer.dial().await.connect();
    until("it is parked", || pool.stats().idle == 1).await;
    for _ in 0..10 {
        let first = served(&mut pool.get(&"host"));
        let mut delivered = pool.get(&"host");
        waits(&mut delivered);
        drop(first);
        drop(delivered);
    }
    peer.dial().await.connect();
    until("both are parked", || pool.stats().idle == 2).await;
    let leases = [served(&mut pool.get(&"host")), served(&mut pool.get(&"host"))];
    assert_eq!((pool.stats().connections(), leases.len()), (2, 2));
    assert!(peer.is_quiet(), "no dial beyond the limit");
    sound(&pool);
}

/// psycopg/psycopg#1345: a task whose cancellation had been acknowledged went on with the connection.
#[tokio::test]
async fn b29_a_task_that_is_aborted_after_the_delivery_does_not_get_it() {
    let (net, mut peer) = net();
    let pool = net.pool(config().max_connections_per_key(1));
    let lease = leased(&pool, &mut peer).await;
    let (asking, went_on) = (pool.clone(), Arc::new(Mutex::new(false)));
    let goes_on = Arc::clone(&went_on);
    let task = tokio::spawn(async move {
        let lease = asking.get(&"host").await;
        *goes_on.lock().expect("no panic") = true;
        lease.map(drop)
    });
    until("it waits", || pool.stats().waiters == 1).await;
    let mut waiter = pool.get(&"host");
    waits(&mut waiter);
    // No other task runs between these two.
    drop(lease);
    task.abort();
    assert!(task.await.expect_err("aborted").is_cancelled());
    assert_eq!(served(&mut waiter).name, 0);
    assert!(!*went_on.lock().expect("no panic"));
    sound(&pool);
}

/// golang/go#41600: the late cancel of a request that was over hit whoever had its connection then.
#[tokio::test]
async fn b31_a_request_that_is_dropped_late_does_not_touch_the_next() {
    let (net, mut peer) = net();
    let pool = net.pool(config().max_connections_per_key(1));
    let holder = leased(&pool, &mut peer).await;
    let mut first = pool.get(&"host");
    waits(&mut first);
    drop(holder);
    let lease = served(&mut first);
    let mut second = pool.get(&"host");
    waits(&mut second); // It has the first one's place in the tables.
    drop(first);
    assert_eq!(pool.stats().waiters, 1);
    drop(lease);
    let lease = served(&mut second);
    drop(second);
    assert_eq!((lease.name, pool.stats().leased), (0, 1));
    sound(&pool);
}

/// jackc/pgx#1287: a request outlived its deadline as long as its dial hung.
#[tokio::test(start_paused = true)]
async fn b35_a_request_ends_in_time_though_its_dial_hangs() {
    let (net, mut peer) = net();
    let second = Duration::from_secs(1);
    let pool = net.pool(config().dial_timeout(60 * second));
    let begun = Instant::now();
    let answer = pool.get(&"host").timeout(second).await;
    assert!(matches!(answer, Err(Error::Timeout(_))), "{answer:?}");
    assert!(begun.elapsed() < 2 * second, "{:?}", begun.elapsed());
    let dial = peer.dial().await;
    assert!(!dial.is_dropped(), "it goes on for others, with a deadline of its own");
    let mut later = pool.get(&"host");
    waits(&mut later);
    dial.connect();
    assert_eq!(later.await.expect("served").source(), Source::OtherDial);
}

/// netty/netty#9669: the connection dialed for a request that was cancelled in the same moment was dropped, and its
/// slot was never freed.
#[tokio::test]
async fn b25_a_dial_that_ends_as_its_request_is_dropped_is_parked() {
    for dial_is_first in [true, false] {
        let (net, mut peer) = net();
        let pool = net.pool(config().max_connections_per_key(1));
        let mut get = pool.get(&"host");
        waits(&mut get);
        let dial = peer.dial().await;
        if dial_is_first {
            dial.connect();
            until("it was delivered", || pool.stats().leased == 1).await;
            drop(get);
        } else {
            drop(get);
            dial.connect();
            until("the dial is done", || pool.stats().dialing == 0).await;
        }
        assert_eq!((pool.stats().idle, pool.stats().connections(), peer.alive()), (1, 1, 1));
        assert_eq!(served(&mut pool.get(&"host")).name, 0);
        sound(&pool);
    }
}

/// square/okhttp#3363: a call that was cancelled early took the dial from those who waited for it as well.
#[tokio::test]
async fn b115_a_request_that_is_dropped_leaves_the_dial_and_the_connection_to_others() {
    let (net, mut peer) = net();
    let pool = net.shared(9).pool(config().max_connections_per_key(1));
    let mut gets = [pool.get(&"host"), pool.get(&"host"), pool.get(&"host")];
    gets.iter_mut().for_each(waits);
    let dial = peer.dial().await;
    let [first, second, third] = gets;
    drop(first);
    tokio::task::yield_now().await;
    assert!(!dial.is_dropped());
    dial.connect();
    until("it was delivered", || pool.stats().waiters == 0).await;
    drop(second); // Delivered, and not picked up.
    let third = third.await.expect("served");
    assert_eq!((third.name, pool.stats().leased, peer.closes()), (0, 1, 0));
    assert!(poll_once(&mut pool.get(&"host")).is_ready(), "it has room");
    assert!(peer.is_quiet(), "one dial was enough");
    sound(&pool);
}
