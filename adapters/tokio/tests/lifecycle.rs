//! R10, R19, R20, R22: pauses, warm connections, room across keys, leases that last.

mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use latebind_tokio::{CloseReason, Config, Error, Newcomers, Notice, Pool, Priority, Source};
use support::{config, leased, net, poll_once, served, sound, tasks, until, waits};

const SECOND: Duration = Duration::from_secs(1);

fn no_timer() -> Config {
    config().idle_timeout(None).request_timeout(None).dial_timeout(None)
}

#[tokio::test(start_paused = true)]
async fn while_paused_nothing_is_delivered_or_dialed_and_deadlines_run() {
    let (net, mut peer) = net();
    let pool = net.pool(no_timer());
    let lease = leased(&pool, &mut peer).await;
    pool.pause(Newcomers::Hold);
    let mut waiter = pool.get(&"host");
    waits(&mut waiter);
    drop(lease);
    waits(&mut waiter);
    assert_eq!((pool.stats().idle, peer.is_quiet()), (1, true));
    let error = pool.get(&"host").timeout(SECOND).await.expect_err("paused");
    assert!(matches!(error, Error::Timeout(_)), "{error:?}");
    sound(&pool);

    pool.resume();
    assert_eq!(served(&mut waiter).name, 0);
    pool.resume();
    sound(&pool);
}

#[tokio::test]
async fn newcomers_are_refused_if_they_are_to_be() {
    let (net, mut peer) = net();
    let pool = net.pool(no_timer());
    let mut waiter = pool.get(&"host");
    waits(&mut waiter);
    pool.pause(Newcomers::Refuse);
    let error = pool.get(&"host").await.expect_err("paused");
    assert!(matches!(error, Error::Paused), "{error:?}");
    peer.dial().await.connect();
    until("its dial has ended", || pool.stats().idle == 1).await;
    waits(&mut waiter);
    pool.resume();
    drop(served(&mut waiter));
    sound(&pool);
}

#[tokio::test]
async fn a_pool_may_start_paused() {
    let (net, mut peer) = net();
    let pool =
        Pool::builder(net).start_paused(Newcomers::Hold).build().expect("a sound config, on a runtime");
    let mut get = pool.get(&"host");
    waits(&mut get);
    tokio::task::yield_now().await;
    assert!(peer.is_quiet());
    pool.resume();
    peer.dial().await.connect();
    drop(get.await.expect("served"));
    sound(&pool);
}

#[tokio::test(start_paused = true)]
async fn a_kept_key_is_filled_up_and_stays_so() {
    let (net, mut peer) = net();
    let pool = net.pool(config().idle_timeout(10 * SECOND));
    pool.keep(&"host", 2);
    let switches = [peer.dial().await.connect(), peer.dial().await.connect()];
    until("both are idle", || pool.stats().idle == 2).await;
    tokio::time::sleep(60 * SECOND).await;
    assert_eq!((pool.stats().idle, peer.is_quiet()), (2, true), "R12: a floor does not expire");

    let lease = served(&mut pool.get(&"host"));
    assert_eq!(lease.source(), Source::Idle);
    peer.dial().await.connect();
    until("it is filled up", || pool.stats().idle == 2).await;
    drop(lease);
    assert_eq!(pool.stats().idle, 3);
    tokio::time::sleep(11 * SECOND).await;
    assert_eq!(pool.stats().idle, 2, "above the floor they expire");
    drop(switches);
    sound(&pool);

    pool.keep(&"host", 0);
    tokio::time::sleep(11 * SECOND).await;
    assert_eq!((pool.stats().connections(), pool.stats().keys), (0, 0));
    until("no task is left", || tasks() == 0).await;
    sound(&pool);
}

#[tokio::test(start_paused = true)]
async fn a_kept_key_is_refilled_when_a_peer_closes_and_backs_off_when_dials_fail() {
    let (net, mut peer) = net();
    let pool = net.watching().pool(no_timer());
    pool.keep(&"host", 1);
    let switch = peer.dial().await.connect();
    until("it is idle", || pool.stats().idle == 1).await;
    switch.close();
    peer.dial().await.fail("refused");
    let failed = tokio::time::Instant::now();
    let dial = peer.dial().await;
    assert!(failed.elapsed() >= SECOND / 2 && failed.elapsed() <= 2 * SECOND, "{:?}", failed.elapsed());
    dial.connect();
    until("it is idle", || pool.stats().idle == 1).await;
    sound(&pool);
}

#[tokio::test]
async fn preconnect_counts_what_is_there() {
    let (net, mut peer) = net();
    let pool = net.pool(no_timer());
    let _lease = leased(&pool, &mut peer).await;
    pool.preconnect(&"host", 3);
    peer.dial().await.connect();
    peer.dial().await.connect();
    until("they are idle", || pool.stats().idle == 2).await;
    pool.preconnect(&"host", 3);
    tokio::task::yield_now().await;
    assert!(peer.is_quiet());
    assert_eq!(served(&mut pool.get(&"host")).source(), Source::Idle);
    sound(&pool);
}

#[tokio::test]
async fn at_the_total_limit_an_idle_connection_of_another_key_makes_room() {
    let (net, mut peer) = net();
    let reasons = Arc::<Mutex<Vec<_>>>::default();
    let heard = Arc::clone(&reasons);
    let pool = Pool::builder(net)
        .config(no_timer())
        .max_connections(2)
        .observe(move |key, notice| {
            if let Notice::Closing { reason, .. } = notice {
                heard.lock().expect("no panic").push((*key, *reason));
            }
        })
        .build()
        .expect("a sound config, on a runtime");
    let (first, second) = (leased(&pool, &mut peer).await, leased(&pool, &mut peer).await);
    let mut low = pool.get(&"low").priority(Priority::LOWEST);
    let mut high = pool.get(&"high");
    waits(&mut low);
    waits(&mut high);
    assert!(peer.is_quiet(), "the limit is reached");
    drop(first);
    let dial = peer.dial().await;
    assert_eq!((dial.key, peer.closes()), ("high", 1), "the more urgent one is first");
    dial.connect();
    drop(high.await.expect("served"));
    // Its own connection went at once: somebody of another key waited for the room.
    let dial = peer.dial().await;
    assert_eq!(dial.key, "low");
    dial.connect();
    drop(low.await.expect("served"));
    drop(second);
    assert_eq!(
        *reasons.lock().expect("no panic"),
        [("host", CloseReason::Evicted), ("high", CloseReason::Evicted)]
    );
    sound(&pool);
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_lasts_is_reported_once() {
    let (net, mut peer) = net();
    let reports = Arc::<Mutex<Vec<_>>>::default();
    let heard = Arc::clone(&reports);
    let pool = Pool::builder(net)
        .config(no_timer())
        .lease_warn_after(10 * SECOND)
        .observe(move |_, notice| {
            if let Notice::Overdue { conn } = notice {
                heard.lock().expect("no panic").push(*conn);
            }
        })
        .build()
        .expect("a sound config, on a runtime");
    let lease = leased(&pool, &mut peer).await;
    tokio::time::sleep(9 * SECOND).await;
    assert!(reports.lock().expect("no panic").is_empty());
    tokio::time::sleep(20 * SECOND).await;
    assert_eq!(*reports.lock().expect("no panic"), [lease.id()]);
    assert_eq!(pool.stats().counters.overdue, 1);
    drop(lease);
    sound(&pool);
}

#[tokio::test]
async fn a_waiter_can_change_its_priority() {
    let (net, mut peer) = net();
    let pool = net.pool(no_timer().max_connections_per_key(1));
    let lease = leased(&pool, &mut peer).await;
    let mut first = pool.get(&"host");
    let mut second = pool.get(&"host");
    waits(&mut first);
    waits(&mut second);
    second.reprioritize(Priority::HIGHEST);
    first.reprioritize(Priority::default());
    drop(lease);
    waits(&mut first);
    let lease = served(&mut second);
    drop(lease);
    drop(served(&mut first));
    sound(&pool);
}

#[tokio::test]
async fn who_was_given_a_dead_connection_keeps_its_place_and_goes_behind_the_more_urgent() {
    let (net, mut peer) = net();
    let pool = net.shared(1).watching().pool(no_timer().max_connections_per_key(1));
    let mut get = pool.get(&"host");
    waits(&mut get);
    let switch = peer.dial().await.connect();
    drop(get.await.expect("served"));
    let lease = served(&mut pool.get(&"host"));
    let mut first = pool.get(&"host");
    let mut second = pool.get(&"host");
    waits(&mut first);
    waits(&mut second);
    // Delivered to the first waiter, dead, before the watch has noticed.
    switch.close();
    drop(lease);
    let mut urgent = pool.get(&"host").priority(Priority::HIGHEST);
    waits(&mut urgent);
    waits(&mut first);
    peer.dial().await.connect();
    until("it is there", || pool.stats().leased == 1).await;
    drop(served(&mut urgent));
    waits(&mut second);
    let lease = served(&mut first);
    drop(lease);
    assert!(poll_once(&mut second).is_ready());
    sound(&pool);
}
