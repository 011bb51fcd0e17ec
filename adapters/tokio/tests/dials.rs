//! A4, R7, A8: dials that fail, hang or panic, and who hears of it.

mod support;

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use latebind_tokio::{ConnectError, DialFailure, Error, Surplus};
use support::{config, net, sound, until, waits};

#[tokio::test]
async fn the_dials_own_error_reaches_the_requester() {
    let (net, mut peer) = net();
    let pool = net.pool(config());
    let mut get = pool.get(&"host");
    waits(&mut get);
    peer.dial().await.fail("connection refused by test");
    let error = get.await.expect_err("its dial failed");
    assert_eq!(error.to_string(), "the dial failed: connection refused by test");
    assert_eq!(error.source().expect("the manager's error").to_string(), "connection refused by test");
    let own = error.connect_error().and_then(ConnectError::manager_error).expect("the manager's error");
    assert_eq!(own.text, "connection refused by test");
    assert_eq!(pool.stats().connections(), 0);
    assert_eq!(pool.stats().keys, 0, "nothing is left of the key");
    sound(&pool);
}

#[tokio::test]
async fn one_failed_dial_concerns_one_request() {
    let (net, mut peer) = net();
    let pool = net.pool(config());
    let (mut first, mut second) = (pool.get(&"host"), pool.get(&"host"));
    waits(&mut first);
    waits(&mut second);
    peer.dial().await.fail("refused");
    assert!(matches!(first.await, Err(Error::Dial(ConnectError::Failed(_)))));
    peer.dial().await.connect();
    drop(second.await.expect("the other dial covers it"));
}

#[tokio::test]
async fn a_fatal_error_is_heard_by_all_that_were_there_and_is_the_same_one() {
    let (net, mut peer) = net();
    let pool = net.pool(config().max_connections_per_key(1));
    let mut holder = pool.get(&"host");
    waits(&mut holder);
    peer.dial().await.connect();
    let holder = holder.await.expect("served");
    let mut gets: Vec<_> = (0..3).map(|_| pool.get(&"host")).collect();
    gets.iter_mut().for_each(waits);
    holder.discard();
    peer.dial().await.fail_fatally("wrong password");
    let mut errors = Vec::new();
    for get in gets {
        match get.await {
            Err(Error::Dial(ConnectError::Failed(error))) => errors.push(error),
            other => panic!("it should fail with the dial's error, but got {other:?}"),
        }
    }
    assert!(errors.iter().all(|error| Arc::ptr_eq(error, &errors[0])));
    assert!(peer.is_quiet(), "no dial could do better");
    sound(&pool);
}

#[tokio::test]
async fn a_connect_that_panics_is_a_failed_dial() {
    let (net, mut peer) = net();
    let pool = net.pool(config());
    let mut get = pool.get(&"host");
    waits(&mut get);
    peer.dial().await.panic("out of luck");
    let error = get.await.expect_err("its dial panicked");
    assert_eq!(error.to_string(), "the dial panicked: out of luck");
    assert!(matches!(error, Error::Dial(ConnectError::Panicked(_))));

    let mut later = pool.get(&"host");
    waits(&mut later);
    peer.dial().await.connect();
    drop(later.await.expect("the pool goes on"));
    sound(&pool);
}

#[tokio::test]
async fn a_connect_that_panics_before_it_returns_its_future_is_a_failed_dial() {
    let (net, _peer) = net();
    let pool = net.pool(config());
    let error = pool.get(&"panics at once").await.expect_err("its dial panicked");
    assert!(error.to_string().contains("before it returned a future"), "{error}");
    assert_eq!(pool.stats().connections(), 0);
    sound(&pool);
}

#[tokio::test(start_paused = true)]
async fn a_connect_that_hangs_is_given_up_in_time_and_its_slot_is_freed() {
    let (net, mut peer) = net();
    let limit = Duration::from_secs(5);
    let pool = net.pool(config().dial_timeout(limit).max_connections_per_key(1));
    let begun = tokio::time::Instant::now();
    let mut get = pool.get(&"host");
    waits(&mut get);
    let mut hanging = peer.dial().await;
    let error = get.await.expect_err("its dial hung");
    assert_eq!(error.to_string(), "the dial took longer than 5s");
    assert!(begun.elapsed() >= limit && begun.elapsed() < limit + Duration::from_millis(10));
    hanging.dropped().await;
    until("the slot is free", || pool.stats().connections() == 0).await;
    assert_eq!(peer.dropped_dials(), 1);

    let mut later = pool.get(&"host");
    waits(&mut later);
    peer.dial().await.connect();
    drop(later.await.expect("the slot is free again"));
    sound(&pool);
}

#[tokio::test(start_paused = true)]
async fn retries_go_on_after_a_backoff_until_a_dial_succeeds() {
    let (net, mut peer) = net();
    let backoff = Duration::from_secs(1);
    let policy = DialFailure::Retry { backoff, backoff_max: backoff, attempts: 9 };
    let pool = net.pool(config().dial_failure(policy));
    let mut get = pool.get(&"host");
    waits(&mut get);
    let begun = tokio::time::Instant::now();
    peer.dial().await.fail("refused");
    let second = peer.dial().await;
    assert!(begun.elapsed() >= backoff / 2, "the backoff, jittered, had to pass: {:?}", begun.elapsed());
    second.connect();
    drop(get.await.expect("the second dial succeeded"));
}

#[tokio::test]
async fn a_surplus_dial_is_stopped_where_the_policy_says_so() {
    let (net, mut peer) = net();
    let pool = net.pool(config().surplus(Surplus::Cancel));
    let mut get = pool.get(&"host");
    waits(&mut get);
    let mut dial = peer.dial().await;
    drop(get);
    dial.dropped().await;
    until("its slot is free", || pool.stats().connections() == 0).await;
    sound(&pool);
}

#[tokio::test]
async fn a_close_that_panics_or_is_reusable_that_panics_costs_one_connection_only() {
    let (net, mut peer) = net();
    let pool = net.pool(config());
    peer.panic_in_close();
    peer.panic_in_is_reusable();
    let mut get = pool.get(&"host");
    waits(&mut get);
    peer.dial().await.connect();
    drop(get.await.expect("served"));
    until("the connection is gone", || pool.stats().connections() == 0).await;
    assert_eq!((peer.closes(), peer.alive()), (1, 0));
    sound(&pool);
}
