//! Timers of the driver, and times that its clock cannot reach.

use std::time::Duration;

use latebind_tokio::{ConnectError, Error};
use tokio::time::{Instant, advance, sleep};

use crate::support::{config, leased, net, served, sound, tasks, until, waits};

const SECOND: Duration = Duration::from_secs(1);

/// Vincit/tarn.js PR#48: a dial that ended as it timed out was neither used nor closed.
#[tokio::test(start_paused = true)]
async fn b21_a_dial_that_succeeds_as_it_times_out_is_used_or_gone() {
    for succeeds_first in [true, false] {
        let (net, mut peer) = net();
        let pool = net.pool(config().max_connections_per_key(1).dial_timeout(SECOND));
        let mut first = pool.get(&"host");
        waits(&mut first);
        let dial = peer.dial().await;
        until("the timer runs", || tasks() == 2).await;
        // The dial's task does not run between these two.
        if succeeds_first {
            dial.connect();
            advance(SECOND).await;
        } else {
            advance(SECOND).await;
            dial.connect();
        }
        let name = match first.await {
            Ok(lease) => lease.name,
            Err(error) => {
                assert!(matches!(error, Error::Dial(ConnectError::TimedOut(SECOND))), "{error:?}");
                0
            }
        };
        until("no dial is left", || pool.stats().dialing == 0).await;
        assert_eq!((peer.alive(), name), (pool.stats().connections() as usize, 0));
        sound(&pool);
        drop(pool);
        until("no task is left", || tasks() == 0).await;
        assert_eq!(peer.alive(), 0);
    }
}

/// Vincit/tarn.js PR#48: after a dial had timed out, it was pending for ever, and none was tried again.
#[tokio::test(start_paused = true)]
async fn b21_after_a_dial_has_timed_out_the_next_request_is_dialed_for() {
    let (net, mut peer) = net();
    let pool = net.pool(config().max_connections_per_key(1).dial_timeout(SECOND));
    for _ in 0..3 {
        let error = pool.get(&"host").await.expect_err("it hung");
        assert!(matches!(error, Error::Dial(ConnectError::TimedOut(SECOND))), "{error:?}");
        peer.dial().await.dropped().await;
    }
    until("no dial is left", || pool.stats().dialing == 0).await;
    let mut get = pool.get(&"host");
    waits(&mut get);
    peer.dial().await.connect();
    drop(get.await.expect("served"));
}

/// hyperium/hyper#1215: a timeout was subtracted from a clock that had just begun.
#[tokio::test(start_paused = true)]
async fn b91_timeouts_may_be_longer_than_the_clock_goes() {
    let (net, mut peer) = net();
    let endless = Duration::MAX;
    let config = config().idle_timeout(endless).dial_timeout(endless).request_timeout(endless);
    let pool = net.pool(config.max_lifetime(endless).max_connections_per_key(1));
    let lease = leased(&pool, &mut peer).await;
    let (mut first, mut second) = (pool.get(&"host"), pool.get(&"host").timeout(endless));
    waits(&mut first);
    waits(&mut second);
    sleep(1_000_000 * SECOND).await;
    drop(lease);
    assert_eq!(served(&mut first).name, 0);
    drop(served(&mut second));
    sleep(1_000_000 * SECOND).await;
    assert_eq!(served(&mut pool.get(&"host")).name, 0);
    sound(&pool);
}

/// HTTPCORE-754 (apache/httpcomponents-core, commit 0b126eef): "no timeout" was taken for a timeout of nothing.
#[tokio::test(start_paused = true)]
async fn b93_without_timeouts_a_request_waits_and_a_connection_stays() {
    let (net, mut peer) = net();
    let off = config().idle_timeout(None).dial_timeout(None).request_timeout(None).max_lifetime(None);
    let pool = net.pool(off.max_connections_per_key(1));
    let mut get = pool.get(&"host");
    waits(&mut get);
    let mut second = pool.get(&"host").timeout(None);
    waits(&mut second);
    let dial = peer.dial().await;
    sleep(1_000_000 * SECOND).await;
    waits(&mut get);
    dial.connect();
    drop(get.await.expect("served"));
    drop(served(&mut second));
    sleep(1_000_000 * SECOND).await;
    assert_eq!(served(&mut pool.get(&"host")).name, 0);
    assert_eq!(tasks(), 0, "no timer was ever needed");
}

/// aio-libs/aiohttp#3296: the timer that had fired over an empty pool was still taken for armed.
#[tokio::test(start_paused = true)]
async fn b95_the_timer_runs_again_after_it_has_ended() {
    let (net, mut peer) = net();
    let pool = net.pool(config().idle_timeout(10 * SECOND));
    for round in 0..3 {
        let lease = leased(&pool, &mut peer).await;
        assert_eq!(lease.name, round);
        sleep(60 * SECOND).await;
        assert_eq!(tasks(), 0, "a lease does not expire");
        let parked = Instant::now();
        drop(lease);
        while pool.stats().connections() > 0 {
            assert!(parked.elapsed() < 11 * SECOND, "it is idle for too long");
            sleep(SECOND / 10).await;
        }
        assert!(parked.elapsed() >= 10 * SECOND, "{:?}", parked.elapsed());
        assert_eq!((peer.alive(), tasks()), (0, 0));
    }
}
