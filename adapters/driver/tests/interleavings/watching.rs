//! Connections under watch change hands while their peer closes them (A7).

use latebind_driver::Clear;

use crate::world::{ModelPool, World, explore, poll_once, spawn, timeless};

/// A world with one connection, parked and under watch, whose task is about to look; there may be so many.
fn watched(connections: u32) -> (World, ModelPool) {
    let mut world = World::new();
    world.net.watching();
    let pool = world.pool(connections, timeless());
    drop(world.lease(&pool));
    world.net.stir();
    (world, pool)
}

/// Who asks gets a connection: the one that is there, or a new one if that was closed.
fn ask(world: &World, pool: &ModelPool) -> impl FnOnce() -> usize + Send + 'static {
    let (world, pool) = (world.clone(), pool.clone());
    move || world.runtime.block_on(pool.get(&())).expect("nothing fails").name
}

fn which(name: usize) -> &'static str {
    if name == 0 { "the old one" } else { "a new one" }
}

#[test]
fn a_connection_is_taken_out_while_its_watch_begins() {
    explore("a connection is taken out while its watch is polled", &["the old one"], || {
        let (world, pool) = watched(1);
        let asker = spawn(ask(&world, &pool));
        world.runtime.run();
        let outcome = which(asker.join().expect("it is served"));
        world.end(pool);
        outcome
    });
}

#[test]
fn a_connection_is_taken_out_while_its_peer_closes_it() {
    explore("a connection is taken out while its peer closes it", &["a new one", "the old one"], || {
        let (world, pool) = watched(1);
        world.runtime.run();
        let asker = spawn(ask(&world, &pool));
        world.net.hang_up();
        world.runtime.run();
        let outcome = which(asker.join().expect("it is served"));
        world.end(pool);
        outcome
    });
}

#[test]
fn a_connection_is_taken_out_while_its_peer_closes_it_and_its_watch_begins() {
    let outcomes = ["a new one", "the old one"];
    explore("a connection is taken out, closed by its peer, and watched", &outcomes, || {
        let (world, pool) = watched(1);
        let asker = spawn(ask(&world, &pool));
        let peer = spawn({
            let world = world.clone();
            move || world.net.hang_up()
        });
        world.runtime.run();
        peer.join().expect("it closes");
        let outcome = which(asker.join().expect("it is served"));
        world.end(pool);
        outcome
    });
}

#[test]
fn two_ask_for_one_connection_under_watch() {
    explore("two ask for one connection under watch", &["one after the other", "one each"], || {
        let (world, pool) = watched(2);
        let askers = [spawn(ask(&world, &pool)), spawn(ask(&world, &pool))];
        world.runtime.run();
        let names = askers.map(|asker| asker.join().expect("it is served"));
        world.end(pool);
        if names[0] == names[1] { "one after the other" } else { "one each" }
    });
}

#[test]
fn who_takes_a_connection_out_leaves_before_it_is_there() {
    let outcomes = ["left", "served"];
    explore("who takes a connection out leaves", &outcomes, || {
        let (world, pool) = watched(1);
        let leaver = spawn({
            let mut get = pool.get_owned(());
            move || poll_once(&mut get).is_some()
        });
        world.runtime.run();
        let is_served = leaver.join().expect("it drops");
        world.rests(&pool);
        assert_eq!(pool.stats().idle, 1, "it is parked again");
        let name = ask(&world, &pool)();
        assert_eq!(name, 0, "and can be had");
        world.end(pool);
        if is_served { "served" } else { "left" }
    });
}

#[test]
fn who_takes_a_connection_out_changes_its_waker() {
    explore("who takes a connection out changes its waker", &["the old one"], || {
        let (world, pool) = watched(1);
        let asker = spawn({
            let (world, mut get) = (world.clone(), pool.get_owned(()));
            move || {
                let lease = poll_once(&mut get).unwrap_or_else(|| world.runtime.block_on(get));
                lease.expect("nothing fails").name
            }
        });
        world.runtime.run();
        let outcome = which(asker.join().expect("it is served"));
        world.end(pool);
        outcome
    });
}

#[test]
fn who_takes_a_connection_out_leaves_while_its_peer_closes_it() {
    let outcomes = ["left", "served"];
    explore("who takes a connection out leaves, and its peer closes it", &outcomes, || {
        let (world, pool) = watched(1);
        let leaver = spawn({
            let mut get = pool.get_owned(());
            move || poll_once(&mut get).is_some()
        });
        let peer = spawn({
            let world = world.clone();
            move || world.net.hang_up()
        });
        world.runtime.run();
        peer.join().expect("it closes");
        let is_served = leaver.join().expect("it drops");
        world.rests(&pool);
        assert_ne!(ask(&world, &pool)(), 0, "whoever had it last finds out");
        world.end(pool);
        if is_served { "served" } else { "left" }
    });
}

#[test]
fn a_connection_is_taken_out_while_it_is_cleared() {
    explore(
        "a connection under watch is asked for while it is cleared",
        &["a new one", "the old one"],
        || {
            let (world, pool) = watched(1);
            let asker = spawn(ask(&world, &pool));
            let operator = spawn({
                let pool = pool.clone();
                move || pool.clear(Clear::all())
            });
            world.runtime.run();
            operator.join().expect("it clears");
            let outcome = which(asker.join().expect("it is served"));
            world.end(pool);
            outcome
        },
    );
}

#[test]
fn who_takes_a_connection_out_leaves_while_it_is_interrupted() {
    explore("who takes a connection out leaves while it is interrupted", &["left", "served"], || {
        let (world, pool) = watched(1);
        let leaver = spawn({
            let mut get = pool.get_owned(());
            move || poll_once(&mut get).is_some()
        });
        let operator = spawn({
            let pool = pool.clone();
            move || pool.clear(Clear::all().interrupt())
        });
        world.runtime.run();
        operator.join().expect("it clears");
        let is_served = leaver.join().expect("it drops");
        world.end(pool);
        if is_served { "served" } else { "left" }
    });
}

#[test]
fn the_last_handle_goes_while_a_connection_is_taken_out() {
    explore("the last handle goes while a connection is taken out", &["closed", "served"], || {
        let (world, pool) = watched(1);
        let asker = spawn({
            let (world, get) = (world.clone(), pool.get_owned(()));
            move || world.runtime.block_on(get).is_ok()
        });
        let last = spawn(move || drop(pool));
        world.runtime.run();
        last.join().expect("it drops");
        let is_served = asker.join().expect("it is answered");
        world.nothing_is_left();
        if is_served { "served" } else { "closed" }
    });
}

#[test]
fn a_connection_is_closed_by_both_ends_at_once() {
    explore("a connection under watch is closed by both ends", &["gone"], || {
        let (world, pool) = watched(1);
        let peer = spawn({
            let world = world.clone();
            move || world.net.hang_up()
        });
        let operator = spawn({
            let pool = pool.clone();
            move || pool.clear(Clear::all())
        });
        world.runtime.run();
        peer.join().expect("it closes");
        operator.join().expect("it clears");
        world.rests(&pool);
        assert_eq!(world.net.alive(), 0);
        world.end(pool);
        "gone"
    });
}
