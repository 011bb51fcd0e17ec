//! The last handle is dropped while something is on its way (A5).

use latebind_driver::Error;

use crate::world::{Got, World, explore, poll_once, spawn, timeless, waiter};

fn outcome(got: &Got) -> &'static str {
    match got {
        Ok(_) => "served",
        Err(Error::Closed) => "closed",
        Err(_) => "failed otherwise",
    }
}

#[test]
fn the_last_handle_goes_while_a_lease_ends_for_a_waiter() {
    explore("the last handle goes while a lease ends for a waiter", &["closed", "served"], || {
        let mut world = World::new();
        let pool = world.pool(1, timeless());
        let lease = world.lease(&pool);
        let get = waiter(&pool);
        let asker = spawn({
            let world = world.clone();
            move || outcome(&world.runtime.block_on(get))
        });
        let back = spawn(move || drop(lease));
        drop(pool);
        back.join().expect("it drops");
        let outcome = asker.join().expect("it is answered");
        world.nothing_is_left();
        outcome
    });
}

#[test]
fn the_last_handle_goes_while_a_delivery_is_dropped() {
    explore("the last handle goes while a delivery is dropped", &["nothing is left"], || {
        let mut world = World::new();
        let pool = world.pool(1, timeless());
        let lease = world.lease(&pool);
        let get = waiter(&pool);
        let leaver = spawn(move || drop(get));
        let back = spawn(move || drop(lease));
        drop(pool);
        leaver.join().expect("it drops");
        back.join().expect("it drops");
        world.nothing_is_left();
        "nothing is left"
    });
}

#[test]
fn the_last_handle_goes_while_a_dial_ends() {
    explore("the last handle goes while a dial ends", &["closed", "served"], || {
        let mut world = World::new();
        let pool = world.pool(1, timeless());
        let get = waiter(&pool);
        let asker = spawn({
            let world = world.clone();
            move || outcome(&world.runtime.block_on(get))
        });
        drop(pool);
        let outcome = asker.join().expect("it is answered");
        world.nothing_is_left();
        outcome
    });
}

#[test]
fn who_waits_for_the_end_hears_of_it() {
    explore("the last handle goes while a dial ends: its end is told", &["told"], || {
        let mut world = World::new();
        let pool = world.pool(1, timeless());
        let get = waiter(&pool);
        let mut closed = Box::pin(pool.closed());
        assert!(poll_once(&mut closed).is_none());
        let watcher = spawn({
            let world = world.clone();
            move || world.runtime.block_on(closed)
        });
        let leaver = spawn(move || drop(get));
        drop(pool);
        world.runtime.run();
        watcher.join().expect("it is told");
        leaver.join().expect("it drops");
        world.nothing_is_left();
        "told"
    });
}

#[test]
fn two_wait_for_the_end_and_one_of_them_leaves() {
    explore("the last lease ends: its end is told", &["told"], || {
        let mut world = World::new();
        let pool = world.pool(1, timeless());
        let lease = world.lease(&pool);
        let mut left = Box::pin(pool.closed());
        assert!(poll_once(&mut left).is_none());
        let closed = pool.closed();
        let watcher = spawn({
            let world = world.clone();
            move || world.runtime.block_on(closed)
        });
        let leaver = spawn(move || drop(left));
        drop(pool);
        drop(lease);
        watcher.join().expect("it is told");
        leaver.join().expect("it drops");
        world.nothing_is_left();
        "told"
    });
}

#[test]
fn the_last_handle_goes_while_recycling_ends() {
    explore("the last handle goes while recycling ends for a waiter", &["closed", "served"], || {
        let mut world = World::new();
        world.net.recycling();
        let pool = world.pool(1, timeless());
        drop(world.lease(&pool));
        let get = waiter(&pool);
        world.runtime.run();
        let other = spawn(move || drop(pool));
        world.net.recycled();
        let outcome = outcome(&world.runtime.block_on(get));
        other.join().expect("it drops");
        world.nothing_is_left();
        outcome
    });
}

#[test]
fn two_handles_go_at_once() {
    explore("two handles go at once, and a lease", &["nothing is left"], || {
        let mut world = World::new();
        let pool = world.pool(2, timeless());
        let lease = world.lease(&pool);
        drop(world.lease(&pool));
        let other = spawn({
            let pool = pool.clone();
            move || drop(pool)
        });
        let back = spawn(move || drop(lease));
        drop(pool);
        other.join().expect("it drops");
        back.join().expect("it drops");
        world.nothing_is_left();
        "nothing is left"
    });
}

#[test]
fn the_pool_is_closed_while_a_request_is_asked() {
    explore("the pool is closed while a request is asked", &["closed", "served"], || {
        let mut world = World::new();
        let pool = world.pool(1, timeless());
        let asker = spawn({
            let (world, pool) = (world.clone(), pool.clone());
            move || outcome(&world.runtime.block_on(pool.get(&())))
        });
        world.runtime.block_on(pool.shutdown());
        let outcome = asker.join().expect("it is answered");
        drop(pool);
        world.nothing_is_left();
        outcome
    });
}
