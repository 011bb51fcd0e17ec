//! A3, R6: a request that is dropped, at every stage. Most of them hold it in their own hands, unlike a task, so that
//! the stage is certain.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use latebind_driver::{Config, Source};

use crate::Platform;
use crate::wait::until;
use crate::world::{World, poll_once, sound, waits};

scenarios! {
    a_request_that_was_never_polled_asks_for_nothing,
    a_waiter_that_is_dropped_leaves_nothing_but_its_dial,
    a_waiter_in_a_task_that_is_called_off_leaves_the_queue,
    the_dial_of_a_dropped_waiter_serves_the_next_request,
    what_was_delivered_to_a_dropped_request_goes_to_the_next_waiter,
    what_was_delivered_to_a_dropped_request_is_parked_if_nobody_waits,
    what_a_dropped_request_was_fetching_from_a_busy_watch_is_parked_again,
    a_failure_that_nobody_picks_up_is_dropped,
    among_many_waiters_those_that_are_dropped_leave_and_no_others,
}

async fn a_request_that_was_never_polled_asks_for_nothing<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default());
    drop(pool.get(&"host"));
    assert_eq!((pool.stats().counters.requests, pool.stats().connections()), (0, 0));
    sound(&pool);
}

async fn a_waiter_that_is_dropped_leaves_nothing_but_its_dial<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default());
    let mut get = pool.get(&"host");
    waits(&mut get);
    let dial = w.dial().await;
    drop(get);
    assert_eq!((pool.stats().waiters, pool.stats().dialing), (0, 1));
    dial.connect();
    until("its connection is parked", || pool.stats().idle == 1).await;
    assert_eq!(w.take(&pool, "host").await.source(), Source::Idle);
    sound(&pool);
}

async fn a_waiter_in_a_task_that_is_called_off_leaves_the_queue<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default().max_connections(1));
    let lease = w.open(&pool, "host").await;
    let first = w.ask(&pool, "host").await;
    let second = w.ask(&pool, "host").await;
    drop(first);
    until("it has left", || pool.stats().waiters == 1).await;
    drop(lease);
    drop(second.served().await);
    assert_eq!(pool.stats().counters.cancelled, 1);
    sound(&pool);
}

async fn the_dial_of_a_dropped_waiter_serves_the_next_request<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default());
    let mut gone = pool.get(&"host");
    waits(&mut gone);
    let dial = w.dial().await;
    drop(gone);
    let later = w.ask(&pool, "host").await;
    dial.connect();
    assert_eq!((later.served().await.source(), pool.stats().counters.dials), (Source::OtherDial, 1));
    sound(&pool);
}

async fn what_was_delivered_to_a_dropped_request_goes_to_the_next_waiter<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default().max_connections(1));
    let lease = w.open(&pool, "host").await;
    let mut second = pool.get(&"host");
    waits(&mut second);
    let third = w.ask(&pool, "host").await;
    drop(lease);
    assert_eq!((pool.stats().leased, pool.stats().waiters), (1, 1), "delivered, and not picked up");
    drop(second);
    let third = third.served().await;
    assert_eq!((third.name(), third.source()), (0, Source::Returned));
    sound(&pool);
}

async fn what_was_delivered_to_a_dropped_request_is_parked_if_nobody_waits<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default());
    let mut get = pool.get(&"host");
    waits(&mut get);
    w.dial().await.connect();
    until("it was delivered", || pool.stats().leased == 1).await;
    drop(get);
    assert_eq!((pool.stats().leased, pool.stats().idle, w.peer.alive()), (0, 1, 1));
    sound(&pool);
}

async fn what_a_dropped_request_was_fetching_from_a_busy_watch_is_parked_again<P: Platform>(w: &mut World<P>) {
    w.peer.watches();
    let pool = w.pool(Config::default());
    let lease = w.open(&pool, "host").await;
    let has_waited = Arc::<AtomicBool>::default();
    let (told, dropper) = (Arc::clone(&has_waited), pool.clone());
    w.peer.when_watched(move || {
        // The watch cannot hand the connection over while it is being polled, which is now, by this thread.
        let requester = thread::spawn(move || poll_once(&mut dropper.get(&"host")).is_pending());
        told.store(requester.join().unwrap_or(false), Ordering::SeqCst);
    });
    drop(lease);
    until("it was watched", || has_waited.load(Ordering::SeqCst)).await;
    until("it is parked again", || pool.stats().idle == 1).await;
    assert_eq!(pool.stats().counters.delivered[Source::Idle], 1);
    assert_eq!((w.take(&pool, "host").await.name(), w.peer.closes()), (0, 0));
    sound(&pool);
}

async fn a_failure_that_nobody_picks_up_is_dropped<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default());
    let mut get = pool.get(&"host");
    waits(&mut get);
    w.dial().await.fail("refused");
    until("it has failed", || pool.stats().waiters == 0).await;
    drop(get);
    assert_eq!((pool.stats().keys, pool.stats().counters.failed), (0, 1));
    sound(&pool);
}

async fn among_many_waiters_those_that_are_dropped_leave_and_no_others<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default().max_connections(1));
    let mut lease = w.open(&pool, "host").await;
    let mut waiters: Vec<_> = (0..60).map(|_| pool.get(&"host")).collect();
    waiters.iter_mut().for_each(waits);
    let mut place = 0;
    waiters.retain(|_| {
        place += 1;
        place % 3 == 0
    });
    assert_eq!(pool.stats().waiters, 20);
    for waiter in waiters {
        drop(lease);
        lease = waiter.await.expect("in their order, each served by the one before");
        assert_eq!(lease.name(), 0);
    }
    sound(&pool);
}
