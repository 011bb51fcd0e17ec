//! What happens in the gaps of a lease's end, and of what ends it.

use latebind_tokio::Clear;

use crate::gaps::{Scene, in_every_gap, poll, ready};
use crate::support::until;

/// npgsql/npgsql#4479: who broke a connection and who gave it back both put it into the pool.
#[test]
fn b53_a_lease_that_ends_in_any_gap_of_an_interruption_is_closed_once() {
    async fn is_closed_once(mut scene: Scene, gap: u32) -> bool {
        let lease = scene.lease().await;
        let clear = || scene.pool.clear(Clear::all().interrupt());
        let ((), was_there) = scene.gaps.intrude(gap, || drop(lease), clear);
        closed_once(&mut scene).await;
        was_there
    }
    in_every_gap(1, async |gap| is_closed_once(Scene::new(2), gap).await);
    in_every_gap(1, async |gap| is_closed_once(Scene::recycling(2), gap).await);
}

/// npgsql/npgsql#4479, the other way round.
#[test]
fn b53_an_interruption_in_any_gap_of_a_leases_end_closes_it_once() {
    async fn is_closed_once(mut scene: Scene, gap: u32) -> bool {
        let lease = scene.lease().await;
        let pool = scene.pool.clone();
        let clear = move || pool.clear(Clear::all().interrupt());
        let ((), was_there) = scene.gaps.intrude(gap, clear, || drop(lease));
        if !was_there {
            scene.pool.clear(Clear::all().interrupt());
        }
        closed_once(&mut scene).await;
        was_there
    }
    in_every_gap(1, async |gap| is_closed_once(Scene::new(2), gap).await);
    in_every_gap(1, async |gap| is_closed_once(Scene::recycling(2), gap).await);
}

/// The first connection is gone, and nobody gets it; the next two are two.
async fn closed_once(scene: &mut Scene) {
    until("it is closed", || scene.pool.stats().connections() == 0).await;
    assert_eq!((scene.peer.closes(), scene.peer.alive()), (1, 0));
    let (first, second) = (scene.lease().await, scene.lease().await);
    assert_eq!((first.name, second.name), (1, 2));
    scene.is_sound();
}

/// golang/go#34941: two that found a shared connection broken subtracted it both.
#[test]
fn b51_a_shared_connection_that_two_leases_discard_is_subtracted_once() {
    in_every_gap(1, async |gap| {
        let mut scene = Scene::shared(2);
        let first = scene.lease().await;
        let second = scene.one_more();
        let ((), was_there) = scene.gaps.intrude(gap, || second.discard(), || first.discard());
        until("it is closed", || scene.pool.stats().connections() == 0).await;
        assert_eq!((scene.peer.closes(), scene.peer.alive()), (1, 0));
        scene.is_sound();
        assert_eq!(scene.lease().await.name, 1);
        was_there
    });
}

/// cloudflare/pingora, commit a401754: two leases ended together, and the connection was in two lists.
#[test]
fn b113_two_leases_that_end_in_each_others_gaps_park_it_once() {
    in_every_gap(1, async |gap| {
        let mut scene = Scene::shared(2);
        let first = scene.lease().await;
        let second = scene.one_more();
        let (mut third, bell) = scene.waiter();
        let ((), was_there) = scene.gaps.intrude(gap, || drop(second), || drop(first));
        assert!(bell.has_rung());
        let third = ready(poll(&mut third, &bell));
        assert_eq!((scene.pool.stats().leased, scene.pool.stats().idle), (1, 0));
        drop(third);
        assert_eq!((scene.pool.stats().leased, scene.pool.stats().idle), (0, 1));
        assert_eq!(scene.pool.stats().connections(), 1);
        scene.is_sound();
        was_there
    });
}

/// transact-rs/sqlx PR#3952: what was given back while the pool closed was forgotten by the close.
#[test]
fn b101_a_return_in_any_gap_of_a_shutdown_is_closed() {
    async fn is_closed(mut scene: Scene, gap: u32) -> bool {
        let lease = scene.lease().await;
        let ((), was_there) = scene.gaps.intrude(gap, || drop(lease), || scene.pool.close());
        scene.pool.closed().await;
        assert_eq!((scene.peer.closes(), scene.peer.alive()), (1, 0));
        scene.is_sound();
        was_there
    }
    in_every_gap(1, async |gap| is_closed(Scene::new(1), gap).await);
    in_every_gap(1, async |gap| is_closed(Scene::recycling(1), gap).await);
}

/// transact-rs/sqlx PR#3952, the other way round.
#[test]
fn b101_a_shutdown_in_any_gap_of_a_return_closes_it() {
    async fn is_closed(mut scene: Scene, gap: u32) -> bool {
        let lease = scene.lease().await;
        let pool = scene.pool.clone();
        let ((), was_there) = scene.gaps.intrude(gap, move || pool.close(), || drop(lease));
        scene.pool.shutdown().await;
        assert_eq!((scene.peer.closes(), scene.peer.alive()), (1, 0));
        scene.is_sound();
        was_there
    }
    in_every_gap(1, async |gap| is_closed(Scene::new(1), gap).await);
    in_every_gap(1, async |gap| is_closed(Scene::recycling(1), gap).await);
}
