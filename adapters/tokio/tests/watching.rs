//! A7: a parked connection that its peer closes.

mod support;

use std::time::Duration;

use latebind_tokio::{Config, Error, Pool, Source};
use support::{Net, Peer, PeerSwitch, config, net, served, sound, tasks, until, waits};
use tokio::time::Instant;

/// So that the only tasks are the watches.
fn no_timer() -> Config {
    config().idle_timeout(None).request_timeout(None).dial_timeout(None)
}

/// Parks one connection.
async fn parked(pool: &Pool<Net>, peer: &mut Peer) -> PeerSwitch {
    let mut get = pool.get(&"host");
    waits(&mut get);
    let switch = peer.dial().await.connect();
    drop(get.await.expect("served"));
    until("it is parked", || pool.stats().idle == 1).await;
    switch
}

#[tokio::test]
async fn it_leaves_the_pool_then_and_not_at_the_next_checkout() {
    let (net, mut peer) = net();
    let pool = net.watching().pool(config());
    let switch = parked(&pool, &mut peer).await;
    assert_eq!(pool.stats().idle, 1);
    switch.close();
    until("it is gone", || pool.stats().connections() == 0).await;
    until("the manager has seen to its end", || peer.alive() == 0).await;
    assert_eq!(peer.closes(), 1, "`close` is called once for each");
    sound(&pool);
}

#[tokio::test]
async fn a_connection_is_taken_from_under_its_watch_whole() {
    let (net, mut peer) = net();
    let pool = net.watching().pool(no_timer().max_connections_per_key(1));
    let _switch = parked(&pool, &mut peer).await;
    for _ in 0..5 {
        let lease = served(&mut pool.get(&"host"));
        assert_eq!((lease.name, lease.source(), peer.alive()), (0, Source::Idle, 1));
        until("no task watches as long as nothing happens", || tasks() == 0).await;
        drop(lease);
        assert_eq!(tasks(), 0);
    }
    sound(&pool);
}

#[tokio::test]
async fn one_that_was_closed_but_not_noticed_is_never_handed_out() {
    let (net, mut peer) = net();
    let pool = net.watching().pool(config());
    let switch = parked(&pool, &mut peer).await;
    // No other task runs between these two: the watch has not noticed yet.
    switch.close();
    let mut get = pool.get(&"host");
    waits(&mut get);
    until("the manager has seen to its end", || peer.alive() == 0).await;
    assert_eq!(peer.closes(), 1);
    peer.dial().await.connect();
    assert_eq!(get.await.expect("asked again for it").name, 1);
    sound(&pool);
}

#[tokio::test(start_paused = true)]
async fn asking_again_keeps_the_deadline_of_the_request() {
    asks_again(no_timer(), Some(Duration::from_secs(3))).await;
}

#[tokio::test(start_paused = true)]
async fn asking_again_keeps_the_deadline_of_the_pool() {
    asks_again(no_timer().request_timeout(Duration::from_secs(3)), None).await;
}

/// The request, which may wait for three seconds, is given a dead connection after two.
async fn asks_again(config: Config, timeout: Option<Duration>) {
    let second = Duration::from_secs(1);
    let (net, mut peer) = net();
    let pool = net.shared(1).watching().pool(config.max_connections_per_key(1));
    let switch = parked(&pool, &mut peer).await;
    let lease = served(&mut pool.get(&"host"));
    let begun = Instant::now();
    let mut get = pool.get(&"host");
    if let Some(timeout) = timeout {
        get = get.timeout(timeout);
    }
    waits(&mut get);
    tokio::time::sleep(2 * second).await;
    // Delivered to the waiter, dead, before the watch has noticed.
    switch.close();
    drop(lease);
    assert_eq!((pool.stats().waiters, pool.stats().leased), (0, 1));
    waits(&mut get);
    let _hanging = peer.dial().await;
    let error = get.await.expect_err("its new dial hangs");
    let Error::Timeout(timeout) = error else { panic!("a timeout, not {error:?}") };
    assert!(timeout.waited >= 3 * second && timeout.waited < 4 * second, "{timeout:?}");
    assert!(begun.elapsed() < 4 * second, "{:?}", begun.elapsed());
    sound(&pool);
}

#[tokio::test]
async fn what_was_delivered_but_not_picked_up_stays_under_watch() {
    let (net, mut peer) = net();
    let pool = net.watching().pool(config());
    let switch = parked(&pool, &mut peer).await;
    let lease = served(&mut pool.get(&"host"));
    let mut waiter = pool.get(&"host");
    waits(&mut waiter);
    let dial = peer.dial().await;
    drop(lease);
    drop(waiter);
    assert_eq!(pool.stats().idle, 1, "given back by the one that did not pick it up");
    switch.close();
    until("it is gone", || pool.stats().idle == 0).await;
    dial.connect();
    until("the other one is parked", || pool.stats().idle == 1).await;
    sound(&pool);
}

#[tokio::test]
async fn shutdown_closes_what_is_under_watch_and_ends_its_task() {
    let (net, mut peer) = net();
    let pool = net.watching().pool(config());
    let _switch = parked(&pool, &mut peer).await;
    pool.shutdown().await;
    assert_eq!((peer.alive(), peer.closes()), (0, 1));
    until("no task is left", || tasks() == 0).await;
    sound(&pool);
}

#[tokio::test]
async fn a_shared_connection_is_watched_while_it_is_in_use() {
    let (net, mut peer) = net();
    let pool = net.shared(9).watching().pool(no_timer());
    let switch = parked(&pool, &mut peer).await;
    let lease = served(&mut pool.get(&"host"));
    assert_eq!(lease.source(), Source::Idle);
    switch.close();
    let mut get = pool.get(&"host");
    waits(&mut get);
    assert_eq!(lease.name, 0, "who has a handle keeps it");
    peer.dial().await.connect();
    assert_eq!(get.await.expect("asked again for it").name, 1);
    drop(lease);
    sound(&pool);
}

#[tokio::test]
async fn a_connection_that_is_parked_by_somebody_without_a_runtime_is_watched_as_well() {
    let (net, mut peer) = net();
    let pool = net.watching().pool(no_timer());
    let switch = parked(&pool, &mut peer).await;
    let lease = served(&mut pool.get(&"host"));
    std::thread::spawn(move || drop(lease)).join().expect("no panic");
    assert_eq!(pool.stats().idle, 1);
    switch.close();
    until("it is gone", || pool.stats().connections() == 0).await;
    until("no task is left", || tasks() == 0).await;
    sound(&pool);
}

#[tokio::test]
async fn a_watch_that_panics_costs_its_connection() {
    let (net, mut peer) = net();
    let pool = net.watching().pool(config());
    peer.panic_in_closed();
    let mut get = pool.get(&"host");
    waits(&mut get);
    let _switch = peer.dial().await.connect();
    drop(get.await.expect("served"));
    until("it is gone", || pool.stats().connections() == 0).await;
    assert_eq!(peer.alive(), 0);
    sound(&pool);
}
