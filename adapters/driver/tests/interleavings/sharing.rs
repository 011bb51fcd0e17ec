//! Shared connections: leases that end, and a watch that is looked at, at the same time.

use latebind_driver::Clear;

use crate::world::{ModelPool, World, explore, spawn, timeless};

fn shared(connections: u32) -> (World, ModelPool) {
    let mut world = World::new();
    world.net.shared(2);
    let pool = world.pool(connections, timeless());
    (world, pool)
}

#[test]
fn both_leases_of_a_connection_are_discarded_at_once() {
    explore("both leases of a connection are discarded", &["gone"], || {
        let (world, pool) = shared(2);
        let (first, second) = (world.lease(&pool), world.lease(&pool));
        assert_eq!(first.id(), second.id());
        let other = spawn(move || first.discard());
        second.discard();
        other.join().expect("it drops");
        world.rests(&pool);
        assert_eq!(world.net.alive(), 0);
        world.end(pool);
        "gone"
    });
}

#[test]
fn a_lease_is_discarded_while_the_other_one_waits_for_that() {
    explore("a shared connection is discarded: the other lease is told", &["told"], || {
        let (world, pool) = shared(2);
        let (first, second) = (world.lease(&pool), world.lease(&pool));
        let other = spawn({
            let world = world.clone();
            move || {
                world.runtime.block_on(second.cleared());
                assert!(second.is_cleared());
            }
        });
        first.discard();
        other.join().expect("it is told");
        world.end(pool);
        "told"
    });
}

#[test]
fn a_connection_is_drained_by_one_lease_and_discarded_by_the_other() {
    explore("a connection is drained by one lease, discarded by the other", &["a new one serves"], || {
        let (world, pool) = shared(2);
        let (first, second) = (world.lease(&pool), world.lease(&pool));
        let other = spawn(move || first.drain());
        let asker = spawn({
            let (world, pool) = (world.clone(), pool.clone());
            move || world.runtime.block_on(pool.get(&())).expect("nothing fails").name
        });
        second.discard();
        other.join().expect("it drains");
        assert_ne!(asker.join().expect("it is served"), 0);
        world.end(pool);
        "a new one serves"
    });
}

#[test]
fn capacity_comes_back_while_somebody_asks() {
    explore("capacity comes back while somebody asks", &["a new one", "the old one"], || {
        let (world, pool) = shared(2);
        let lease = world.lease(&pool);
        lease.set_capacity(1);
        let asker = spawn({
            let (world, pool) = (world.clone(), pool.clone());
            move || world.runtime.block_on(pool.get(&())).expect("nothing fails").name
        });
        lease.set_capacity(2);
        let name = asker.join().expect("it is served");
        drop(lease);
        world.end(pool);
        if name == 0 { "the old one" } else { "a new one" }
    });
}

#[test]
fn a_shared_connection_is_asked_for_while_it_is_discarded() {
    let outcomes = ["a new one", "the old one"];
    explore("a shared connection is asked for while it is discarded", &outcomes, || {
        let (world, pool) = shared(1);
        let lease = world.lease(&pool);
        let asker = spawn({
            let (world, pool) = (world.clone(), pool.clone());
            move || world.runtime.block_on(pool.get(&())).expect("nothing fails").name
        });
        lease.discard();
        let name = asker.join().expect("it is served");
        world.end(pool);
        if name == 0 { "the old one" } else { "a new one" }
    });
}

#[test]
fn one_dial_serves_two_who_ask() {
    explore("a shared dial ends while two ask", &["one connection", "two connections"], || {
        let (world, pool) = shared(2);
        let ask = || {
            let (world, pool) = (world.clone(), pool.clone());
            move || drop(world.runtime.block_on(pool.get(&())).expect("nothing fails"))
        };
        let askers = [spawn(ask()), spawn(ask())];
        world.runtime.run();
        for asker in askers {
            asker.join().expect("it is served");
        }
        world.rests(&pool);
        let opened = world.net.opened();
        world.end(pool);
        if opened == 1 { "one connection" } else { "two connections" }
    });
}

#[test]
fn a_shared_connection_is_looked_at_while_its_peer_closes_it() {
    let outcomes = ["a new one", "the old one"];
    explore("a shared connection is looked at while its peer closes it", &outcomes, || {
        let mut world = World::new();
        world.net.shared(2);
        world.net.watching();
        let pool = world.pool(1, timeless());
        drop(world.lease(&pool));
        world.net.stir();
        let asker = spawn({
            let (world, pool) = (world.clone(), pool.clone());
            move || world.runtime.block_on(pool.get(&())).expect("nothing fails").name
        });
        let peer = spawn({
            let world = world.clone();
            move || world.net.hang_up()
        });
        world.runtime.run();
        peer.join().expect("it closes");
        let name = asker.join().expect("it is served");
        world.rests(&pool);
        assert_eq!(pool.stats().idle, u32::from(name > 0), "what its peer has closed leaves the pool (A7)");
        world.end(pool);
        if name == 0 { "the old one" } else { "a new one" }
    });
}

#[test]
fn a_shared_connection_is_looked_at_while_it_is_cleared() {
    let outcomes = ["a new one", "the old one"];
    explore("a shared connection is looked at while it is cleared", &outcomes, || {
        let mut world = World::new();
        world.net.shared(2);
        world.net.watching();
        let pool = world.pool(1, timeless());
        let lease = world.lease(&pool);
        let asker = spawn({
            let (world, pool) = (world.clone(), pool.clone());
            move || world.runtime.block_on(pool.get(&())).expect("nothing fails").name
        });
        let operator = spawn({
            let pool = pool.clone();
            move || pool.clear(Clear::all().interrupt())
        });
        drop(lease);
        world.runtime.run();
        operator.join().expect("it clears");
        let name = asker.join().expect("it is served");
        world.end(pool);
        if name == 0 { "the old one" } else { "a new one" }
    });
}
