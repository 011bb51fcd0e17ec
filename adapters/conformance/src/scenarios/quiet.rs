//! A6: what an idle pool has on its runtime, and what it does there.

use std::time::Duration;

use latebind_driver::Config;

use crate::wait::{nap, until};
use crate::world::{World, sound};
use crate::{Counts, Platform};

scenarios! {
    an_idle_pool_causes_no_wake_up,
    there_is_one_timer_for_everything_and_none_for_nothing,
}

fn counts<P: Platform>(w: &World<P>) -> &Counts {
    w.platform.counts().expect("a platform that does not count cannot play this, and says so")
}

async fn an_idle_pool_causes_no_wake_up<P: Platform>(w: &mut World<P>) {
    w.peer.watches();
    let pool = w.pool(Config::default());
    w.park(&pool, "host", 3).await;
    w.park(&pool, "elsewhere", 2).await;
    until("the timer sleeps", || counts(w).tasks() == 1 && counts(w).sleeps() == 1).await;
    until("five connections are watched", || w.peer.watched() == 5).await;
    // Whoever was polled just now has returned from it.
    nap(Duration::from_millis(100)).await;
    let polls = counts(w).polls();
    nap(Duration::from_millis(2500)).await;
    assert_eq!(counts(w).polls(), polls, "not a single task was woken");
    assert_eq!(pool.stats().idle, 5);
    sound(&pool);
}

async fn there_is_one_timer_for_everything_and_none_for_nothing<P: Platform>(w: &mut World<P>) {
    let timeless = Config::default().idle_timeout(None).request_timeout(None).dial_timeout(None);
    let pool = w.pool(timeless.clone());
    let lease = w.open(&pool, "host").await;
    until("its dial's task has ended", || counts(w).tasks() == 0).await;
    drop(lease);
    assert_eq!((counts(w).tasks(), counts(w).sleeps(), pool.stats().idle), (0, 0, 1));
    pool.reconfigure(&Config::default()).expect("sound");
    w.park(&pool, "elsewhere", 3).await;
    until("there is the timer alone", || counts(w).tasks() == 1 && counts(w).sleeps() == 1).await;
    sound(&pool);
}
