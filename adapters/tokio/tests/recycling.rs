//! What happens to exclusive connections between two leases.

mod support;

use std::time::Duration;

use latebind_tokio::{Clear, Config, Source};
use support::{config, leased, net, served, sound, tasks, until, waits};

fn one() -> Config {
    config().max_connections_per_key(1).idle_timeout(None).request_timeout(None).dial_timeout(None)
}

#[tokio::test]
async fn a_connection_is_recycled_before_the_next_lease_and_counts_as_leased_meanwhile() {
    let (net, mut peer) = net();
    let pool = net.recycling().pool(one());
    drop(leased(&pool, &mut peer).await);
    let mut get = pool.get(&"host");
    waits(&mut get);
    let trial = peer.trial().await;
    assert_eq!((trial.name, pool.stats().leased, pool.stats().idle), (0, 1, 0), "R9");
    sound(&pool);
    trial.pass();
    let lease = get.await.expect("served");
    assert_eq!((lease.name, lease.source()), (0, Source::Returned));
    sound(&pool);
}

#[tokio::test]
async fn without_a_hook_there_is_no_task() {
    let (net, mut peer) = net();
    let pool = net.pool(one());
    let lease = leased(&pool, &mut peer).await;
    until("the dial's task has ended", || tasks() == 0).await;
    drop(lease);
    assert_eq!((tasks(), pool.stats().idle), (0, 1));
    assert!(peer.is_untried());
}

#[tokio::test]
async fn one_that_cannot_be_recycled_is_closed_and_its_slot_serves_the_next() {
    let (net, mut peer) = net();
    let pool = net.recycling().pool(one());
    let mut lease = leased(&pool, &mut peer).await;
    for (closed_before, end) in [support::Trial::fail, support::Trial::panic].into_iter().enumerate() {
        drop(lease);
        let mut get = pool.get(&"host");
        waits(&mut get);
        end(peer.trial().await);
        let dial = peer.dial().await;
        assert_eq!((peer.closes(), peer.alive()), (closed_before + 1, 0));
        dial.connect();
        lease = get.await.expect("served");
        sound(&pool);
    }
}

#[tokio::test]
async fn a_discarded_connection_is_not_recycled() {
    let (net, mut peer) = net();
    let pool = net.recycling().pool(one());
    leased(&pool, &mut peer).await.discard();
    until("it is gone", || pool.stats().connections() == 0).await;
    assert!(peer.is_untried());
}

#[tokio::test]
async fn shutdown_stops_a_recycling_and_lets_none_begin() {
    let (net, mut peer) = net();
    let pool = net.recycling().pool(one().max_connections_per_key(2));
    let still_out = leased(&pool, &mut peer).await;
    drop(leased(&pool, &mut peer).await);
    let mut trial = peer.trial().await;
    pool.close();
    trial.dropped().await;
    until("it is closed", || peer.closes() == 1 && peer.alive() == 1).await;
    drop(still_out);
    pool.closed().await;
    assert!(peer.is_untried());
    assert_eq!((peer.closes(), peer.alive()), (2, 0));
    until("no task is left", || tasks() == 0).await;
    sound(&pool);
}

#[tokio::test]
async fn the_last_handle_stops_a_recycling() {
    let (net, mut peer) = net();
    let pool = net.recycling().pool(one());
    drop(leased(&pool, &mut peer).await);
    let mut trial = peer.trial().await;
    drop(pool);
    trial.dropped().await;
    until("everything is gone", || tasks() == 0 && peer.alive() == 0 && peer.is_abandoned()).await;
}

#[tokio::test]
async fn a_clear_that_interrupts_stops_a_recycling_and_one_that_does_not_lets_it_end() {
    let (net, mut peer) = net();
    let pool = net.recycling().pool(one());
    drop(leased(&pool, &mut peer).await);
    let mut trial = peer.trial().await;
    pool.clear(Clear::key(&"host").interrupt());
    trial.dropped().await;
    until("it is closed", || pool.stats().connections() == 0).await;
    assert_eq!((peer.closes(), peer.alive()), (1, 0));

    drop(leased(&pool, &mut peer).await);
    let trial = peer.trial().await;
    pool.clear(Clear::all());
    assert_eq!(pool.stats().leased, 1);
    trial.pass();
    until("it is closed", || pool.stats().connections() == 0).await;
    assert_eq!((peer.closes(), peer.alive()), (2, 0));
    sound(&pool);
}

#[test]
fn a_runtime_that_ends_under_a_recycling_costs_the_connection() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let (net, mut peer) = net();
    let (pool, _trial) = runtime.block_on(async {
        let pool = net.recycling().pool(one());
        drop(leased(&pool, &mut peer).await);
        let trial = peer.trial().await;
        (pool, trial)
    });
    drop(runtime);
    assert_eq!((peer.alive(), pool.stats().connections()), (0, 0));
    sound(&pool);
}

#[tokio::test(start_paused = true)]
async fn one_that_takes_long_is_overdue_with_its_lease() {
    let (net, mut peer) = net();
    let second = Duration::from_secs(1);
    let pool = net.recycling().pool(one().lease_warn_after(10 * second));
    let lease = leased(&pool, &mut peer).await;
    tokio::time::sleep(6 * second).await;
    drop(lease);
    let trial = peer.trial().await;
    assert_eq!(pool.stats().counters.overdue, 0);
    tokio::time::sleep(6 * second).await;
    assert_eq!(pool.stats().counters.overdue, 1, "R22");
    trial.pass();
    until("it is parked", || pool.stats().idle == 1).await;
    drop(served(&mut pool.get(&"host")));
}
