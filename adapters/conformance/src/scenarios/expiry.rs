//! R12, R22: what ends, or is reported, by the clock. The durations are as short as they are to be waited for; nothing
//! here asks how soon after them something happens.

use std::time::{Duration, Instant};

use latebind_driver::Config;

use crate::Platform;
use crate::wait::{nap, until};
use crate::world::{World, sound};

const SHORT: Duration = Duration::from_millis(40);
const HOUR: Duration = Duration::from_secs(3600);

scenarios! {
    a_connection_that_is_idle_for_too_long_is_closed,
    one_that_was_never_used_is_closed_earlier_if_the_config_says_so,
    one_that_is_too_old_is_closed_while_it_is_parked,
    one_that_is_too_old_is_closed_when_it_comes_back_and_not_before,
    the_timer_fires_for_one_after_the_other,
    an_earlier_deadline_overtakes_a_later_one,
    a_lease_that_lasts_too_long_is_reported_once,
}

async fn a_connection_that_is_idle_for_too_long_is_closed<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default().idle_timeout(SHORT));
    let lease = w.open(&pool, "host").await;
    nap(SHORT * 2).await;
    assert_eq!(pool.stats().leased, 1, "a lease is not idle");
    let begun = Instant::now();
    drop(lease);
    until("it is closed", || pool.stats().connections() == 0).await;
    assert!(begun.elapsed() >= SHORT, "{:?}", begun.elapsed());
    assert_eq!((pool.stats().keys, w.peer.closes()), (0, 1));
    sound(&pool);
}

async fn one_that_was_never_used_is_closed_earlier_if_the_config_says_so<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default().idle_timeout(HOUR).unused_idle_timeout(SHORT));
    w.park(&pool, "host", 1).await;
    pool.preconnect(&"host", 2);
    w.dial().await.connect();
    until("the unused one is there and gone", || pool.stats().counters.closed == 1).await;
    until("it is closed", || pool.stats().connections() == 1).await;
    assert_eq!(w.take(&pool, "host").await.name(), 0);
    sound(&pool);
}

async fn one_that_is_too_old_is_closed_while_it_is_parked<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default().idle_timeout(None).max_lifetime(SHORT));
    drop(w.open(&pool, "host").await);
    until("it is closed", || pool.stats().connections() == 0).await;
    assert_eq!(w.peer.closes(), 1);
    sound(&pool);
}

async fn one_that_is_too_old_is_closed_when_it_comes_back_and_not_before<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default().max_lifetime(SHORT).max_connections(1));
    let lease = w.open(&pool, "host").await;
    let next = w.ask(&pool, "host").await;
    nap(SHORT * 2).await;
    assert_eq!((pool.stats().leased, w.peer.closes()), (1, 0));
    drop(lease);
    w.dial().await.connect();
    assert_eq!((next.served().await.name(), w.peer.closes()), (1, 1));
    sound(&pool);
}

async fn the_timer_fires_for_one_after_the_other<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default().idle_timeout(SHORT));
    for round in 1..=3 {
        drop(w.open(&pool, "host").await);
        until("it is closed", || pool.stats().connections() == 0).await;
        assert_eq!(w.peer.closes(), round);
    }
    sound(&pool);
}

async fn an_earlier_deadline_overtakes_a_later_one<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default().idle_timeout(HOUR).max_connections(1));
    w.park(&pool, "host", 1).await;
    // The timer sleeps for an hour now.
    let _lease = w.take(&pool, "host").await;
    let waiter = w.wish(&pool, crate::Wish::of("host").timeout(SHORT)).await;
    drop(waiter.failed().await);
    assert_eq!(pool.stats().counters.timed_out, 1);
    sound(&pool);
}

async fn a_lease_that_lasts_too_long_is_reported_once<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default().lease_warn_after(SHORT));
    let lease = w.open(&pool, "host").await;
    until("it is reported", || pool.stats().counters.overdue == 1).await;
    nap(SHORT * 2).await;
    assert_eq!(pool.stats().counters.overdue, 1);
    drop(lease);
    sound(&pool);
}
