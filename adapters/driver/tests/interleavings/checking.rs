//! A connection is checked (R16) while something else becomes of it.

use latebind_driver::Clear;

use crate::world::{World, explore, span, spawn, timeless, waiter};

fn which(name: usize) -> &'static str {
    if name == 0 { "the old one" } else { "a new one" }
}

#[test]
fn a_check_passes_while_the_peer_closes_the_connection() {
    explore("a check passes while the peer closes the connection", &["a new one", "the old one"], || {
        let mut world = World::new();
        world.net.watching();
        let pool = world.pool(2, timeless().check_after_idle(span(10)));
        drop(world.lease(&pool));
        world.runtime.advance(10);
        world.net.checked();
        let asker = spawn({
            let (world, pool) = (world.clone(), pool.clone());
            move || world.runtime.block_on(pool.get(&())).expect("nothing fails").name
        });
        world.net.hang_up();
        world.runtime.run();
        let outcome = which(asker.join().expect("it is served"));
        world.end(pool);
        outcome
    });
}

#[test]
fn a_check_passes_while_it_times_out() {
    explore("a check passes while it times out", &["a new one", "the old one"], || {
        let mut world = World::new();
        world.net.watching();
        let pool = world.pool(2, timeless().check_after_idle(span(10)).check_timeout(span(5)));
        drop(world.lease(&pool));
        world.runtime.advance(10);
        let get = waiter(&pool);
        world.runtime.run();
        let clock = spawn({
            let world = world.clone();
            move || {
                world.runtime.advance(5);
                world.runtime.run();
            }
        });
        world.net.checked();
        let outcome = which(world.runtime.block_on(get).expect("nothing fails").name);
        clock.join().expect("time passes");
        world.end(pool);
        outcome
    });
}

#[test]
fn a_check_passes_while_the_connection_is_cleared() {
    explore("a check passes while the connection is cleared", &["a new one", "the old one"], || {
        let mut world = World::new();
        world.net.watching();
        let pool = world.pool(2, timeless().check_after_idle(span(10)));
        drop(world.lease(&pool));
        world.runtime.advance(10);
        let get = waiter(&pool);
        let asker = spawn({
            let world = world.clone();
            move || world.runtime.block_on(get).expect("nothing fails").name
        });
        let operator = spawn({
            let pool = pool.clone();
            move || pool.clear(Clear::all())
        });
        world.net.checked();
        world.runtime.run();
        operator.join().expect("it clears");
        let outcome = which(asker.join().expect("it is served"));
        world.end(pool);
        outcome
    });
}
