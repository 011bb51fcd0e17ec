//! R3 to R5, R13, R14: a request takes whatever comes first.

use std::time::{Duration, Instant};

use latebind_driver::{Binding, Config, Source, Surplus};

use crate::Platform;
use crate::wait::until;
use crate::world::{World, sound};

const HOUR: Duration = Duration::from_secs(3600);
const MOMENT: Duration = Duration::from_millis(30);

scenarios! {
    a_returned_connection_serves_before_ones_own_dial,
    a_surplus_dial_is_parked,
    a_surplus_dial_serves_the_next_waiter,
    the_first_dial_to_end_serves_the_first_waiter,
    a_dial_serves_its_own_waiter_if_the_config_says_so,
    a_surplus_dial_is_stopped_if_the_config_says_so,
    a_dial_that_hangs_gets_a_backup,
    a_dial_is_held_back_while_a_return_may_come,
    a_dial_is_not_held_back_for_longer_than_its_delay,
}

async fn a_returned_connection_serves_before_ones_own_dial<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default());
    let lease = w.open(&pool, "host").await;
    let waiter = w.ask(&pool, "host").await;
    let _dial = w.dial().await;
    drop(lease);
    let lease = waiter.served().await;
    assert_eq!((lease.name(), lease.source(), pool.stats().dialing), (0, Source::Returned, 1));
    sound(&pool);
}

async fn a_surplus_dial_is_parked<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default());
    let lease = w.open(&pool, "host").await;
    let waiter = w.ask(&pool, "host").await;
    let dial = w.dial().await;
    drop(lease);
    let _lease = waiter.served().await;
    dial.connect();
    until("it is parked", || pool.stats().idle == 1).await;
    let lease = w.take(&pool, "host").await;
    assert_eq!((lease.name(), lease.source(), pool.stats().counters.dials), (1, Source::Idle, 2));
    sound(&pool);
}

async fn a_surplus_dial_serves_the_next_waiter<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default());
    let lease = w.open(&pool, "host").await;
    let waiter = w.ask(&pool, "host").await;
    let dial = w.dial().await;
    drop(lease);
    let _lease = waiter.served().await;
    let next = w.ask(&pool, "host").await;
    assert_eq!(pool.stats().counters.dials, 2, "the dial in progress is cover (R4)");
    dial.connect();
    let next = next.served().await;
    assert_eq!((next.name(), next.source()), (1, Source::OtherDial));
    sound(&pool);
}

async fn the_first_dial_to_end_serves_the_first_waiter<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default());
    let first = w.ask(&pool, "host").await;
    let slow = w.dial().await;
    let second = w.ask(&pool, "host").await;
    w.dial().await.connect();
    let first = first.served().await;
    assert_eq!((first.name(), first.source()), (0, Source::OtherDial));
    slow.connect();
    let second = second.served().await;
    assert_eq!((second.name(), second.source()), (1, Source::OtherDial));
    sound(&pool);
}

async fn a_dial_serves_its_own_waiter_if_the_config_says_so<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default().binding(Binding::OwnFirst));
    let first = w.ask(&pool, "host").await;
    let slow = w.dial().await;
    let second = w.ask(&pool, "host").await;
    w.dial().await.connect();
    let second = second.served().await;
    assert_eq!((second.name(), second.source(), pool.stats().waiters), (0, Source::OwnDial, 1));
    slow.connect();
    assert_eq!(first.served().await.source(), Source::OwnDial);
    sound(&pool);
}

async fn a_surplus_dial_is_stopped_if_the_config_says_so<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default().surplus(Surplus::Cancel));
    let lease = w.open(&pool, "host").await;
    let waiter = w.ask(&pool, "host").await;
    let mut dial = w.dial().await;
    drop(lease);
    let _lease = waiter.served().await;
    dial.dropped().await;
    until("its place is free", || pool.stats().dialing == 0).await;
    assert_eq!((pool.stats().counters.dials_cancelled, w.peer.dropped_dials()), (1, 1));
    sound(&pool);
}

async fn a_dial_that_hangs_gets_a_backup<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default().backup_dial_after(MOMENT));
    let waiter = w.ask(&pool, "host").await;
    let _hanging = w.dial().await;
    w.dial().await.connect();
    assert_eq!(waiter.served().await.source(), Source::OwnDial);
    assert_eq!(pool.stats().counters.dials, 2, "one backup, and no more");
    sound(&pool);
}

async fn a_dial_is_held_back_while_a_return_may_come<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default().dial_delay(HOUR));
    let lease = w.open(&pool, "host").await;
    let waiter = w.ask(&pool, "host").await;
    drop(lease);
    assert_eq!(waiter.served().await.source(), Source::Returned);
    assert_eq!(pool.stats().counters.dials, 1);
    sound(&pool);
}

async fn a_dial_is_not_held_back_for_longer_than_its_delay<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default().dial_delay(MOMENT));
    let _lease = w.open(&pool, "host").await;
    let begun = Instant::now();
    let waiter = w.ask(&pool, "host").await;
    let is_held = pool.stats().counters.dials == 1;
    // A busy machine may have let the delay pass meanwhile.
    assert!(is_held || begun.elapsed() >= MOMENT, "not at once");
    w.dial().await.connect();
    assert_eq!(waiter.served().await.name(), 1);
    sound(&pool);
}
