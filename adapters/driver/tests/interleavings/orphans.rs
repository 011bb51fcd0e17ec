//! The runtime ends while the pool is at work: nobody waits for what was lost with it (A4).

use latebind_driver::{ConnectError, Error};

use crate::world::{Got, World, explore, span, spawn, timeless, waiter};

fn outcome(got: &Got) -> &'static str {
    match got {
        Ok(_) => "served",
        Err(Error::Dial(ConnectError::RuntimeGone)) => "the runtime has gone",
        Err(_) => "failed otherwise",
    }
}

/// What ends the runtime, with every task that it has.
fn end_of(world: &World) -> impl FnOnce() + Send + 'static {
    let world = world.clone();
    move || world.runtime.end()
}

#[test]
fn the_runtime_ends_while_somebody_asks() {
    explore("the runtime ends while somebody asks", &["served", "the runtime has gone"], || {
        let mut world = World::new();
        let pool = world.pool(1, timeless());
        let asker = spawn({
            let (world, pool) = (world.clone(), pool.clone());
            move || outcome(&world.runtime.block_on(pool.get(&())))
        });
        world.runtime.end();
        let outcome = asker.join().expect("it is answered");
        drop(pool);
        world.nothing_runs();
        outcome
    });
}

#[test]
fn the_runtime_ends_while_its_timer_is_armed() {
    explore("the runtime ends while a waiter has a deadline", &["served", "the runtime has gone"], || {
        let mut world = World::new();
        let pool = world.pool(1, timeless());
        let lease = world.lease(&pool);
        let asker = spawn({
            let (world, pool) = (world.clone(), pool.clone());
            move || outcome(&world.runtime.block_on(pool.get(&()).timeout(span(10))))
        });
        let back = spawn(move || drop(lease));
        world.runtime.end();
        back.join().expect("it drops");
        let outcome = asker.join().expect("it is answered");
        drop(pool);
        world.nothing_runs();
        outcome
    });
}

#[test]
fn the_runtime_ends_while_a_connection_is_checked_for_somebody() {
    explore("the runtime ends while a check passes", &["served", "the runtime has gone"], || {
        let mut world = World::new();
        let pool = world.pool(1, timeless().check_after_idle(span(10)));
        drop(world.lease(&pool));
        world.runtime.advance(10);
        let get = waiter(&pool);
        let asker = spawn({
            let world = world.clone();
            move || outcome(&world.runtime.block_on(get))
        });
        let end = spawn(end_of(&world));
        world.net.checked();
        end.join().expect("it ends");
        let outcome = asker.join().expect("it is answered");
        drop(pool);
        world.nothing_runs();
        outcome
    });
}

#[test]
fn the_runtime_ends_while_a_connection_is_taken_out_of_its_watch() {
    explore("the runtime ends while a connection is taken out of its watch", &["served"], || {
        let mut world = World::new();
        world.net.watching();
        let pool = world.pool(1, timeless());
        drop(world.lease(&pool));
        let asker = spawn({
            let (world, pool) = (world.clone(), pool.clone());
            move || outcome(&world.runtime.block_on(pool.get(&())))
        });
        let end = spawn(end_of(&world));
        world.runtime.run();
        end.join().expect("it ends");
        let outcome = asker.join().expect("it is answered");
        drop(pool);
        world.nothing_runs();
        outcome
    });
}

#[test]
fn the_runtime_ends_while_the_last_handle_goes() {
    explore("the runtime ends while the last handle goes", &["told"], || {
        let mut world = World::new();
        let pool = world.pool(2, timeless());
        let lease = world.lease(&pool);
        let get = waiter(&pool);
        let closed = pool.closed();
        let back = spawn(move || drop((lease, get)));
        let end = spawn(end_of(&world));
        drop(pool);
        world.runtime.block_on(closed);
        back.join().expect("it drops");
        end.join().expect("it ends");
        world.nothing_runs();
        "told"
    });
}
