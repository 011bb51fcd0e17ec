//! Many requesters at once, each in a task or a thread of its own. Nothing is lost, lent twice, or left behind.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use futures_util::future::{Either, select};
use latebind_driver::Config;

use crate::net::Dial;
use crate::platform::{Answer, Wish};
use crate::wait::{until, yield_now};
use crate::world::{Asked, Pool, World, sound};
use crate::{Key, Platform};

scenarios! {
    a_crowd_shares_a_few_connections,
    a_crowd_outlives_dials_that_fail_and_leases_that_are_discarded,
    a_crowd_of_which_many_give_up,
    a_crowd_on_shared_connections,
}

const KEYS: [Key; 4] = ["host", "elsewhere", "somewhere", "anywhere"];
const CONNECTIONS: u32 = 6;

fn config() -> Config {
    Config::default().max_connections(CONNECTIONS).max_connections_per_key(3).request_timeout(None)
}

/// What became of the requests.
#[derive(Default)]
struct Tally {
    served: AtomicUsize,
    failed: AtomicUsize,
    /// Of those who do not give up, where the others do.
    patient: AtomicUsize,
    /// Seen by somebody who held a connection: more holders than it may have.
    lent_too_often: AtomicUsize,
}

impl Tally {
    fn answered(&self) -> usize {
        self.served.load(Ordering::SeqCst) + self.failed.load(Ordering::SeqCst)
    }

    /// What a requester does with its answer, where it runs.
    fn take<P: Platform>(&self, number: usize, capacity: usize, discards: bool, answer: Answer<P>) {
        self.patient.fetch_add(usize::from(is_patient(number)), Ordering::SeqCst);
        let Ok(lease) = answer else {
            self.failed.fetch_add(1, Ordering::SeqCst);
            return;
        };
        if lease.enter() > capacity {
            self.lent_too_often.fetch_add(1, Ordering::SeqCst);
        }
        // Not often: on a busy machine, a turn of the others takes long.
        if number.is_multiple_of(50) {
            thread::yield_now();
        }
        lease.leave();
        if discards && number.is_multiple_of(11) {
            lease.discard();
        } else {
            drop(lease);
        }
        self.served.fetch_add(1, Ordering::SeqCst);
    }
}

fn is_patient(number: usize) -> bool {
    number % 3 == 2
}

/// All ask at once, in turn for each key and with all priorities.
fn crowd<P: Platform>(
    w: &World<P>,
    pool: &Pool<P>,
    capacity: usize,
    discards: bool,
) -> (Arc<Tally>, Vec<Asked<P>>) {
    let tally = Arc::<Tally>::default();
    let asked = (0..w.platform.crowd()).map(|number| {
        let wish = Wish::of(KEYS[number % KEYS.len()]).level((number % 8) as u8);
        let tally = Arc::clone(&tally);
        w.wish_for(pool, wish, move |answer| tally.take::<P>(number, capacity, discards, answer))
    });
    let asked = asked.collect();
    (tally, asked)
}

/// Ends each dial as `end` says until the condition holds. Never are there more connections than there may be.
async fn dials_end<P: Platform>(
    w: &mut World<P>,
    pool: &Pool<P>,
    what: &str,
    mut end: impl FnMut(usize, Dial),
    condition: impl Fn() -> bool,
) {
    let mut number = 0;
    let mut done = Box::pin(until(what, &condition));
    loop {
        match select(done, Box::pin(w.peer.dial())).await {
            Either::Left(_) => return,
            Either::Right((dial, waiting)) => {
                end(number, dial);
                number += 1;
                done = waiting;
            }
        }
        assert!(pool.stats().connections() <= CONNECTIONS, "{}", pool.stats());
        assert_eq!(pool.check_invariants(), Ok(()));
    }
}

/// The pool comes to rest, and whatever was asked and dialed has ended once.
async fn adds_up<P: Platform>(w: &mut World<P>, pool: &Pool<P>, tally: &Tally) {
    let is_at_rest = || {
        let stats = pool.stats();
        stats.connections() == stats.idle && stats.waiters == 0
    };
    dials_end(w, pool, "the pool is at rest", |_, dial| drop(dial.connect()), is_at_rest).await;
    assert_eq!(tally.lent_too_often.load(Ordering::SeqCst), 0, "lent to more than it may be");
    let stats = pool.stats();
    let counters = stats.counters;
    let ended = counters.delivered.total() + counters.failed + counters.cancelled;
    assert_eq!(ended + u64::from(stats.waiters), counters.requests, "{counters:?}");
    let dialed = counters.opened + counters.dials_failed;
    assert_eq!(dialed + u64::from(stats.dialing), counters.dials, "{counters:?}");
    sound(pool);
}

async fn a_crowd_shares_a_few_connections<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(config());
    let (tally, _asked) = crowd(w, &pool, 1, false);
    let all = w.platform.crowd();
    dials_end(w, &pool, "all are served", |_, dial| drop(dial.connect()), || tally.answered() == all).await;
    assert_eq!(tally.served.load(Ordering::SeqCst), all);
    adds_up(w, &pool, &tally).await;
}

async fn a_crowd_outlives_dials_that_fail_and_leases_that_are_discarded<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(config());
    let (tally, _asked) = crowd(w, &pool, 1, true);
    let all = w.platform.crowd();
    let end = |number: usize, dial: Dial| match number % 7 {
        3 => dial.fail("refused"),
        5 => dial.panic(),
        _ => drop(dial.connect()),
    };
    dials_end(w, &pool, "all are answered", end, || tally.answered() == all).await;
    assert!(tally.served.load(Ordering::SeqCst) > all / 2, "most dials do well");
    assert_eq!(tally.failed.load(Ordering::SeqCst) as u64, pool.stats().counters.failed);
    adds_up(w, &pool, &tally).await;
}

async fn a_crowd_of_which_many_give_up<P: Platform>(w: &mut World<P>) {
    let pool = w.pool(config());
    let (tally, mut asked) = crowd(w, &pool, 1, true);
    // The others give up at some time: before the pool knows of them, while they wait, or while they are served.
    let mut patient = Vec::new();
    while let Some(next) = asked.pop() {
        if is_patient(asked.len()) {
            patient.push(next);
        } else if asked.len().is_multiple_of(16) {
            yield_now().await;
        }
    }
    let are_served = || tally.patient.load(Ordering::SeqCst) == patient.len();
    dials_end(w, &pool, "the patient are served", |_, dial| drop(dial.connect()), are_served).await;
    adds_up(w, &pool, &tally).await;
}

async fn a_crowd_on_shared_connections<P: Platform>(w: &mut World<P>) {
    w.peer.shares(4);
    let pool = w.pool(config());
    let (tally, _asked) = crowd(w, &pool, 4, false);
    let all = w.platform.crowd();
    dials_end(w, &pool, "all are served", |_, dial| drop(dial.connect()), || tally.answered() == all).await;
    assert_eq!(tally.served.load(Ordering::SeqCst), all);
    adds_up(w, &pool, &tally).await;
}
