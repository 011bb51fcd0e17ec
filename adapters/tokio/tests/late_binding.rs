//! R1 to R5 through the adapter: a request takes whichever comes first.

mod support;

use std::time::Duration;

use latebind_tokio::{Binding, Priority, Source};
use support::{config, net, poll_once, served, sound, until, waits};

/// The scene of Go's `TestTransportSocketLateBinding`, without HTTP.
#[tokio::test]
async fn the_second_request_is_served_by_what_the_first_gives_back_while_its_dial_hangs() {
    let (net, mut peer) = net();
    let pool = net.pool(config());

    let mut foo = pool.get(&"host");
    waits(&mut foo);
    peer.dial().await.connect();
    let foo = foo.await.expect("its dial succeeded");
    assert_eq!((foo.name, foo.source()), (0, Source::OwnDial));

    let mut bar = pool.get(&"host");
    waits(&mut bar);
    let held_up = peer.dial().await;
    let id = foo.id();
    drop(foo);
    let bar = served(&mut bar);
    assert_eq!((bar.name, bar.id(), bar.source()), (0, id, Source::Returned));

    held_up.connect();
    until("the surplus dial is parked", || pool.stats().idle == 1).await;
    let third = served(&mut pool.get(&"host"));
    assert_eq!((third.name, third.source()), (1, Source::Idle));

    assert!(peer.is_quiet(), "no further dial");
    assert_eq!(peer.alive(), 2);
    sound(&pool);
}

#[tokio::test]
async fn a_finished_dial_serves_the_first_waiter_whoever_it_was_started_for() {
    let (net, mut peer) = net();
    let pool = net.pool(config());
    let (mut first, mut second) = (pool.get(&"host"), pool.get(&"host"));
    waits(&mut first);
    waits(&mut second);
    let firsts_dial = peer.dial().await;
    peer.dial().await.connect();
    assert_eq!(first.await.expect("served by the second's dial").source(), Source::OtherDial);
    firsts_dial.connect();
    let second = second.await.expect("served by the returned one");
    assert_eq!(second.source(), Source::Returned);
    sound(&pool);
}

#[tokio::test]
async fn under_own_first_a_finished_dial_serves_its_own_request() {
    let (net, mut peer) = net();
    let pool = net.pool(config().binding(Binding::OwnFirst));
    let (mut first, mut second) = (pool.get(&"host"), pool.get(&"host"));
    waits(&mut first);
    waits(&mut second);
    let firsts_dial = peer.dial().await;
    peer.dial().await.connect();
    let second = second.await.expect("served by its own dial");
    assert_eq!((second.name, second.source()), (0, Source::OwnDial));
    waits(&mut first);
    firsts_dial.connect();
    assert_eq!(first.await.expect("served by its own dial").source(), Source::OwnDial);
}

#[tokio::test]
async fn the_more_urgent_request_is_served_first() {
    let (net, mut peer) = net();
    let pool = net.pool(config().max_connections_per_key(1));
    let mut holder = pool.get(&"host");
    waits(&mut holder);
    peer.dial().await.connect();
    let holder = holder.await.expect("served");

    let mut patient = pool.get(&"host").priority(Priority::LOWEST);
    let mut urgent = pool.get_owned("host").priority(Priority::HIGHEST);
    waits(&mut patient);
    waits(&mut urgent);
    drop(holder);
    waits(&mut patient);
    drop(served(&mut urgent));
    drop(served(&mut patient));
}

#[tokio::test]
async fn one_key_does_not_serve_another() {
    let (net, mut peer) = net();
    let pool = net.pool(config());
    let (mut a, mut b) = (pool.get(&"a"), pool.get(&"b"));
    waits(&mut a);
    waits(&mut b);
    let dials = [peer.dial().await, peer.dial().await];
    for dial in dials {
        if dial.key == "b" {
            dial.connect();
        } else {
            drop(dial);
        }
    }
    drop(b.await.expect("its own key's dial succeeded"));
    assert!(poll_once(&mut a).is_pending());
    assert_eq!(pool.key_stats(&"b").idle, 1);
    assert_eq!(pool.key_stats(&"a").waiters, 1);
    assert_eq!(pool.stats().keys, 2);
}

#[tokio::test]
async fn a_request_that_moves_to_another_task_is_woken_there() {
    let (net, mut peer) = net();
    let pool = net.pool(config());
    let mut get = pool.get_owned("host");
    // The waker of this poll does nothing: the one of the task must replace it.
    waits(&mut get);
    let task = tokio::spawn(get);
    // On this runtime tasks take turns: the new one has its turn before the dial, which is done last.
    tokio::task::yield_now().await;
    assert_eq!(pool.stats().waiters, 1);
    peer.dial().await.connect();
    let answer = tokio::time::timeout(Duration::from_secs(20), task).await.expect("it is woken");
    let lease = answer.expect("no panic").expect("served");
    assert_eq!(lease.source(), Source::OwnDial);
}

/// On the one thread of this runtime, nobody else runs unless this task yields.
#[tokio::test]
async fn a_loop_of_gets_that_are_served_at_once_lets_other_tasks_run() {
    let (net, mut peer) = net();
    let pool = net.pool(config());
    let mut get = pool.get(&"host");
    waits(&mut get);
    peer.dial().await.connect();
    drop(get.await.expect("served"));
    let other = tokio::spawn(std::future::ready(()));
    for _ in 0..10_000 {
        drop(pool.get(&"host").await.expect("served"));
    }
    assert!(other.is_finished());
}
