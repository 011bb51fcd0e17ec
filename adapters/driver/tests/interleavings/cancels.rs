//! A request is dropped when it is being served (A3): nothing is lost on the way.

use crate::world::{World, explore, poll_once, spawn, timeless, waiter};

#[test]
fn a_lease_ends_while_its_waiter_is_dropped() {
    explore("a lease ends while its waiter is dropped", &["parked"], || {
        let mut world = World::new();
        let pool = world.pool(1, timeless());
        let lease = world.lease(&pool);
        let get = waiter(&pool);
        let leaver = spawn(move || drop(get));
        drop(lease);
        leaver.join().expect("it drops");
        assert_eq!(pool.stats().idle, 1);
        world.end(pool);
        "parked"
    });
}

#[test]
fn a_lease_ends_while_its_waiter_is_polled_and_dropped() {
    explore("a lease ends while its waiter is polled and dropped", &["served", "left"], || {
        let mut world = World::new();
        let pool = world.pool(1, timeless());
        let lease = world.lease(&pool);
        let mut get = waiter(&pool);
        let leaver = spawn(move || poll_once(&mut get).is_some());
        drop(lease);
        let is_served = leaver.join().expect("it drops");
        assert_eq!(pool.stats().idle, 1);
        world.end(pool);
        if is_served { "served" } else { "left" }
    });
}

#[test]
fn the_next_waiter_gets_what_a_lease_gave_to_one_who_leaves() {
    explore("a lease ends, its waiter leaves, the next one waits", &["served"], || {
        let mut world = World::new();
        let pool = world.pool(1, timeless());
        let lease = world.lease(&pool);
        let (first, second) = (waiter(&pool), waiter(&pool));
        let leaver = spawn(move || drop(first));
        let asker = spawn({
            let world = world.clone();
            move || drop(world.runtime.block_on(second).expect("it is served"))
        });
        drop(lease);
        leaver.join().expect("it drops");
        asker.join().expect("it is served");
        world.end(pool);
        "served"
    });
}

#[test]
fn the_next_waiter_gets_what_a_dial_brought_to_one_who_leaves() {
    explore("a dial ends, its waiter leaves, the next one waits", &["served"], || {
        let mut world = World::new();
        let pool = world.pool(1, timeless());
        let (first, second) = (waiter(&pool), waiter(&pool));
        let leaver = spawn(move || drop(first));
        let asker = spawn({
            let world = world.clone();
            move || drop(world.runtime.block_on(second).expect("it is served"))
        });
        world.runtime.run();
        leaver.join().expect("it drops");
        asker.join().expect("it is served");
        assert_eq!(world.net.opened(), 1);
        world.end(pool);
        "served"
    });
}

#[test]
fn a_dial_outlives_the_request_that_is_dropped_while_it_ends() {
    explore("a dial ends while its waiter is dropped", &["parked"], || {
        let mut world = World::new();
        let pool = world.pool(1, timeless());
        let get = waiter(&pool);
        let leaver = spawn(move || drop(get));
        world.runtime.run();
        leaver.join().expect("it drops");
        assert_eq!(pool.stats().idle, 1);
        world.end(pool);
        "parked"
    });
}

#[test]
fn one_leaves_while_another_is_asked_and_a_lease_ends() {
    explore("one leaves, one asks, a lease ends", &["served"], || {
        let mut world = World::new();
        let pool = world.pool(1, timeless());
        let lease = world.lease(&pool);
        let get = waiter(&pool);
        let leaver = spawn(move || drop(get));
        let asker = spawn({
            let (world, pool) = (world.clone(), pool.clone());
            move || drop(world.runtime.block_on(pool.get(&())).expect("it is served"))
        });
        drop(lease);
        leaver.join().expect("it drops");
        asker.join().expect("it is served");
        world.end(pool);
        "served"
    });
}

#[test]
fn a_dial_is_stopped_while_it_ends() {
    use latebind_driver::Surplus;
    explore("a dial is stopped while it ends", &["opened", "stopped"], || {
        let mut world = World::new();
        let pool = world.pool(2, timeless().surplus(Surplus::Cancel));
        let get = waiter(&pool);
        let leaver = spawn(move || drop(get));
        world.runtime.run();
        leaver.join().expect("it drops");
        world.rests(&pool);
        let opened = world.net.opened();
        world.end(pool);
        if opened == 1 { "opened" } else { "stopped" }
    });
}
