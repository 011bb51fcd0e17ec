//! Pools that are closed while they are in use.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use latebind_tokio::Error;
use tokio::task::yield_now;

use crate::quick::Quick;
use crate::support::{Dial, config, leased, net, sound, tasks, until, waits};

/// The future's end, by the real or a paused clock; fails the test if that takes long.
async fn in_time<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(30), future).await.expect("it hangs")
}

/// curl/curl#15857: a connection in graceful shutdown no longer counted, so there were too many sockets.
#[tokio::test]
async fn b45_a_connection_counts_until_its_close_is_done() {
    let (quick, ends) = Quick::exclusive().with_slow_ends();
    let pool = quick.pool(1);
    pool.get(&()).await.expect("served").discard();
    let asking = pool.clone();
    let next = tokio::spawn(async move { asking.get(&()).await.map(drop) });
    until("the next one waits", || pool.stats().waiters == 1).await;
    for _ in 0..10 {
        yield_now().await;
    }
    assert_eq!((quick.tally.opened(), pool.stats().connections()), (1, 1));
    ends.add_permits(1);
    assert!(in_time(next).await.expect("no panic").is_ok());
    assert_eq!((quick.tally.opened(), quick.tally.most_alive()), (2, 1));
    assert_eq!(pool.check_invariants(), Ok(()));
}

/// jackc/puddle#25: closing waited for dials that were counted only once they had ended.
#[tokio::test]
async fn b99_a_shutdown_ends_though_dials_of_dropped_requests_are_under_way() {
    type End = fn(Dial);
    let ends: [End; 4] =
        [|dial| drop(dial.connect()), |dial| dial.fail("refused"), |dial| dial.panic("no"), drop];
    for first in 0..ends.len() {
        let (net, mut peer) = net();
        let pool = net.pool(config().max_connections_per_key(8));
        let mut gets: Vec<_> = (0..8).map(|_| pool.get(&"host")).collect();
        gets.iter_mut().for_each(waits);
        let mut dials = Vec::new();
        for _ in 0..8 {
            dials.push(peer.dial().await);
        }
        drop(gets);
        let after = dials.split_off(4);
        for (number, dial) in dials.into_iter().enumerate() {
            ends[(first + number) % ends.len()](dial);
        }
        pool.close();
        for (number, dial) in after.into_iter().enumerate() {
            ends[(first + number) % ends.len()](dial);
        }
        in_time(pool.closed()).await;
        assert_eq!((peer.alive(), pool.stats().connections()), (0, 0));
        sound(&pool);
        drop(pool);
        until("no task is left", || tasks() == 0).await;
    }
}

/// transact-rs/sqlx PR#3952: the close returned while connections that came back during it were still open.
#[tokio::test]
async fn b101_a_shutdown_ends_with_the_last_close_and_not_before() {
    let (quick, ends) = Quick::exclusive().with_slow_ends();
    let pool = quick.pool(3);
    let mut leases = Vec::new();
    for _ in 0..3 {
        leases.push(pool.get(&()).await.expect("served"));
    }
    leases.pop(); // Parked.
    let closing = pool.clone();
    let shutdown = tokio::spawn(async move { closing.shutdown().await });
    for left in (0..3).rev() {
        for _ in 0..10 {
            yield_now().await;
        }
        assert!(!shutdown.is_finished(), "{} are open", left + 1);
        leases.pop();
        ends.add_permits(1);
        until("one more is closed", || quick.tally.alive() == left).await;
    }
    in_time(shutdown).await.expect("no panic");
    assert_eq!((quick.tally.closed(), quick.tally.opened()), (3, 3));
    assert_eq!(pool.check_invariants(), Ok(()));
}

/// nodejs/undici#390: requests in the queue were left unanswered.
#[tokio::test]
async fn b103_everybody_who_waits_is_told_of_the_shutdown_in_order() {
    let (net, mut peer) = net();
    let pool = net.pool(config().max_connections_per_key(1));
    let lease = leased(&pool, &mut peer).await;
    let told = Arc::<Mutex<Vec<u32>>>::default();
    let mut tasks = Vec::new();
    for number in 0..4 {
        let (get, tell) = (pool.get_owned("host"), Arc::clone(&told));
        tasks.push(tokio::spawn(async move {
            let answer = get.await;
            assert!(matches!(answer, Err(Error::Closed)), "{answer:?}");
            tell.lock().expect("no panic").push(number);
        }));
        until("it waits", || pool.stats().waiters == number + 1).await;
    }
    pool.close();
    for task in tasks {
        in_time(task).await.expect("no panic");
    }
    assert_eq!(*told.lock().expect("no panic"), [0, 1, 2, 3]);
    drop(lease);
    in_time(pool.closed()).await;
    sound(&pool);
}

/// aio-libs/aiohttp#2193: a dial that ended after the close found its entry gone, and crashed.
#[tokio::test]
async fn b105_a_dial_may_end_at_the_moment_of_the_shutdown() {
    type End = fn(Dial);
    let ends: [End; 3] = [|dial| drop(dial.connect()), |dial| dial.fail("refused"), |dial| dial.panic("no")];
    for end in ends {
        for dial_is_first in [true, false] {
            let (net, mut peer) = net();
            let pool = net.pool(config());
            let mut get = pool.get(&"host");
            waits(&mut get);
            let dial = peer.dial().await;
            // No other task runs between these two.
            if dial_is_first {
                end(dial);
                pool.close();
            } else {
                pool.close();
                end(dial);
            }
            assert!(matches!(get.await, Err(Error::Closed)));
            in_time(pool.closed()).await;
            assert_eq!((peer.alive(), pool.stats().connections()), (0, 0));
            sound(&pool);
        }
    }
}
