//! What happens in the gaps of a request, or of what it waits for.

use crate::alone::alone;
use crate::gaps::{Bell, Scene, in_every_gap, poll, ready};

/// golang/go#10155: a connection came back between "there is none" and "I wait", was parked, and nobody was woken.
#[test]
fn b01_a_return_in_any_gap_of_a_request_serves_it() {
    // It has room for a dial, so that there is a gap after the request.
    in_every_gap(2, async |gap| {
        let mut scene = Scene::new(2);
        let lease = scene.lease().await;
        let (mut get, bell) = (scene.pool.get(&"host"), Bell::new());
        let (first, was_there) = scene.gaps.intrude(gap, || drop(lease), || poll(&mut get, &bell));
        if was_there {
            let answer = if first.is_pending() && bell.has_rung() { poll(&mut get, &bell) } else { first };
            assert_eq!(ready(answer).name, 0, "in gap {gap}");
            scene.is_sound();
        }
        was_there
    });
}

/// djc/bb8#167: a broken connection came back while a request went to sleep, and nobody dialed for it.
#[test]
fn b05_a_broken_return_in_any_gap_of_a_request_has_it_dialed_for() {
    in_every_gap(1, async |gap| {
        let mut scene = Scene::new(1);
        let lease = scene.lease().await;
        let (mut get, bell) = (scene.pool.get(&"host"), Bell::new());
        let (first, was_there) = scene.gaps.intrude(gap, || lease.discard(), || poll(&mut get, &bell));
        if was_there {
            assert!(first.is_pending(), "the slot is held until it is closed (R9)");
            scene.peer.dial().await.connect();
            assert_eq!(get.await.expect("served").name, 1);
        }
        was_there
    });
}

/// aio-libs/aiohttp#9670: the one wake-up went to a waiter that was being cancelled, and died with it.
#[test]
fn b03_a_return_in_any_gap_of_a_cancel_serves_the_next() {
    in_every_gap(1, async |gap| {
        let mut scene = Scene::new(1);
        let lease = scene.lease().await;
        let ((second, _), (mut third, bell)) = (scene.waiter(), scene.waiter());
        let ((), was_there) = scene.gaps.intrude(gap, || drop(lease), || drop(second));
        assert!(bell.has_rung());
        assert_eq!(ready(poll(&mut third, &bell)).name, 0);
        scene.is_sound();
        was_there
    });
}

/// aio-libs/aiohttp#9670, the other way round.
#[test]
fn b03_a_cancel_in_any_gap_of_a_return_leaves_it_to_the_next() {
    in_every_gap(1, async |gap| {
        let mut scene = Scene::new(1);
        let lease = scene.lease().await;
        let ((second, _), (mut third, bell)) = (scene.waiter(), scene.waiter());
        let ((), was_there) = scene.gaps.intrude(gap, || drop(second), || drop(lease));
        assert!(bell.has_rung());
        assert_eq!(ready(poll(&mut third, &bell)).name, 0);
        scene.is_sound();
        was_there
    });
}

/// aio-libs/aiohttp#4936: a newcomer took what a woken waiter had not picked up yet, which opened one more.
#[test]
fn b41_a_newcomer_before_a_pick_up_waits() {
    alone(async || {
        let mut scene = Scene::new(1);
        let lease = scene.lease().await;
        let (mut second, bell) = scene.waiter();
        drop(lease);
        assert!(bell.has_rung());
        let (_newcomer, ask) = scene.newcomer();
        ask();
        let lease = ready(poll(&mut second, &bell));
        assert_eq!((lease.name, scene.pool.stats().connections()), (0, 1));
        assert_eq!(scene.pool.stats().waiters, 1);
        scene.is_sound();
    });
}

/// transact-rs/sqlx#453: newcomers took what came back before those who waited.
#[test]
fn b67_a_newcomer_in_any_gap_of_a_return_queues_behind() {
    in_every_gap(1, async |gap| {
        let mut scene = Scene::new(1);
        let lease = scene.lease().await;
        let (mut second, bell) = scene.waiter();
        let (_newcomer, ask) = scene.newcomer();
        let ((), was_there) = scene.gaps.intrude(gap, ask, || drop(lease));
        assert_eq!(ready(poll(&mut second, &bell)).name, 0);
        was_there
    });
}
