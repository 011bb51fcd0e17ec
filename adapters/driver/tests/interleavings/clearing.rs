//! Clearing, pausing and priorities meet leases that end and those who wait (R19, R2).

use latebind_driver::{Clear, Newcomers, Priority};

use crate::world::{World, explore, poll_once, spawn, timeless, waiter};

#[test]
fn a_lease_ends_while_it_is_interrupted() {
    explore("a lease ends while it is interrupted, and that is waited for", &["told"], || {
        let mut world = World::new();
        let pool = world.pool(1, timeless());
        let lease = world.lease(&pool);
        let mut cleared = Box::pin(lease.cleared());
        assert!(poll_once(&mut cleared).is_none());
        let watcher = spawn({
            let world = world.clone();
            move || world.runtime.block_on(cleared)
        });
        let operator = spawn({
            let pool = pool.clone();
            move || pool.clear(Clear::all().interrupt())
        });
        drop(lease);
        operator.join().expect("it clears");
        watcher.join().expect("it is told");
        world.rests(&pool);
        assert_eq!(world.net.alive(), 0, "nothing of before is left");
        world.end(pool);
        "told"
    });
}

#[test]
fn a_lease_is_interrupted_while_its_holder_begins_to_wait_for_that() {
    explore("a lease is interrupted while its holder begins to wait for that", &["told"], || {
        let mut world = World::new();
        let pool = world.pool(1, timeless());
        let lease = world.lease(&pool);
        let holder = spawn({
            let world = world.clone();
            move || {
                world.runtime.block_on(lease.cleared());
                assert!(lease.is_cleared());
            }
        });
        pool.clear(Clear::all().interrupt());
        holder.join().expect("it is told");
        world.rests(&pool);
        assert_eq!(world.net.alive(), 0, "nothing of before is left");
        world.end(pool);
        "told"
    });
}

#[test]
fn who_waits_for_the_interruption_of_a_lease_leaves() {
    explore("who waits for an interruption leaves", &["gone"], || {
        let mut world = World::new();
        let pool = world.pool(1, timeless());
        let lease = world.lease(&pool);
        let mut cleared = Box::pin(lease.cleared());
        assert!(poll_once(&mut cleared).is_none());
        let leaver = spawn(move || drop(cleared));
        let operator = spawn({
            let pool = pool.clone();
            move || pool.clear(Clear::all().interrupt())
        });
        drop(lease);
        operator.join().expect("it clears");
        leaver.join().expect("it drops");
        world.rests(&pool);
        assert_eq!(world.net.alive(), 0, "nothing of before is left");
        world.end(pool);
        "gone"
    });
}

#[test]
fn recycling_ends_while_it_is_interrupted() {
    explore("recycling ends while it is interrupted", &["gone"], || {
        let mut world = World::new();
        world.net.recycling();
        let pool = world.pool(1, timeless());
        drop(world.lease(&pool));
        let operator = spawn({
            let pool = pool.clone();
            move || pool.clear(Clear::all().interrupt())
        });
        world.net.recycled();
        world.runtime.run();
        operator.join().expect("it clears");
        world.rests(&pool);
        assert_eq!(world.net.alive(), 0, "nothing of before is left");
        world.end(pool);
        "gone"
    });
}

#[test]
fn a_dial_ends_while_it_is_cleared() {
    explore("a dial ends while it is cleared", &["served anew", "served before"], || {
        let mut world = World::new();
        let pool = world.pool(1, timeless());
        let get = waiter(&pool);
        let asker = spawn({
            let world = world.clone();
            move || drop(world.runtime.block_on(get).expect("it is served"))
        });
        pool.clear(Clear::all());
        world.runtime.run();
        asker.join().expect("it is served");
        let dials = pool.stats().counters.dials;
        world.end(pool);
        if dials == 2 { "served anew" } else { "served before" }
    });
}

#[test]
fn a_lease_ends_while_the_pool_is_paused_and_resumed() {
    explore("a lease ends while the pool is paused and resumed", &["served"], || {
        let mut world = World::new();
        let pool = world.pool(1, timeless());
        let lease = world.lease(&pool);
        let asker = spawn({
            let (world, pool) = (world.clone(), pool.clone());
            move || drop(world.runtime.block_on(pool.get(&())).expect("it is served"))
        });
        let pauser = spawn({
            let pool = pool.clone();
            move || {
                pool.pause(Newcomers::Hold);
                pool.resume();
            }
        });
        drop(lease);
        pauser.join().expect("it goes on");
        asker.join().expect("it is served");
        world.end(pool);
        "served"
    });
}

#[test]
fn a_waiter_becomes_more_urgent_while_a_lease_ends() {
    explore("a waiter becomes more urgent while a lease ends", &["first", "last"], || {
        let mut world = World::new();
        let pool = world.pool(1, timeless());
        let lease = world.lease(&pool);
        let (first, mut second) = (waiter(&pool), waiter(&pool));
        let other = spawn({
            let world = world.clone();
            move || drop(world.runtime.block_on(first).expect("it is served"))
        });
        let urgent = spawn({
            let (world, pool) = (world.clone(), pool.clone());
            move || {
                second.reprioritize(Priority::HIGHEST);
                let _lease = world.runtime.block_on(second).expect("it is served");
                // With the set-up's.
                pool.stats().counters.delivered.total() == 2
            }
        });
        drop(lease);
        other.join().expect("it is served");
        let is_first = urgent.join().expect("it is served");
        world.end(pool);
        if is_first { "first" } else { "last" }
    });
}
