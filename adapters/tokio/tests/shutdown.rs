//! A5, R21: the end of a pool, and a runtime that ends under it.

mod support;

use std::future::Future as _;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use latebind_tokio::{BuildError, ConnectError, Error, Pool};
use support::{Answer, Net, config, net, poll_once, served, sound, tasks, until, waits};
use tokio::runtime::Runtime;

#[tokio::test]
async fn the_last_handle_ends_everything() {
    let (net, mut peer) = net();
    let pool = net.pool(config().max_connections_per_key(3));
    let mut gets: Vec<_> = (0..5).map(|_| pool.get(&"host")).collect();
    gets.iter_mut().for_each(waits);
    let mut waiters = gets.split_off(2);
    peer.dial().await.connect();
    peer.dial().await.connect();
    let mut hanging = peer.dial().await;
    let mut leases = Vec::new();
    for get in gets {
        leases.push(get.await.expect("served"));
    }
    leases.pop();
    drop(served(&mut waiters.remove(0)));
    drop(served(&mut waiters.remove(0)));
    drop(served(&mut waiters.remove(0)));
    assert_eq!((pool.stats().leased, pool.stats().idle, pool.stats().dialing), (1, 1, 1));

    let mut waiter = pool.get_owned("elsewhere");
    waits(&mut waiter);
    let elsewhere = peer.dial().await;
    let second_handle = pool.clone();
    let closed = tokio::spawn(pool.closed());
    drop(pool);
    waits(&mut waiter);
    drop(second_handle);

    assert!(matches!(waiter.await, Err(Error::Closed)));
    hanging.dropped().await;
    until("the dials and the idle connection are gone", || peer.alive() == 1 && elsewhere.is_dropped()).await;
    assert!(!closed.is_finished(), "a lease is out");
    leases.pop();
    closed.await.expect("drained");
    until("no task is left", || tasks() == 0).await;
    assert_eq!(peer.alive(), 0);
    assert_eq!(peer.closes(), 2, "both were closed in style");
}

#[tokio::test]
async fn the_last_handle_leaves_nothing_of_the_manager() {
    let (net, mut peer) = net();
    let pool = net.pool(config());
    let mut get = pool.get(&"host");
    waits(&mut get);
    peer.dial().await.connect();
    drop(get.await.expect("served"));
    let mut get = pool.get(&"elsewhere");
    waits(&mut get);
    drop(get);
    peer.dial().await;
    drop(pool);
    until("no task is left", || tasks() == 0).await;
    assert!(peer.is_abandoned(), "the manager, and all that held it, was dropped");
    assert_eq!(peer.alive(), 0);
}

#[tokio::test]
async fn shutdown_returns_when_nothing_is_left() {
    let (net, mut peer) = net();
    let pool = net.pool(config());
    let mut get = pool.get(&"host");
    waits(&mut get);
    peer.dial().await.connect();
    let lease = get.await.expect("served");

    let mut shutdown = pin!(pool.shutdown());
    assert!(shutdown.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    assert!(matches!(pool.get(&"host").await, Err(Error::Closed)));
    drop(lease);
    shutdown.await;
    assert_eq!((peer.alive(), pool.stats().connections()), (0, 0));
    pool.shutdown().await;
    pool.closed().await;
    sound(&pool);
}

#[tokio::test]
async fn waiting_for_the_end_can_be_given_up() {
    let (net, mut peer) = net();
    let pool = net.pool(config());
    let mut get = pool.get(&"host");
    waits(&mut get);
    peer.dial().await.connect();
    let lease = get.await.expect("served");
    {
        let mut given_up = pin!(pool.closed());
        assert!(given_up.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    let closed = tokio::spawn(pool.closed());
    drop(pool);
    drop(lease);
    closed.await.expect("told");
}

#[test]
fn a_pool_cannot_be_built_outside_of_a_runtime() {
    let (net, _peer) = net();
    let error = Pool::builder(net).build().expect_err("there is no runtime");
    assert_eq!(error, BuildError::NoRuntime);
    assert!(error.to_string().contains("Builder::runtime"), "{error}");
}

#[tokio::test]
async fn a_config_that_contradicts_itself_is_refused() {
    let (net, _peer) = net();
    let error =
        Pool::builder(net).config(config().max_dials(0)).build().expect_err("no dial could ever start");
    assert!(error.to_string().contains("`max_dials`"), "{error}");
}

#[tokio::test]
async fn a_lowered_limit_is_approached_and_a_bad_config_changes_nothing() {
    let (net, mut peer) = net();
    let pool = net.pool(config());
    let mut gets = [pool.get(&"host"), pool.get(&"host")];
    gets.iter_mut().for_each(waits);
    peer.dial().await.connect();
    peer.dial().await.connect();
    let mut leases = Vec::new();
    for get in gets {
        leases.push(get.await.expect("served"));
    }
    assert!(pool.reconfigure(&config().max_uses(0)).is_err());
    pool.reconfigure(&config().max_connections(1)).expect("sound");
    leases.clear();
    until("one of them has closed", || pool.stats().connections() == 1).await;
    assert_eq!(peer.alive(), 1);
    sound(&pool);
}

/// A pool of a runtime that is about to end, with one lease out, one waiter with a dial, and one without.
fn pool_of(runtime: &Runtime) -> (Pool<Net>, support::Peer, latebind_tokio::Lease<Net>) {
    let (net, mut peer) = net();
    let (pool, lease) = runtime.block_on(async {
        let pool = net.pool(config().max_connections_per_key(2));
        let mut get = pool.get(&"host");
        waits(&mut get);
        peer.dial().await.connect();
        let lease = get.await.expect("served");
        (pool, lease)
    });
    (pool, peer, lease)
}

#[test]
fn requests_of_a_runtime_that_has_ended_fail_elsewhere_rather_than_hang() {
    let here = Runtime::new().expect("a runtime");
    let gone = Runtime::new().expect("a runtime");
    let (pool, peer, lease) = pool_of(&gone);
    let mut waiter = pool.get(&"host");
    waits(&mut waiter);
    drop(gone);

    let in_time =
        |get| here.block_on(async move { tokio::time::timeout(Duration::from_secs(20), get).await });
    let error = in_time(waiter).expect("no hanging").expect_err("its dial was dropped");
    assert!(matches!(error, Error::Dial(ConnectError::RuntimeGone)), "{error:?}");
    assert!(error.to_string().contains("runtime has shut down"), "{error}");
    let error = in_time(pool.get(&"new")).expect("no hanging").expect_err("no dial can run");
    assert!(matches!(error, Error::Dial(ConnectError::RuntimeGone)), "{error:?}");

    // What can be served still is.
    let id = lease.id();
    drop(lease);
    assert_eq!(served(&mut pool.get(&"host")).id(), id);
    sound(&pool);
    let closed = pool.closed();
    drop(pool);
    here.block_on(async { tokio::time::timeout(Duration::from_secs(20), closed).await }).expect("drained");
    assert_eq!(peer.alive(), 0, "the connection was dropped, since it could not be closed");
}

/// Its answer, which must not take long: by real time, since the pool's own runtime has gone.
fn in_time<F: Future>(future: F) -> F::Output {
    let here = Runtime::new().expect("a runtime");
    here.block_on(async { tokio::time::timeout(Duration::from_secs(20), future).await }).expect("no hanging")
}

/// A pool whose only connection is on loan, and whose runtime is about to end.
fn full_pool_of(runtime: &Runtime) -> (Pool<Net>, support::Peer, latebind_tokio::Lease<Net>) {
    let (pool, peer, lease) = pool_of(runtime);
    pool.reconfigure(&config().max_connections(1)).expect("sound");
    (pool, peer, lease)
}

#[test]
fn those_who_wait_for_a_return_when_the_runtime_ends_fail_then() {
    let gone = Runtime::new().expect("a runtime");
    let (pool, _peer, lease) = full_pool_of(&gone);
    let mut waiter = pool.get(&"host");
    waits(&mut waiter);
    let mut unhurried = pool.get(&"elsewhere").timeout(None);
    waits(&mut unhurried);
    drop(gone);
    for answer in [in_time(waiter), in_time(unhurried)] {
        assert!(matches!(answer, Err(Error::Dial(ConnectError::RuntimeGone))), "{answer:?}");
    }
    assert_eq!(pool.stats().waiters, 0);
    sound(&pool);
    drop(lease);
    assert_eq!(pool.stats().idle, 1);
}

#[test]
fn those_who_would_have_to_wait_on_a_runtime_that_has_ended_fail_at_once() {
    let gone = Runtime::new().expect("a runtime");
    let (pool, _peer, lease) = full_pool_of(&gone);
    drop(gone);
    let answer = in_time(pool.get(&"host").timeout(Duration::from_millis(100)));
    assert!(matches!(answer, Err(Error::Dial(ConnectError::RuntimeGone))), "{answer:?}");
    let answer = poll_once(&mut pool.get(&"host").timeout(None));
    assert!(matches!(answer, Poll::Ready(Err(Error::Dial(ConnectError::RuntimeGone)))), "{answer:?}");
    drop(lease);
    let parked = served(&mut pool.get(&"host"));
    assert_eq!(parked.name, 0, "what can be served still is");
    sound(&pool);
}

/// Each dropped dial makes room for the next key's, which is dropped in turn.
#[test]
fn a_long_row_of_dials_that_are_dropped_at_once_does_not_exhaust_the_stack() {
    let gone = Runtime::new().expect("a runtime");
    let (pool, _peer, lease) = pool_of(&gone);
    // Nothing can expire, so that no timer tells of the end: each dial finds out for itself.
    let timeless = config().request_timeout(None).dial_timeout(None).idle_timeout(None);
    pool.reconfigure(&timeless.max_connections(1)).expect("sound");
    let keys: Vec<&'static str> = (0..1_000).map(|key: u32| &*key.to_string().leak()).collect();
    let mut gets: Vec<_> = keys.iter().map(|key| pool.get(key)).collect();
    gets.iter_mut().for_each(waits);
    drop(gone);
    lease.discard();
    for mut get in gets {
        let answer: Poll<Answer> = poll_once(&mut get);
        let failed = matches!(answer, Poll::Ready(Err(Error::Dial(ConnectError::RuntimeGone))));
        assert!(failed, "{answer:?}");
    }
    assert_eq!((pool.stats().connections(), pool.stats().waiters), (0, 0));
    sound(&pool);
}

#[test]
fn a_runtime_without_a_timer_is_refused_rather_than_never_timing_out() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let (net, _peer) = net();
    let error = runtime.block_on(async { Pool::builder(net).build() }).expect_err("nothing could time out");
    assert_eq!(error, BuildError::NoTimer);
    assert!(error.to_string().contains("enable_time"), "{error}");
}

#[tokio::test]
async fn a_pool_can_be_shared_by_threads() {
    fn shareable<T: Send + Sync>(_: &T) {}
    fn movable<T: Send + Unpin>(_: &T) {}
    let (net, _peer) = net();
    let pool = net.pool(config());
    shareable(&pool);
    shareable(&Arc::new(pool.clone()));
    movable(&pool.get(&"host"));
}
