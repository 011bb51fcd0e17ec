//! What happens in the gap between a dial's success and its report.

use std::time::Duration;

use latebind_tokio::{Clear, ConnectError, Error};

use crate::alone::alone;
use crate::gaps::{Bell, Scene, poll, ready};
use crate::support::{config, net, until};

/// One connection, and no timer, which would have gaps of its own; but a duration, since a gap is where the clock is read.
fn scene() -> Scene {
    let (net, peer) = net();
    let timeless = config().idle_timeout(None).request_timeout(None).dial_timeout(None);
    Scene::of(net, peer, timeless.check_after_idle(Duration::MAX).max_connections_per_key(1))
}

/// The next dial succeeds, and before the pool hears of it, something else happens.
async fn succeeds_after(scene: &mut Scene, act: impl FnOnce() + Send + 'static) {
    let dial = scene.peer.dial().await;
    scene.gaps.wait_for(0, act);
    dial.connect();
    until("it has succeeded", || scene.gaps.is_over()).await;
}

/// Vincit/tarn.js PR#48: a dial succeeded after it had been given up, and its connection was neither used nor closed.
#[test]
fn b21_a_dial_that_succeeds_after_it_was_given_up_serves_the_next() {
    alone(async || {
        let mut scene = scene();
        let (get, _bell) = scene.waiter();
        let (pool, at_once) = (scene.pool.clone(), Duration::from_nanos(1));
        let hurry = config().idle_timeout(None).request_timeout(None).dial_timeout(at_once);
        succeeds_after(&mut scene, move || {
            pool.reconfigure(&hurry).expect("sound");
            pool.resume(); // Lets time pass.
            assert_eq!((pool.stats().waiters, pool.stats().dialing), (0, 1), "it was given up");
        })
        .await;
        let answer = get.await;
        assert!(matches!(answer, Err(Error::Dial(ConnectError::TimedOut(_)))), "{answer:?}");
        assert_eq!(
            (scene.pool.stats().idle, scene.pool.stats().connections(), scene.peer.alive()),
            (1, 1, 1)
        );
        assert_eq!(ready(poll(&mut scene.pool.get(&"host"), &Bell::new())).name, 0);
        scene.is_sound();
    });
}

/// netty/netty#9669: a dial succeeded for a request that was being cancelled, and its connection was dropped on the
/// floor.
#[test]
fn b25_a_dial_that_succeeds_as_its_request_is_dropped_is_parked() {
    alone(async || {
        let mut scene = scene();
        let (get, _bell) = scene.waiter();
        succeeds_after(&mut scene, || drop(get)).await;
        assert_eq!(
            (scene.pool.stats().idle, scene.pool.stats().connections(), scene.peer.alive()),
            (1, 1, 1)
        );
        assert_eq!(ready(poll(&mut scene.pool.get(&"host"), &Bell::new())).name, 0);
        scene.is_sound();
    });
}

/// aio-libs/aiohttp#2193: a dial that ended after the close found its entry gone, and crashed.
#[test]
fn b105_a_dial_that_succeeds_after_the_shutdown_is_closed() {
    alone(async || {
        let mut scene = scene();
        let (get, _bell) = scene.waiter();
        let pool = scene.pool.clone();
        succeeds_after(&mut scene, move || pool.close()).await;
        assert!(matches!(get.await, Err(Error::Closed)));
        scene.pool.closed().await;
        assert_eq!((scene.peer.closes(), scene.peer.alive()), (1, 0));
        scene.is_sound();
    });
}

/// crbug.com/44724: what belonged to the time before a flush met what was asked for after it.
#[test]
fn b109_a_dial_that_succeeds_after_a_clear_serves_nobody() {
    alone(async || {
        let mut scene = scene();
        let (get, _bell) = scene.waiter();
        let pool = scene.pool.clone();
        succeeds_after(&mut scene, move || pool.clear(Clear::all())).await;
        scene.peer.dial().await.connect();
        assert_eq!(get.await.expect("served by the new generation").name, 1);
        assert_eq!(scene.peer.closes(), 1);
        scene.is_sound();
    });
}
