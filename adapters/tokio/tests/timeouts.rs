//! R12, A6, A8: deadlines, what they tell, and the timer behind them.

mod support;

use std::error::Error as _;
use std::time::Duration;

use latebind_tokio::{ConnectError, DialFailure, Error};
use support::{config, net, sound, tasks, until, waits};
use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn a_timeout_tells_what_the_pool_was_doing() {
    let (net, mut peer) = net();
    let pool = net.pool(config().max_connections_per_key(1));
    let mut holder = pool.get(&"host");
    waits(&mut holder);
    peer.dial().await.connect();
    let _holder = holder.await.expect("served");
    let mut elsewhere = pool.get(&"elsewhere");
    waits(&mut elsewhere);

    let begun = Instant::now();
    let error = pool.get(&"host").timeout(2 * SECOND).await.expect_err("the only connection is in use");
    assert!(begun.elapsed() >= 2 * SECOND && begun.elapsed() < 2 * SECOND + Duration::from_millis(10));
    let Error::Timeout(timeout) = &error else { panic!("a timeout, not {error:?}") };
    assert!(timeout.waited >= 2 * SECOND && timeout.waited < 3 * SECOND);
    assert_eq!((timeout.pool.leased, timeout.pool.dialing, timeout.pool.waiters), (1, 1, 1));
    assert_eq!((timeout.key.leased, timeout.key.dialing, timeout.key.waiters), (1, 0, 0));
    assert!(timeout.last_dial.is_none());
    assert!(error.to_string().starts_with("no connection within 2"), "{error}");
    assert!(error.to_string().contains("1 leased"), "{error}");
    sound(&pool);
}

#[tokio::test(start_paused = true)]
async fn a_timeout_tells_why_the_last_dial_failed() {
    let (net, mut peer) = net();
    let backoff = Duration::from_secs(60);
    let policy = DialFailure::Retry { backoff, backoff_max: backoff, attempts: 9 };
    let pool = net.pool(config().dial_failure(policy).request_timeout(SECOND));
    let mut get = pool.get(&"host");
    waits(&mut get);
    peer.dial().await.fail("no route to host");
    let error = get.await.expect_err("the backoff is longer than the timeout");
    let Error::Timeout(timeout) = &error else { panic!("a timeout, not {error:?}") };
    let last = timeout.last_dial.as_ref().expect("the dial that failed");
    assert_eq!(last.manager_error().expect("the manager's error").text, "no route to host");
    assert!(error.to_string().ends_with("the dial failed: no route to host"), "{error}");
    assert_eq!(error.source().expect("chained").to_string(), "no route to host");
}

#[tokio::test(start_paused = true)]
async fn a_timeout_tells_that_the_last_dial_hung() {
    let (net, mut peer) = net();
    let backoff = Duration::from_secs(60);
    let policy = DialFailure::Retry { backoff, backoff_max: backoff, attempts: 9 };
    let pool = net.pool(config().dial_failure(policy).dial_timeout(SECOND).request_timeout(3 * SECOND));
    let mut get = pool.get(&"host");
    waits(&mut get);
    let _hanging = peer.dial().await;
    let error = get.await.expect_err("the dial hung, and the backoff is longer than the timeout");
    assert!(matches!(error.connect_error(), Some(ConnectError::TimedOut(SECOND))), "{error:?}");
}

/// The first dial is refused, and the second one ends in the very step that finds the waiter out of time.
async fn late_second_dial(end: impl FnOnce(support::Dial)) -> Error<support::NetError> {
    let backoff = Duration::from_millis(1);
    let policy = DialFailure::Retry { backoff, backoff_max: backoff, attempts: 100 };
    let (net, mut peer) = net();
    let config = config().dial_failure(policy).max_connections_per_key(1).request_timeout(10 * SECOND);
    let pool = net.pool(config.dial_timeout(3600 * SECOND));
    let asking = pool.clone();
    let waiter = tokio::spawn(async move { asking.get(&"host").await.map(drop) });
    peer.dial().await.fail("refused");
    // Its end is ready, and then time leaps before any task runs.
    end(peer.dial().await);
    tokio::time::advance(20 * SECOND).await;
    let error = waiter.await.expect("no panic").expect_err("its time was over");
    sound(&pool);
    error
}

#[tokio::test(start_paused = true)]
async fn a_timeout_in_the_step_of_a_later_failure_names_the_dial_before() {
    let error = late_second_dial(|dial| dial.fail("refused again")).await;
    let Error::Timeout(timeout) = &error else { panic!("a timeout, not {error:?}") };
    let last = timeout.last_dial.as_ref().and_then(ConnectError::manager_error).map(|error| error.text);
    assert_eq!(last, Some("refused"), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_timeout_in_the_step_of_a_later_success_names_the_dial_before() {
    let error = late_second_dial(|dial| drop(dial.connect())).await;
    let Error::Timeout(timeout) = &error else { panic!("a timeout, not {error:?}") };
    let last = timeout.last_dial.as_ref().and_then(ConnectError::manager_error).map(|error| error.text);
    assert_eq!(last, Some("refused"), "{error:?}");
}

/// Both time limits pass in one step: the core cancels the dial, and fails the waiter because of it.
#[tokio::test(start_paused = true)]
async fn a_dial_that_times_out_with_its_waiter_is_told_as_such() {
    let (net, mut peer) = net();
    let backoff = Duration::from_secs(60);
    let policy = DialFailure::Retry { backoff, backoff_max: backoff, attempts: 9 };
    let config = config().dial_failure(policy).dial_timeout(SECOND).request_timeout(3 * SECOND);
    let pool = net.pool(config.clone());
    let mut get = pool.get(&"host");
    waits(&mut get);
    let _hanging = peer.dial().await;
    tokio::time::advance(2 * SECOND).await;
    // The old limit ends the dial, whatever the new one says.
    pool.reconfigure(&config.dial_timeout(3600 * SECOND)).expect("sound");
    let error = get.await.expect_err("the backoff is longer than the timeout");
    assert!(matches!(error.connect_error(), Some(ConnectError::TimedOut(SECOND))), "{error:?}");
    sound(&pool);
}

#[tokio::test(start_paused = true)]
async fn a_success_ends_the_memory_of_failures() {
    let (net, mut peer) = net();
    let policy = DialFailure::Retry { backoff: SECOND, backoff_max: SECOND, attempts: 9 };
    let pool = net.pool(config().dial_failure(policy).max_connections_per_key(1).dial_timeout(None));
    let mut get = pool.get(&"host").timeout(None);
    waits(&mut get);
    peer.dial().await.fail("refused");
    peer.dial().await.connect();
    let _lease = get.await.expect("the second dial succeeded");
    let error = pool.get(&"host").timeout(SECOND).await.expect_err("the only connection is in use");
    assert!(error.connect_error().is_none(), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn zero_is_at_once_or_not_at_all() {
    let (net, mut peer) = net();
    let pool = net.pool(config());
    let error = pool.get(&"host").timeout(Duration::ZERO).await.expect_err("there is nothing idle");
    let Error::Timeout(timeout) = error else { panic!("a timeout, not {error:?}") };
    assert_eq!((timeout.waited, timeout.key.connections()), (Duration::ZERO, 0));
    assert!(peer.is_quiet(), "no dial for somebody who has gone (R12)");

    let mut get = pool.get(&"host").timeout(Duration::MAX);
    waits(&mut get);
    peer.dial().await.connect();
    drop(get.await.expect("served"));
    drop(pool.get(&"host").timeout(Duration::ZERO).await.expect("there is one idle"));
}

#[tokio::test(start_paused = true)]
async fn too_many_waiters_are_refused_at_once_and_told_why() {
    let (net, _peer) = net();
    let pool = net.pool(config().max_waiters_per_key(1));
    let mut first = pool.get(&"host");
    waits(&mut first);
    let error = pool.get(&"host").await.expect_err("one waits already");
    let Error::TooManyWaiters(refused) = &error else { panic!("refused, not {error:?}") };
    assert_eq!((refused.pool.waiters, refused.key.dialing), (1, 1));
    assert!(error.to_string().starts_with("too many requests wait already (pool: 1 waiters;"), "{error}");
    sound(&pool);
}

#[tokio::test(start_paused = true)]
async fn idle_connections_close_in_time_and_then_no_task_is_left() {
    let (net, mut peer) = net();
    let pool = net.pool(config().idle_timeout(10 * SECOND));
    let mut get = pool.get(&"host");
    waits(&mut get);
    peer.dial().await.connect();
    let lease = get.await.expect("served");
    tokio::time::sleep(40 * SECOND).await;
    assert_eq!(tasks(), 0, "A6: the timer ended, since a lease does not expire");
    let parked = Instant::now();
    drop(lease);
    until("the timer runs", || tasks() == 1).await;
    tokio::time::sleep(9 * SECOND).await;
    assert_eq!(pool.stats().idle, 1);
    while pool.stats().connections() > 0 {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(parked.elapsed() >= 10 * SECOND && parked.elapsed() < 11 * SECOND, "{:?}", parked.elapsed());
    until("no task is left", || tasks() == 0).await;
    assert_eq!((peer.alive(), pool.stats().keys), (0, 0));
    sound(&pool);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_comes_earlier_wakes_the_timer() {
    let (net, _peer) = net();
    let pool = net.pool(config().dial_timeout(3600 * SECOND).request_timeout(1800 * SECOND));
    let mut patient = pool.get(&"host");
    waits(&mut patient);
    until("the timer sleeps", || tasks() == 2).await;
    let begun = Instant::now();
    let hurried = pool.get(&"host").timeout(SECOND).await;
    assert!(matches!(hurried, Err(Error::Timeout(_))));
    assert!(begun.elapsed() < 2 * SECOND, "{:?}", begun.elapsed());
    assert!(matches!(patient.await, Err(Error::Timeout(_))));
}

#[tokio::test(start_paused = true)]
async fn a_pool_with_nothing_to_expire_has_no_task() {
    let (net, mut peer) = net();
    let pool = net.pool(config().idle_timeout(None));
    assert_eq!(tasks(), 0);
    let mut get = pool.get(&"host");
    waits(&mut get);
    peer.dial().await.connect();
    drop(get.await.expect("served"));
    tokio::time::sleep(3600 * SECOND).await;
    assert_eq!((tasks(), pool.stats().idle), (0, 1));
}
