//! A3: panics of those who use a pool, and of the manager.

use std::panic::{AssertUnwindSafe, catch_unwind};

use latebind_driver::Config;

use crate::Platform;
use crate::net::{ON_PURPOSE, Part};
use crate::wait::until;
use crate::world::{World, sound};

scenarios! {
    a_connection_whose_holder_panics_is_closed,
    a_lease_that_is_taken_and_ended_while_a_panic_unwinds_goes_back,
    a_panic_while_a_connection_is_judged_closes_it,
    a_panic_while_a_connection_closes_frees_its_place,
}

async fn a_connection_whose_holder_panics_is_closed<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default().max_connections(1));
    let lease = w.open(&pool, "host").await;
    let next = w.ask(&pool, "host").await;
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _lease = lease;
        panic!("{ON_PURPOSE}in the middle of a transaction");
    }));
    assert!(panicked.is_err());
    w.dial().await.connect();
    assert_eq!((next.served().await.name(), w.peer.closes()), (1, 1));
    sound(&pool);
}

async fn a_lease_that_is_taken_and_ended_while_a_panic_unwinds_goes_back<P: Platform>(w: &mut World<P>) {
    struct OnDrop<F: FnMut()>(F);
    impl<F: FnMut()> Drop for OnDrop<F> {
        fn drop(&mut self) {
            (self.0)();
        }
    }
    let pool = w.pool(Config::default());
    w.park(&pool, "host", 1).await;
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _cleanup = OnDrop(|| {
            drop(crate::world::poll_once(&mut pool.get(&"host")));
        });
        panic!("{ON_PURPOSE}with a cleanup that needs a connection");
    }));
    assert!(panicked.is_err());
    assert_eq!((pool.stats().idle, pool.stats().counters.delivered.total()), (1, 2));
    sound(&pool);
}

async fn a_panic_while_a_connection_is_judged_closes_it<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default());
    let lease = w.open(&pool, "host").await;
    w.peer.panics_in(Part::IsReusable);
    drop(lease);
    until("it is closed", || pool.stats().connections() == 0).await;
    w.peer.panics_in(None);
    w.park(&pool, "host", 1).await;
    sound(&pool);
}

async fn a_panic_while_a_connection_closes_frees_its_place<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(Config::default().max_connections(1));
    let lease = w.open(&pool, "host").await;
    let next = w.ask(&pool, "host").await;
    w.peer.panics_in(Part::Close);
    lease.discard();
    let dial = w.dial().await;
    w.peer.panics_in(None);
    dial.connect();
    assert_eq!(next.served().await.name(), 1);
    sound(&pool);
}
