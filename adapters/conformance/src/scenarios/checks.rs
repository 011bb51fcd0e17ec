//! R16, R17: what was parked for long is checked, and nobody depends on a check alone.

use std::time::Duration;

use latebind_driver::{Config, Source};

use crate::Platform;
use crate::net::Trial;
use crate::wait::until;
use crate::world::{Asked, Pool, World, sound};

scenarios! {
    a_check_that_passes_serves_the_waiter,
    a_check_that_fails_closes_the_connection_and_a_dial_serves,
    a_check_that_panics_has_failed,
    a_check_that_takes_too_long_has_failed,
    a_check_that_takes_too_long_is_dropped,
    the_waiter_takes_what_comes_back_before_its_check_ends,
    a_check_that_passes_without_a_waiter_parks_the_connection,
    a_row_of_dead_connections_costs_one_dial,
}

/// Whatever is parked is checked before it is delivered.
fn checking() -> Config {
    Config::default().check_after_idle(Duration::ZERO)
}

/// Parks one connection, then asks for it.
async fn under_check<P: Platform>(w: &mut World<P>, config: Config) -> (Pool<P>, Asked<P>, Trial) {
    let pool = w.pool(config);
    w.park(&pool, "host", 1).await;
    let asked = w.ask(&pool, "host").await;
    let trial = w.trial().await;
    assert_eq!((trial.name, pool.stats().checking, pool.stats().idle), (0, 1, 0));
    (pool, asked, trial)
}

async fn a_check_that_passes_serves_the_waiter<P: Platform>(w: &mut World<P>) {
    let (pool, asked, trial) = under_check(w, checking()).await;
    trial.pass();
    let lease = asked.served().await;
    assert_eq!((lease.name(), lease.source(), pool.stats().counters.dials), (0, Source::Check, 1));
    sound(&pool);
}

async fn a_check_that_fails_closes_the_connection_and_a_dial_serves<P: Platform>(w: &mut World<P>) {
    let (pool, asked, trial) = under_check(w, checking()).await;
    trial.fail();
    w.dial().await.connect();
    assert_eq!((asked.served().await.name(), pool.stats().counters.checks_failed), (1, 1));
    until("it is closed", || w.peer.closes() == 1).await;
    sound(&pool);
}

async fn a_check_that_panics_has_failed<P: Platform>(w: &mut World<P>) {
    let (pool, asked, trial) = under_check(w, checking()).await;
    trial.panic();
    w.dial().await.connect();
    assert_eq!((asked.served().await.name(), pool.stats().counters.checks_failed), (1, 1));
    until("it is closed", || pool.stats().connections() == 1).await;
    sound(&pool);
}

async fn a_check_that_takes_too_long_has_failed<P: Platform>(w: &mut World<P>) {
    let config = checking().check_timeout(Duration::from_millis(30));
    let (pool, asked, hanging) = under_check(w, config).await;
    w.dial().await.connect();
    assert_eq!((asked.served().await.name(), pool.stats().counters.checks_failed), (1, 1));
    hanging.pass();
    until("it is closed all the same", || w.peer.closes() == 1).await;
    sound(&pool);
}

async fn a_check_that_takes_too_long_is_dropped<P: Platform>(w: &mut World<P>) {
    let config = checking().check_timeout(Duration::from_millis(30)).max_connections(1);
    let (pool, asked, mut hanging) = under_check(w, config).await;
    hanging.dropped().await;
    w.dial().await.connect();
    assert_eq!((asked.served().await.name(), w.peer.closes()), (1, 1));
    sound(&pool);
}

async fn the_waiter_takes_what_comes_back_before_its_check_ends<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(checking().max_connections(2));
    let first = w.open(&pool, "host").await;
    let second = w.open(&pool, "host").await;
    drop(first);
    let asked = w.ask(&pool, "host").await;
    let trial = w.trial().await;
    drop(second);
    let lease = asked.served().await;
    assert_eq!((lease.name(), lease.source()), (1, Source::Returned), "late binding over the check");
    trial.pass();
    until("the checked one is parked", || pool.stats().idle == 1).await;
    sound(&pool);
}

async fn a_check_that_passes_without_a_waiter_parks_the_connection<P: Platform>(w: &mut World<P>) {
    let (pool, asked, trial) = under_check(w, checking()).await;
    drop(asked);
    until("nobody waits", || pool.stats().waiters == 0).await;
    trial.pass();
    until("it is parked", || pool.stats().idle == 1).await;
    sound(&pool);
}

async fn a_row_of_dead_connections_costs_one_dial<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(checking());
    w.park(&pool, "host", 3).await;
    let asked = w.ask(&pool, "host").await;
    w.trial().await.fail();
    let suspect = w.trial().await;
    w.dial().await.connect();
    assert_eq!(asked.served().await.name(), 3, "the dial beside the check of a suspect (R17)");
    suspect.fail();
    until("both are closed", || w.peer.closes() == 2).await;
    assert_eq!(pool.stats().counters.dials, 4);
    sound(&pool);
}
