//! Threads that do things to one pool at the same moment, many times over.

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::task::{Context, Waker};
use std::thread;
use std::time::Duration;

use latebind_tokio::{Clear, Get, Lease, Notice, Pool};
use tokio::runtime::Runtime;

use crate::quick::Quick;

const ROUNDS: usize = 300;

/// Where the pool's own tasks run.
fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build().expect("a runtime")
}

/// The future's end, on this thread; fails the test if that takes long.
fn in_time<F: Future>(runtime: &Runtime, future: F) -> F::Output {
    let ended = runtime.block_on(async { tokio::time::timeout(Duration::from_secs(30), future).await });
    ended.expect("somebody was forgotten")
}

/// Does all of it at the same moment, each on a thread of its own.
fn race<'a>(moves: Vec<Box<dyn FnOnce() + Send + 'a>>) {
    let start = Barrier::new(moves.len());
    thread::scope(|scope| {
        for act in moves {
            scope.spawn(|| {
                start.wait();
                act();
            });
        }
    });
}

fn lease(runtime: &Runtime, pool: &Pool<Quick>) -> Lease<Quick> {
    in_time(runtime, pool.get(&())).expect("served")
}

/// A request that waits, behind those who did before.
fn waiter(runtime: &Runtime, pool: &Pool<Quick>) -> Get<'static, Quick> {
    let mut get = pool.get_owned(());
    let polled = runtime.block_on(async { Pin::new(&mut get).poll(&mut Context::from_waker(Waker::noop())) });
    assert!(polled.is_pending(), "it should wait");
    get
}

#[track_caller]
fn sound(pool: &Pool<Quick>) {
    assert_eq!(pool.check_invariants(), Ok(()));
}

/// golang/go#10155: a connection came back between "there is none" and "I wait", was parked, and nobody was woken.
#[test]
fn b01_a_return_at_the_moment_of_a_request_serves_it() {
    let runtime = runtime();
    let quick = Quick::exclusive();
    let pool = runtime.block_on(async { quick.pool(1) });
    for _ in 0..ROUNDS {
        let held = lease(&runtime, &pool);
        race(vec![Box::new(|| drop(held)), Box::new(|| drop(lease(&runtime, &pool)))]);
    }
    assert_eq!((quick.tally.opened(), pool.stats().idle), (1, 1));
    sound(&pool);
}

/// aio-libs/aiohttp#9670: the one wake-up went to a waiter that was being cancelled, and died with it.
#[test]
fn b03_a_return_at_the_moment_of_a_cancel_serves_the_next() {
    let runtime = runtime();
    let quick = Quick::exclusive();
    let pool = runtime.block_on(async { quick.pool(1) });
    for _ in 0..ROUNDS {
        let held = lease(&runtime, &pool);
        let (second, third) = (waiter(&runtime, &pool), waiter(&runtime, &pool));
        race(vec![
            Box::new(|| drop(held)),
            Box::new(|| drop(second)),
            Box::new(|| drop(in_time(&runtime, third).expect("served"))),
        ]);
    }
    assert_eq!((quick.tally.opened(), pool.stats().idle, pool.stats().waiters), (1, 1, 0));
    sound(&pool);
}

/// golang/go#32336: those who waited for a slot did not hear of connections that came back, and all stood still.
#[test]
fn b13_threads_that_take_turns_at_one_connection_do_not_stand_still() {
    let runtime = runtime();
    let quick = Quick::exclusive();
    let pool = runtime.block_on(async { quick.pool(1) });
    let turns = AtomicUsize::new(0);
    let take_turns = || {
        for turn in 0..ROUNDS {
            let lease = lease(&runtime, &pool);
            turns.fetch_add(1, Ordering::SeqCst);
            // Slots are freed as well as connections given back.
            if turn % 7 == 0 { lease.discard() } else { drop(lease) }
        }
    };
    race(vec![Box::new(take_turns), Box::new(take_turns), Box::new(take_turns), Box::new(take_turns)]);
    assert_eq!(turns.load(Ordering::SeqCst), 4 * ROUNDS);
    assert_eq!(quick.tally.most_alive(), 1);
    sound(&pool);
}

/// redis/go-redis PR#3625: hand-overs to requests that timed out meanwhile freed a slot too many, or one too few.
#[test]
fn b47_hand_overs_to_requests_that_are_given_up_keep_the_number_of_slots() {
    let runtime = runtime();
    let quick = Quick::exclusive();
    let pool = runtime.block_on(async { quick.pool(2) });
    let give_up = || {
        for turn in 0..ROUNDS {
            let patience = Duration::from_micros(turn as u64 % 50);
            let given = runtime.block_on(async { tokio::time::timeout(patience, pool.get(&())).await });
            drop(given);
        }
    };
    race(vec![Box::new(give_up), Box::new(give_up), Box::new(give_up), Box::new(give_up)]);
    let leases = [lease(&runtime, &pool), lease(&runtime, &pool)];
    let third = waiter(&runtime, &pool);
    assert_eq!(pool.stats().connections(), 2);
    drop(leases);
    drop(in_time(&runtime, third).expect("served"));
    assert!(quick.tally.most_alive() <= 2);
    sound(&pool);
}

/// reactor/reactor-netty#2828: leases of a shared connection that ended at the same time were not all counted.
#[test]
fn b57_leases_that_end_on_all_threads_park_their_connection_once() {
    let runtime = runtime();
    let quick = Quick::shared(40);
    let parked = Arc::<AtomicUsize>::default();
    let counts = Arc::clone(&parked);
    let pool = runtime.block_on(async {
        let builder = Pool::builder(quick.clone()).max_connections_per_key(1);
        let count = move |(): &(), notice: &Notice<_>| {
            counts.fetch_add(usize::from(matches!(notice, Notice::Parked { .. })), Ordering::SeqCst);
        };
        builder.observe(count).build().expect("sound")
    });
    for round in 1..=ROUNDS / 3 {
        let mut hands: Vec<Vec<Lease<Quick>>> = vec![Vec::new(), Vec::new(), Vec::new(), Vec::new()];
        for number in 0..40 {
            hands[number % 4].push(lease(&runtime, &pool));
        }
        assert_eq!(pool.stats().leased, 1);
        race(hands.into_iter().map(|leases| Box::new(|| drop(leases)) as Box<dyn FnOnce() + Send>).collect());
        assert_eq!((pool.stats().leased, pool.stats().idle), (0, 1));
        assert_eq!(parked.load(Ordering::SeqCst), round);
    }
    assert_eq!(quick.tally.opened(), 1);
    sound(&pool);
}

/// npgsql/npgsql#4479: who broke a connection and who gave it back both put it into the pool.
#[test]
fn b53_a_lease_that_ends_at_the_moment_of_an_interruption_is_closed_once() {
    let runtime = runtime();
    let quick = Quick::exclusive();
    let pool = runtime.block_on(async { quick.pool(1) });
    for round in 1..=ROUNDS {
        let held = lease(&runtime, &pool);
        let next = waiter(&runtime, &pool);
        race(vec![Box::new(|| drop(held)), Box::new(|| pool.clear(Clear::all().interrupt()))]);
        drop(in_time(&runtime, next).expect("served"));
        // Given back in time, it may have served the next one, who was interrupted or not.
        pool.clear(Clear::all());
        in_time(&runtime, async {
            while pool.stats().connections() > 0 {
                tokio::task::yield_now().await;
            }
        });
        assert_eq!(quick.tally.closed(), quick.tally.opened(), "in round {round}");
        sound(&pool);
    }
    assert_eq!((quick.tally.alive(), quick.tally.most_alive()), (0, 1));
}

/// transact-rs/sqlx PR#3952: what was given back while the pool closed was forgotten by the close.
#[test]
fn b101_leases_that_end_at_the_moment_of_the_shutdown_are_closed() {
    let runtime = runtime();
    for _ in 0..ROUNDS {
        let quick = Quick::exclusive();
        let pool = runtime.block_on(async { quick.pool(3) });
        let leases = [lease(&runtime, &pool), lease(&runtime, &pool), lease(&runtime, &pool)];
        let [first, second, third] = leases;
        race(vec![
            Box::new(|| drop(first)),
            Box::new(|| drop(second)),
            Box::new(|| third.discard()),
            Box::new(|| pool.close()),
        ]);
        in_time(&runtime, pool.closed());
        assert_eq!((quick.tally.closed(), quick.tally.alive()), (3, 0));
        sound(&pool);
    }
}
