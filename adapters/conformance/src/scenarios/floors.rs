//! R20: connections that are there before they are asked for.

use latebind_driver::{Config, Source};

use crate::Platform;
use crate::wait::until;
use crate::world::{World, sound};

scenarios! {
    a_preconnect_counts_what_is_there,
    a_kept_key_is_filled_up_and_stays_so,
    a_kept_key_is_filled_up_after_a_failed_dial,
}

async fn a_preconnect_counts_what_is_there<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default());
    let _lease = w.open(&pool, "host").await;
    pool.preconnect(&"host", 3);
    w.dial().await.connect();
    w.dial().await.connect();
    until("they are parked", || pool.stats().idle == 2).await;
    pool.preconnect(&"host", 3);
    assert_eq!(pool.stats().counters.dials, 3);
    assert_eq!(w.take(&pool, "host").await.source(), Source::Idle);
    sound(&pool);
}

async fn a_kept_key_is_filled_up_and_stays_so<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default());
    pool.keep(&"host", 2);
    w.dial().await.connect();
    w.dial().await.connect();
    until("they are parked", || pool.stats().idle == 2).await;
    let _lease = w.take(&pool, "host").await;
    w.dial().await.connect();
    until("it is filled up", || pool.stats().idle == 2).await;
    pool.keep(&"host", 0);
    let _second = w.take(&pool, "host").await;
    assert_eq!((pool.stats().counters.dials, pool.stats().idle), (3, 1));
    sound(&pool);
}

async fn a_kept_key_is_filled_up_after_a_failed_dial<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default());
    pool.keep(&"host", 1);
    w.dial().await.fail("refused");
    // Half a second to a second later.
    w.dial().await.connect();
    until("it is parked", || pool.stats().idle == 1).await;
    assert_eq!(pool.stats().counters.dials, 2);
    sound(&pool);
}
