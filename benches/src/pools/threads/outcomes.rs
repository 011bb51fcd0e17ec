//! Late binding and dial failure.

use std::thread;
use std::time::{Duration, Instant};

use crate::pools::dialer::{Dialer, Plan};
use crate::pools::figures::{Figure, Measure};
use crate::pools::harness;
use crate::pools::peers::{BlockingPool, PlayOnThreads, Wish};
use crate::pools::scenarios::dial_failure::{DIAL as REFUSAL, WISH, cause};
use crate::pools::scenarios::late_binding::UNCLEAR;

pub(crate) struct Outcomes;

pub(crate) const FIGURES: &[Figure] = &[
    Figure::new("second request served after, ms", 0),
    Figure::new("dial of a requester that went", 0),
    Figure::new("failure heard after, ms", 0),
    Figure::new("cause", 0),
];

const RETURN: Duration = Duration::from_millis(20);
const DIAL: Duration = Duration::from_millis(200);

impl PlayOnThreads for Outcomes {
    fn round<P: BlockingPool>(&self, build: impl Fn(Dialer, Wish) -> P) -> Vec<Measure> {
        let pool = build(Dialer::new(Plan::First(1, Some(DIAL))), Wish::limit(4));
        let served = second_request(&pool);
        let slow = Dialer::new(Plan::After(DIAL));
        let fate = abandoned_dial(&build(slow.clone(), Wish::limit(4)), &slow);
        let pool = build(Dialer::new(Plan::Refused(REFUSAL)), WISH);
        let begin = Instant::now();
        let refused = pool.get();
        let heard = begin.elapsed();
        let [served, heard] = [served, heard].map(|duration| harness::milliseconds(duration).into());
        vec![served, fate.into(), heard, cause(refused).into()]
    }
}

/// When the second request is served: after `RETURN`, or after `DIAL`.
fn second_request<P: BlockingPool>(pool: &P) -> Duration {
    let first = pool.get().expect("the first dial is quick");
    thread::scope(|scope| {
        let second = scope.spawn(|| {
            let begin = Instant::now();
            drop(pool.get().expect("its dial ends"));
            begin.elapsed()
        });
        thread::sleep(RETURN);
        drop(first);
        second.join().expect("it does not panic")
    })
}

/// What became of a dial whose requester has gone before it was done.
fn abandoned_dial<P: BlockingPool>(pool: &P, dialer: &Dialer) -> &'static str {
    if pool.get_timeout(DIAL / 20).is_ok() {
        return UNCLEAR;
    }
    thread::sleep(DIAL * 2);
    let before = dialer.seen().started;
    let again = pool.get_timeout(DIAL / 20);
    if again.is_ok() && dialer.seen().started == before { "kept" } else { "lost" }
}
