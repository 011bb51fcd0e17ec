//! A3: how leases end.

mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};

use latebind_tokio::{Pool, Source};
use support::{Net, config, leased, net, served, sound, until, waits};

#[tokio::test]
async fn a_lease_that_is_dropped_goes_back() {
    let (net, mut peer) = net();
    let pool = net.pool(config());
    drop(leased(&pool, &mut peer).await);
    assert_eq!((pool.stats().idle, pool.stats().leased), (1, 0));
    assert_eq!(served(&mut pool.get(&"host")).name, 0);
}

#[tokio::test]
async fn a_lease_dropped_in_a_panic_closes_its_connection() {
    let (net, mut peer) = net();
    let pool = net.pool(config());
    let lease = leased(&pool, &mut peer).await;
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _lease = lease;
        panic!("in the middle of a transaction");
    }));
    assert!(panicked.is_err());
    until("the connection is gone", || pool.stats().connections() == 0).await;
    assert_eq!((peer.alive(), peer.closes()), (0, 1));
    sound(&pool);
}

#[tokio::test]
async fn a_lease_taken_and_returned_while_a_panic_unwinds_goes_back() {
    struct CleansUp(Pool<Net>);
    impl Drop for CleansUp {
        fn drop(&mut self) {
            let lease = served(&mut self.0.get(&"host"));
            assert_eq!(lease.source(), Source::Idle);
        }
    }

    let (net, mut peer) = net();
    let pool = net.pool(config());
    drop(leased(&pool, &mut peer).await);
    let cleans_up = CleansUp(pool.clone());
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _cleans_up = cleans_up;
        panic!("something else");
    }));
    assert!(panicked.is_err());
    assert_eq!(pool.stats().idle, 1, "the panic began before the lease, and does not taint it");
    sound(&pool);
}

#[tokio::test]
async fn a_discarded_connection_is_closed_and_its_slot_serves_the_next() {
    let (net, mut peer) = net();
    let pool = net.pool(config().max_connections_per_key(1));
    let lease = leased(&pool, &mut peer).await;
    let mut later = pool.get(&"host");
    waits(&mut later);
    assert!(peer.is_quiet(), "the limit is reached");
    lease.discard();
    peer.dial().await.connect();
    assert_eq!(later.await.expect("served").name, 1);
    assert_eq!(peer.alive(), 1);
    sound(&pool);
}

#[tokio::test]
async fn a_slot_is_held_until_the_close_is_done() {
    let (net, mut peer) = net();
    let pool = net.pool(config().max_connections_per_key(1));
    let lease = leased(&pool, &mut peer).await;
    peer.hold_closes();
    let mut later = pool.get(&"host");
    waits(&mut later);
    lease.discard();
    until("the close has begun", || peer.closes() == 1).await;
    assert_eq!((pool.stats().connections(), peer.is_quiet()), (1, true), "R9");
    waits(&mut later);
    sound(&pool);
}

#[tokio::test]
async fn a_connection_that_is_not_reusable_is_closed_on_return() {
    let (net, mut peer) = net();
    let pool = net.pool(config());
    let mut lease = leased(&pool, &mut peer).await;
    lease.reusable = false;
    drop(lease);
    until("the connection is gone", || pool.stats().connections() == 0).await;
    assert_eq!(peer.closes(), 1);
}

#[tokio::test]
async fn a_draining_connection_closes_on_return() {
    let (net, mut peer) = net();
    let pool = net.pool(config());
    let lease = leased(&pool, &mut peer).await;
    lease.drain();
    lease.set_capacity(7);
    assert_eq!(peer.alive(), 1);
    drop(lease);
    until("the connection is gone", || pool.stats().connections() == 0).await;
    assert_eq!(peer.closes(), 1);
    sound(&pool);
}

#[test]
fn a_lease_can_be_dropped_outside_of_the_runtime() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (net, mut peer) = net();
    let (pool, lease) = runtime.block_on(async {
        let pool = net.pool(config());
        let lease = leased(&pool, &mut peer).await;
        (pool, lease)
    });
    let id = lease.id();
    drop(lease);
    let lease = served(&mut pool.get(&"host"));
    assert_eq!(lease.id(), id);
    lease.discard();
    runtime.block_on(until("the connection is gone", || pool.stats().connections() == 0));
}

#[tokio::test]
async fn a_lease_taken_in_one_panic_and_held_in_another_is_closed() {
    struct TakesALease<'a>(&'a Pool<Net>, &'a mut Option<latebind_tokio::Lease<Net>>);
    impl Drop for TakesALease<'_> {
        fn drop(&mut self) {
            *self.1 = Some(served(&mut self.0.get(&"host")));
        }
    }

    let (net, mut peer) = net();
    let pool = net.pool(config());
    drop(leased(&pool, &mut peer).await);
    let mut taken = None;
    let first = catch_unwind(AssertUnwindSafe(|| {
        let _takes = TakesALease(&pool, &mut taken);
        panic!("the first");
    }));
    assert!(first.is_err());
    let lease = taken.expect("taken while it unwound");
    assert_eq!(lease.name, 0);
    let second = catch_unwind(AssertUnwindSafe(move || {
        let _lease = lease;
        panic!("the second");
    }));
    assert!(second.is_err());
    until("it has closed", || pool.stats().connections() == 0).await;
    assert_eq!(peer.closes(), 1);
    sound(&pool);
}
