//! A7: peers that close connections.

use latebind_driver::{Config, Source};

use crate::Platform;
use crate::net::Part;
use crate::wait::until;
use crate::world::{World, sound};

scenarios! {
    a_parked_connection_that_its_peer_closes_is_removed_then,
    a_watched_connection_serves_as_any_other,
    what_its_peer_closed_on_lease_is_removed_when_it_is_parked,
    a_watch_that_panics_costs_its_connection_only,
    the_slot_of_what_its_peer_closed_serves_another_key,
}

async fn a_parked_connection_that_its_peer_closes_is_removed_then<P: Platform>(w: &mut World<P>) {
    w.peer.watches();
    let pool = w.pool(Config::default());
    let asked = w.ask(&pool, "host").await;
    let switch = w.dial().await.connect();
    drop(asked.served().await);
    assert_eq!(pool.stats().idle, 1);
    switch.close();
    until("it is removed", || pool.stats().connections() == 0 && w.peer.closes() == 1).await;
    assert_eq!(w.open(&pool, "host").await.name(), 1);
    sound(&pool);
}

async fn a_watched_connection_serves_as_any_other<P: Platform>(w: &mut World<P>) {
    w.peer.watches();
    let pool = w.pool(Config::default());
    w.park(&pool, "host", 2).await;
    for _ in 0..20 {
        let (first, second) = (w.take(&pool, "host").await, w.take(&pool, "host").await);
        assert_eq!([first.source(), second.source()], [Source::Idle; 2]);
        assert_ne!(first.name(), second.name());
    }
    assert_eq!(pool.stats().counters.dials, 2);
    sound(&pool);
}

async fn what_its_peer_closed_on_lease_is_removed_when_it_is_parked<P: Platform>(w: &mut World<P>) {
    w.peer.watches();
    let pool = w.pool(Config::default());
    let asked = w.ask(&pool, "host").await;
    let switch = w.dial().await.connect();
    let lease = asked.served().await;
    switch.close();
    assert_eq!(pool.stats().leased, 1, "it is its holder's to notice");
    drop(lease);
    until("it is removed", || pool.stats().connections() == 0).await;
    sound(&pool);
}

async fn a_watch_that_panics_costs_its_connection_only<P: Platform>(w: &mut World<P>) {
    w.peer.watches();
    let pool = w.pool(Config::default());
    let lease = w.open(&pool, "host").await;
    w.peer.panics_in(Part::Closed);
    w.loses(1);
    drop(lease);
    until("it is gone", || pool.stats().connections() == 0).await;
    w.peer.panics_in(None);
    w.park(&pool, "host", 1).await;
    sound(&pool);
}

async fn the_slot_of_what_its_peer_closed_serves_another_key<P: Platform>(w: &mut World<P>) {
    w.peer.watches();
    w.peer.shares(1);
    let pool = w.pool(Config::default().max_connections(1));
    let asked = w.ask(&pool, "host").await;
    let switch = w.dial().await.connect();
    drop(asked.served().await);
    let lease = w.take(&pool, "host").await;
    let elsewhere = w.ask(&pool, "elsewhere").await;
    // A shared connection is watched in use as well.
    switch.close();
    w.dial().await.connect();
    assert_eq!(elsewhere.served().await.name(), 1);
    drop(lease);
    sound(&pool);
}
