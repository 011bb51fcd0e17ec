//! What happens to a connection between two leases.

use latebind_driver::{Clear, Config, Source};

use crate::Platform;
use crate::net::Trial;
use crate::wait::until;
use crate::world::{Asked, Pool, World, sound};

scenarios! {
    a_connection_is_recycled_before_its_next_lease,
    one_that_cannot_be_recycled_is_closed,
    one_whose_recycling_panics_is_closed,
    a_recycling_that_hangs_is_dropped_when_the_pool_is_cleared,
    a_discarded_connection_is_not_recycled,
}

/// Returns one connection while another request waits for it.
async fn returned<P: Platform>(w: &mut World<P>) -> (Pool<P>, Asked<P>, Trial) {
    w.peer.recycles();
    let pool = w.pool(Config::default().max_connections(1));
    let lease = w.open(&pool, "host").await;
    let next = w.ask(&pool, "host").await;
    drop(lease);
    let trial = w.trial().await;
    assert_eq!((pool.stats().leased, pool.stats().waiters), (1, 1), "R9: still its first lease's");
    (pool, next, trial)
}

async fn a_connection_is_recycled_before_its_next_lease<P: Platform>(w: &mut World<P>) {
    let (pool, next, trial) = returned(w).await;
    trial.pass();
    let lease = next.served().await;
    assert_eq!((lease.name(), lease.source()), (0, Source::Returned));
    drop(lease);
    w.trial().await.pass();
    until("it is parked", || pool.stats().idle == 1).await;
    sound(&pool);
}

async fn one_that_cannot_be_recycled_is_closed<P: Platform>(w: &mut World<P>) {
    let (pool, next, trial) = returned(w).await;
    trial.fail();
    w.dial().await.connect();
    let lease = next.served().await;
    assert_eq!((lease.name(), w.peer.closes()), (1, 1));
    lease.discard();
    sound(&pool);
}

async fn one_whose_recycling_panics_is_closed<P: Platform>(w: &mut World<P>) {
    let (pool, next, trial) = returned(w).await;
    trial.panic();
    w.dial().await.connect();
    let lease = next.served().await;
    assert_eq!((lease.name(), w.peer.closes()), (1, 1));
    lease.discard();
    sound(&pool);
}

async fn a_recycling_that_hangs_is_dropped_when_the_pool_is_cleared<P: Platform>(w: &mut World<P>) {
    let (pool, next, mut trial) = returned(w).await;
    pool.clear(Clear::all().interrupt());
    trial.dropped().await;
    w.dial().await.connect();
    let lease = next.served().await;
    assert_eq!((lease.name(), w.peer.closes()), (1, 1));
    lease.discard();
    sound(&pool);
}

async fn a_discarded_connection_is_not_recycled<P: Platform>(w: &mut World<P>) {
    w.peer.recycles();
    let pool = w.pool(Config::default());
    w.open(&pool, "host").await.discard();
    until("it is closed", || pool.stats().connections() == 0).await;
    assert_eq!(w.peer.closes(), 1);
    sound(&pool);
}
