//! A request times out when it is being served, or dropped.

use latebind_driver::Error;

use crate::world::{Got, World, explore, span, spawn, timeless, waiter};

fn outcome(got: &Got) -> &'static str {
    match got {
        Ok(_) => "served",
        Err(Error::Timeout(_)) => "timed out",
        Err(_) => "failed otherwise",
    }
}

#[test]
fn a_waiter_times_out_while_a_lease_ends() {
    explore("a waiter times out while a lease ends", &["served", "timed out"], || {
        let mut world = World::new();
        let pool = world.pool(1, timeless().request_timeout(span(10)));
        let lease = world.lease(&pool);
        let get = waiter(&pool);
        world.runtime.run();
        let asker = spawn({
            let world = world.clone();
            move || outcome(&world.runtime.block_on(get))
        });
        let clock = spawn({
            let world = world.clone();
            move || {
                world.runtime.advance(10);
                world.runtime.run();
            }
        });
        drop(lease);
        clock.join().expect("time passes");
        let outcome = asker.join().expect("it is answered");
        assert_eq!(pool.stats().idle, 1);
        world.end(pool);
        outcome
    });
}

#[test]
fn a_waiter_times_out_while_its_dial_ends() {
    explore("a waiter times out while its dial ends", &["served", "timed out"], || {
        let mut world = World::new();
        let pool = world.pool(1, timeless().request_timeout(span(10)));
        let get = waiter(&pool);
        let asker = spawn({
            let world = world.clone();
            move || outcome(&world.runtime.block_on(get))
        });
        world.runtime.advance(10);
        world.runtime.run();
        let outcome = asker.join().expect("it is answered");
        world.rests(&pool);
        assert_eq!(pool.stats().idle, 1);
        world.end(pool);
        outcome
    });
}

#[test]
fn a_waiter_times_out_while_it_is_dropped() {
    explore("a waiter times out while it is dropped", &["dropped", "timed out"], || {
        let mut world = World::new();
        let pool = world.pool(1, timeless().request_timeout(span(10)));
        let lease = world.lease(&pool);
        let get = waiter(&pool);
        world.runtime.run();
        let leaver = spawn(move || drop(get));
        world.runtime.advance(10);
        world.runtime.run();
        leaver.join().expect("it drops");
        let timed_out = pool.stats().counters.timed_out;
        drop(lease);
        world.end(pool);
        if timed_out == 1 { "timed out" } else { "dropped" }
    });
}

#[test]
fn a_waiter_leaves_and_the_next_one_times_out_while_a_lease_ends() {
    explore("one leaves, the next times out, a lease ends", &["served", "timed out"], || {
        let mut world = World::new();
        let pool = world.pool(1, timeless().request_timeout(span(10)));
        let lease = world.lease(&pool);
        let (first, second) = (waiter(&pool), waiter(&pool));
        world.runtime.run();
        let leaver = spawn(move || drop(first));
        let back = spawn(move || drop(lease));
        world.runtime.advance(10);
        let outcome = outcome(&world.runtime.block_on(second));
        leaver.join().expect("it drops");
        back.join().expect("it drops");
        assert_eq!(pool.stats().idle, 1);
        world.end(pool);
        outcome
    });
}

#[test]
fn a_dial_times_out_while_it_ends() {
    explore("a dial times out while it ends", &["failed otherwise", "served"], || {
        let mut world = World::new();
        let pool = world.pool(1, timeless().dial_timeout(span(10)));
        let get = waiter(&pool);
        let clock = spawn({
            let world = world.clone();
            move || {
                world.runtime.advance(10);
                world.runtime.run();
            }
        });
        let outcome = outcome(&world.runtime.block_on(get));
        clock.join().expect("time passes");
        world.end(pool);
        outcome
    });
}
