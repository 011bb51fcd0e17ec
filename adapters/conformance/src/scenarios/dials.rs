//! R7, A4: connects that fail, hang and panic.

use std::time::Duration;

use latebind_driver::{Config, ConnectError, DialFailure, Error, Source};

use crate::net::Part;
use crate::wait::until;
use crate::world::{Failure, World, sound};
use crate::{Key, Platform};

scenarios! {
    a_failed_dial_fails_its_waiter,
    a_failed_dial_fails_nobody_whom_another_dial_covers,
    a_failed_dial_fails_every_waiter_if_the_config_says_so,
    a_failed_dial_is_tried_again_after_a_backoff_if_the_config_says_so,
    a_young_request_is_not_charged_with_an_old_dials_failure,
    a_fatal_error_fails_every_waiter_of_its_key,
    a_dial_that_panics_has_failed,
    a_connect_that_panics_before_it_is_a_future_has_failed,
    a_panic_while_a_new_connection_is_looked_at_has_failed_its_dial,
    an_error_whose_judgement_panics_may_be_tried_again,
    a_dial_that_hangs_holds_up_nobody_who_is_served_otherwise,
    a_dial_goes_on_when_its_requester_has_been_served,
}

const RETRY: DialFailure = DialFailure::Retry {
    backoff: Duration::from_millis(10),
    backoff_max: Duration::from_millis(20),
    attempts: 10,
};

fn refused(error: &Failure) -> Option<Key> {
    error.connect_error().and_then(ConnectError::manager_error).map(|error| error.text)
}

async fn a_failed_dial_fails_its_waiter<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default());
    let waiter = w.ask(&pool, "host").await;
    w.dial().await.fail("refused");
    let error = waiter.failed().await;
    assert!(matches!(error, Error::Dial(_)) && refused(&error) == Some("refused"), "{error:?}");
    assert_eq!((pool.stats().keys, pool.stats().connections()), (0, 0), "nothing stays of it");
    sound(&pool);
}

async fn a_failed_dial_fails_nobody_whom_another_dial_covers<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default());
    let lease = w.open(&pool, "host").await;
    let first = w.ask(&pool, "host").await;
    let failing = w.dial().await;
    let second = w.ask(&pool, "host").await;
    let dial = w.dial().await;
    drop(lease);
    let _first = first.served().await;
    failing.fail("refused");
    until("it has failed", || pool.stats().dialing == 1).await;
    assert_eq!(pool.stats().waiters, 1, "one waiter, one dial");
    dial.connect();
    assert_eq!(second.served().await.name(), 1);
    sound(&pool);
}

async fn a_failed_dial_fails_every_waiter_if_the_config_says_so<P: Platform>(w: &mut World<P>) {
    let config = Config::default().dial_failure(DialFailure::FailAll).max_connections(1);
    let pool = w.pool(config);
    let lease = w.open(&pool, "host").await;
    let (first, second) = (w.ask(&pool, "host").await, w.ask(&pool, "host").await);
    lease.discard();
    w.dial().await.fail("refused");
    for waiter in [first, second] {
        assert_eq!(refused(&waiter.failed().await), Some("refused"));
    }
    sound(&pool);
}

async fn a_failed_dial_is_tried_again_after_a_backoff_if_the_config_says_so<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default().dial_failure(RETRY));
    let waiter = w.ask(&pool, "host").await;
    for _ in 0..3 {
        w.dial().await.fail("refused");
    }
    w.dial().await.connect();
    drop(waiter.served().await);
    assert_eq!(pool.stats().counters.dials_failed, 3);
    sound(&pool);
}

async fn a_young_request_is_not_charged_with_an_old_dials_failure<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default().max_dials(1));
    let lease = w.open(&pool, "host").await;
    let old = w.ask(&pool, "host").await;
    let dial = w.dial().await;
    drop(lease);
    let _lease = old.served().await;
    let young = w.ask(&pool, "host").await;
    dial.fail("refused");
    w.dial().await.connect();
    assert_eq!(young.served().await.source(), Source::OwnDial, "it got a dial of its own");
    sound(&pool);
}

async fn a_fatal_error_fails_every_waiter_of_its_key<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default().dial_failure(RETRY).max_connections(1));
    let lease = w.open(&pool, "host").await;
    let (first, second) = (w.ask(&pool, "host").await, w.ask(&pool, "host").await);
    let elsewhere = w.ask(&pool, "elsewhere").await;
    lease.discard();
    let dial = w.dial().await;
    assert_eq!(dial.key, "host");
    dial.fail_fatally("wrong password");
    for waiter in [first, second] {
        assert_eq!(refused(&waiter.failed().await), Some("wrong password"));
    }
    w.dial().await.connect();
    drop(elsewhere.served().await);
    sound(&pool);
}

async fn a_dial_that_panics_has_failed<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default());
    let waiter = w.ask(&pool, "host").await;
    w.dial().await.panic();
    let error = waiter.failed().await;
    assert!(matches!(error.connect_error(), Some(ConnectError::Panicked(_))), "{error:?}");
    drop(w.open(&pool, "host").await);
    sound(&pool);
}

async fn a_connect_that_panics_before_it_is_a_future_has_failed<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default());
    w.peer.panics_in(Part::Connect);
    let error = w.ask(&pool, "host").await.failed().await;
    assert!(matches!(error.connect_error(), Some(ConnectError::Panicked(_))), "{error:?}");
    w.peer.panics_in(None);
    drop(w.open(&pool, "host").await);
    sound(&pool);
}

async fn a_panic_while_a_new_connection_is_looked_at_has_failed_its_dial<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default());
    w.peer.panics_in(Part::Capacity);
    let waiter = w.ask(&pool, "host").await;
    w.dial().await.connect();
    w.loses(1);
    let error = waiter.failed().await;
    assert!(matches!(error.connect_error(), Some(ConnectError::Panicked(_))), "{error:?}");
    sound(&pool);
}

async fn an_error_whose_judgement_panics_may_be_tried_again<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default().dial_failure(RETRY));
    w.peer.panics_in(Part::Classify);
    let waiter = w.ask(&pool, "host").await;
    w.dial().await.fail_fatally("wrong password");
    w.dial().await.connect();
    drop(waiter.served().await);
    sound(&pool);
}

async fn a_dial_that_hangs_holds_up_nobody_who_is_served_otherwise<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default());
    let first = w.ask(&pool, "host").await;
    let _hanging = w.dial().await;
    let second = w.ask(&pool, "host").await;
    w.dial().await.connect();
    drop(first.served().await);
    drop(second.served().await);
    let elsewhere = w.open(&pool, "elsewhere").await;
    assert_eq!((elsewhere.name(), pool.stats().dialing), (1, 1));
    sound(&pool);
}

async fn a_dial_goes_on_when_its_requester_has_been_served<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default());
    let lease = w.open(&pool, "host").await;
    let waiter = w.ask(&pool, "host").await;
    let dial = w.dial().await;
    drop(lease);
    drop(waiter.served().await);
    assert_eq!(pool.stats().dialing, 1);
    dial.connect();
    until("both are parked", || pool.stats().idle == 2).await;
    assert_eq!(w.peer.dropped_dials(), 0);
    sound(&pool);
}
