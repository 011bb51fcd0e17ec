//! A delivery meets the request that waits for it (A1).

use latebind_driver::Source;

use crate::world::{Got, ModelGet, World, explore, spawn, timeless, waiter};

fn source(got: &Got) -> &'static str {
    match got.as_ref().expect("nothing fails").source() {
        Source::Idle => "idle",
        Source::Returned => "returned",
        Source::OwnDial => "own dial",
        Source::OtherDial => "other dial",
        _ => "another source",
    }
}

#[test]
fn a_dial_ends_while_its_request_is_asked() {
    explore("a dial ends while its request is asked", &["own dial"], || {
        let mut world = World::new();
        let pool = world.pool(2, timeless());
        let asker = spawn({
            let (world, pool) = (world.clone(), pool.clone());
            move || source(&world.runtime.block_on(pool.get(&())))
        });
        world.runtime.run();
        let outcome = asker.join().expect("it is served");
        world.end(pool);
        outcome
    });
}

#[test]
fn a_dial_ends_while_its_waiter_is_polled_with_another_waker() {
    explore("a dial ends while its waiter changes its waker", &["own dial"], || {
        let mut world = World::new();
        let pool = world.pool(2, timeless());
        let get = waiter(&pool);
        let asker = spawn({
            let world = world.clone();
            move || source(&world.runtime.block_on(get))
        });
        world.runtime.run();
        let outcome = asker.join().expect("it is served");
        world.end(pool);
        outcome
    });
}

#[test]
fn a_lease_ends_while_a_request_is_asked() {
    explore("a lease ends while a request is asked", &["idle", "returned"], || {
        let mut world = World::new();
        let pool = world.pool(1, timeless());
        let lease = world.lease(&pool);
        let asker = spawn({
            let (world, pool) = (world.clone(), pool.clone());
            move || source(&world.runtime.block_on(pool.get(&())))
        });
        drop(lease);
        let outcome = asker.join().expect("it is served");
        world.end(pool);
        outcome
    });
}

#[test]
fn a_lease_ends_while_its_waiter_is_polled_with_another_waker() {
    explore("a lease ends while its waiter changes its waker", &["returned"], || {
        let mut world = World::new();
        let pool = world.pool(1, timeless());
        let lease = world.lease(&pool);
        let get = waiter(&pool);
        let asker = spawn({
            let world = world.clone();
            move || source(&world.runtime.block_on(get))
        });
        drop(lease);
        let outcome = asker.join().expect("it is served");
        world.end(pool);
        outcome
    });
}

#[test]
fn two_askers_and_a_lease_that_ends_are_served_by_one_connection() {
    explore("two askers and a lease that ends", &["one after the other"], || {
        let mut world = World::new();
        let pool = world.pool(1, timeless());
        let lease = world.lease(&pool);
        let ask = || {
            let (world, pool) = (world.clone(), pool.clone());
            move || drop(world.runtime.block_on(pool.get(&())).expect("nothing fails"))
        };
        let askers = [spawn(ask()), spawn(ask())];
        drop(lease);
        for asker in askers {
            asker.join().expect("it is served");
        }
        assert_eq!(world.net.opened(), 1);
        world.end(pool);
        "one after the other"
    });
}

#[test]
fn a_dial_and_a_return_come_at_once_and_two_waiters_are_served() {
    explore("a dial and a return at once, two waiters", &["served by both", "served by one"], || {
        let mut world = World::new();
        let pool = world.pool(2, timeless());
        let lease = world.lease(&pool);
        let first = waiter(&pool);
        let second = waiter(&pool);
        let ask = |get: ModelGet| {
            let world = world.clone();
            move || {
                let lease = world.runtime.block_on(get);
                lease.expect("nothing fails").name
            }
        };
        let askers = [spawn(ask(first)), spawn(ask(second))];
        drop(lease);
        let names = askers.map(|asker| asker.join().expect("it is served"));
        world.rests(&pool);
        assert_eq!(world.net.opened(), 2, "the dial is not lost");
        world.end(pool);
        if names[0] == names[1] { "served by one" } else { "served by both" }
    });
}

#[test]
fn a_failed_dial_is_told_to_its_waiter_alone() {
    explore("a dial fails while another request is asked", &["one dial each", "one dial for both"], || {
        let mut world = World::new();
        let pool = world.pool(2, timeless());
        world.net.refuse();
        let get = waiter(&pool);
        let asker = spawn({
            let (world, pool) = (world.clone(), pool.clone());
            move || assert!(world.runtime.block_on(pool.get(&())).is_err())
        });
        assert!(world.runtime.block_on(get).is_err());
        asker.join().expect("it is answered");
        let dials = pool.stats().counters.dials;
        world.end(pool);
        if dials == 2 { "one dial each" } else { "one dial for both" }
    });
}

#[test]
fn a_recycled_connection_meets_a_request_that_is_asked() {
    explore("recycling ends while a request is asked", &["idle", "returned"], || {
        let mut world = World::new();
        world.net.recycling();
        let pool = world.pool(1, timeless());
        drop(world.lease(&pool));
        world.runtime.run();
        let asker = spawn({
            let (world, pool) = (world.clone(), pool.clone());
            move || source(&world.runtime.block_on(pool.get(&())))
        });
        world.net.recycled();
        world.runtime.run();
        let outcome = asker.join().expect("it is served");
        world.end(pool);
        outcome
    });
}
