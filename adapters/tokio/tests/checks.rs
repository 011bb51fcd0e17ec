//! R16, R17: connections that were idle for long are checked, and nobody waits for a check alone.

mod support;

use std::time::Duration;

use latebind_tokio::{Config, Pool, Source};
use support::{Net, Peer, Trial, config, leased, net, served, sound, tasks, until, waits};

const SECOND: Duration = Duration::from_secs(1);

/// Every idle connection is checked, and nothing else takes time.
fn checking() -> Config {
    config()
        .check_after_idle(Duration::ZERO)
        .check_timeout(None)
        .idle_timeout(None)
        .request_timeout(None)
        .dial_timeout(None)
        .max_connections_per_key(1)
}

/// Parks one connection, then asks for it: the request waits for the check.
async fn under_check<'p>(pool: &'p Pool<Net>, peer: &mut Peer) -> (latebind_tokio::Get<'p, Net>, Trial) {
    drop(leased(pool, peer).await);
    let mut get = pool.get(&"host");
    waits(&mut get);
    let trial = peer.trial().await;
    assert_eq!((pool.stats().checking, pool.stats().idle), (1, 0));
    sound(pool);
    (get, trial)
}

#[tokio::test]
async fn a_check_that_passes_serves_the_waiter() {
    let (net, mut peer) = net();
    let pool = net.pool(checking());
    let (get, trial) = under_check(&pool, &mut peer).await;
    trial.pass();
    let lease = get.await.expect("served");
    assert_eq!((lease.name, lease.source()), (0, Source::Check));
    assert!(peer.is_quiet(), "the check was cover: no dial beside it");
    drop(lease);
    assert_eq!(pool.stats().counters.checks_passed, 1);
    sound(&pool);
}

#[tokio::test]
async fn a_check_that_passes_without_a_waiter_parks_the_connection_anew() {
    let (net, mut peer) = net();
    let pool = net.pool(checking());
    let (get, trial) = under_check(&pool, &mut peer).await;
    drop(get);
    trial.pass();
    until("it is parked", || pool.stats().idle == 1).await;
    sound(&pool);
}

#[tokio::test]
async fn a_check_that_fails_closes_the_connection_and_a_dial_serves_the_waiter() {
    let (net, mut peer) = net();
    let pool = net.pool(checking());
    let (get, trial) = under_check(&pool, &mut peer).await;
    trial.fail();
    peer.dial().await.connect();
    assert_eq!(get.await.expect("served").name, 1);
    assert_eq!((peer.closes(), peer.alive()), (1, 1), "closed in style");
    assert_eq!(pool.stats().counters.checks_failed, 1);
    sound(&pool);
}

#[tokio::test]
async fn a_check_that_panics_is_a_failed_check() {
    let (net, mut peer) = net();
    let pool = net.pool(checking());
    let (get, trial) = under_check(&pool, &mut peer).await;
    trial.panic();
    peer.dial().await.connect();
    assert_eq!(get.await.expect("served").name, 1);
    assert_eq!((peer.closes(), peer.alive(), pool.stats().counters.checks_failed), (1, 1, 1));
    sound(&pool);
}

#[tokio::test(start_paused = true)]
async fn a_check_that_hangs_is_dropped_in_time() {
    let (net, mut peer) = net();
    let pool = net.pool(checking().check_timeout(3 * SECOND));
    let (get, mut trial) = under_check(&pool, &mut peer).await;
    let begun = tokio::time::Instant::now();
    trial.dropped().await;
    assert!(begun.elapsed() >= 3 * SECOND && begun.elapsed() < 4 * SECOND, "{:?}", begun.elapsed());
    peer.dial().await.connect();
    assert_eq!(get.await.expect("served").name, 1);
    assert_eq!((peer.closes(), peer.alive()), (1, 1));
    sound(&pool);
}

#[tokio::test]
async fn the_waiter_takes_what_comes_back_before_the_check_ends() {
    let (net, mut peer) = net();
    let pool = net.pool(checking().max_connections_per_key(2));
    let first = leased(&pool, &mut peer).await;
    let second = leased(&pool, &mut peer).await;
    drop(first);
    let mut get = pool.get(&"host");
    waits(&mut get);
    let trial = peer.trial().await;
    assert_eq!(trial.name, 0);
    drop(second);
    let lease = served(&mut get);
    assert_eq!((lease.name, lease.source()), (1, Source::Returned), "late binding over the check");
    trial.pass();
    until("the checked one is parked", || pool.stats().idle == 1).await;
    sound(&pool);
}

#[tokio::test]
async fn a_connection_under_check_is_not_watched_and_one_that_its_watch_finds_closed_fails_its_check() {
    let (net, mut peer) = net();
    let pool = net.watching().pool(checking());
    let mut get = pool.get(&"host");
    waits(&mut get);
    let switch = peer.dial().await.connect();
    drop(get.await.expect("served"));
    // No other task runs between these two: the watch has not noticed yet.
    switch.close();
    let mut get = pool.get(&"host");
    waits(&mut get);
    let second_switch = peer.dial().await.connect();
    assert_eq!(get.await.expect("served").name, 1);
    assert!(peer.is_untried(), "there was nothing left to check");
    assert_eq!((peer.alive(), pool.stats().connections()), (1, 1));

    // The other way round: closed by its peer while it is checked, which is the check's to notice.
    let mut get = pool.get(&"host");
    waits(&mut get);
    let trial = peer.trial().await;
    until("only the check's task is left", || tasks() == 1).await;
    trial.pass();
    drop(get.await.expect("served"));
    second_switch.close();
    until("it is watched again", || pool.stats().connections() == 0).await;
    sound(&pool);
}

#[tokio::test]
async fn of_a_shared_connection_the_pools_own_handle_is_checked() {
    let (net, mut peer) = net();
    let pool = net.shared(2).watching().pool(checking());
    let (get, trial) = under_check(&pool, &mut peer).await;
    let mut second = pool.get(&"host");
    waits(&mut second);
    assert!(peer.is_untried(), "one check is cover for both");
    trial.pass();
    let (first, second) = (get.await.expect("served"), second.await.expect("served"));
    assert_eq!((first.source(), second.source(), first.id()), (Source::Check, Source::Check, second.id()));
    until("the check's task has ended", || tasks() == 0).await;
    drop((first, second));
    sound(&pool);

    let mut get = pool.get(&"host");
    waits(&mut get);
    peer.trial().await.fail();
    peer.dial().await.connect();
    assert_eq!(get.await.expect("served").name, 1);
    assert_eq!(peer.closes(), 1);
    sound(&pool);
}

#[tokio::test]
async fn a_row_of_dead_connections_costs_one_dial() {
    let (net, mut peer) = net();
    let pool = net.pool(checking().max_connections_per_key(4));
    let mut leases = Vec::new();
    for _ in 0..3 {
        leases.push(leased(&pool, &mut peer).await);
    }
    drop(leases);
    let mut get = pool.get(&"host");
    waits(&mut get);
    peer.trial().await.fail();
    let suspect = peer.trial().await;
    peer.dial().await.connect();
    assert_eq!(get.await.expect("the dial beside the check of a suspect").name, 3);
    suspect.fail();
    until("it is closed", || pool.stats().connections() == 2).await;
    assert!(peer.is_quiet(), "nobody needs another");
    sound(&pool);
}

#[tokio::test]
async fn shutdown_stops_a_check_and_closes_its_connection() {
    let (net, mut peer) = net();
    let pool = net.pool(checking());
    let (get, mut trial) = under_check(&pool, &mut peer).await;
    pool.shutdown().await;
    trial.dropped().await;
    assert!(get.await.is_err());
    assert_eq!((peer.alive(), peer.closes()), (0, 1));
    until("no task is left", || tasks() == 0).await;
    sound(&pool);
}

#[tokio::test]
async fn the_last_handle_stops_a_check() {
    let (net, mut peer) = net();
    let pool = net.shared(2).pool(checking());
    drop(leased(&pool, &mut peer).await);
    let mut get = pool.get_owned("host");
    waits(&mut get);
    let mut trial = peer.trial().await;
    drop(pool);
    trial.dropped().await;
    assert!(get.await.is_err());
    until("everything is gone", || tasks() == 0 && peer.alive() == 0 && peer.is_abandoned()).await;
}

#[test]
fn a_runtime_that_ends_under_a_check_fails_it() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let (net, mut peer) = net();
    let (pool, mut get, trial) = runtime.block_on(async {
        let pool = net.pool(checking());
        drop(leased(&pool, &mut peer).await);
        let mut get = pool.get_owned("host");
        waits(&mut get);
        let trial = peer.trial().await;
        (pool, get, trial)
    });
    drop(runtime);
    assert_eq!((peer.alive(), pool.stats().counters.checks_failed), (0, 1));
    let answer = support::poll_once(&mut get);
    assert!(matches!(answer, std::task::Poll::Ready(Err(_))), "its dial found no runtime");
    trial.pass();
    assert_eq!(pool.stats().connections(), 0);
    sound(&pool);
}
