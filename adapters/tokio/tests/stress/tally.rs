//! What the tasks and the observers have counted, beside the pool's own counters.

use std::sync::atomic::{AtomicU64, Ordering};

use latebind_tokio::{Counters, Notice, Source};

use crate::{ROUNDS, TASKS};

#[derive(Default)]
pub(super) struct Tally {
    pub(super) served: AtomicU64,
    pub(super) cancelled: AtomicU64,
    pub(super) failed: AtomicU64,
}

impl Tally {
    pub(super) fn total(&self) -> u64 {
        [&self.served, &self.cancelled, &self.failed].map(|count| count.load(Ordering::SeqCst)).iter().sum()
    }
}

/// Every request and every dial ends exactly once (I4, I5), and the observers were told of each.
pub(super) fn adds_up(counters: &Counters, told: &Told, tally: &Tally) {
    let ended = [counters.failed, counters.timed_out, counters.refused, counters.cancelled];
    assert_eq!(counters.delivered.total() + ended.iter().sum::<u64>(), counters.requests, "{counters:?}");
    assert_eq!(counters.opened + counters.dials_failed, counters.dials, "{counters:?}");
    assert!(counters.requests >= TASKS * ROUNDS, "some are asked for again");
    assert!(counters.delivered.total() >= tally.served.load(Ordering::SeqCst));
    assert_eq!(counters.failed, tally.failed.load(Ordering::SeqCst));
    for source in Source::ALL {
        assert_eq!(told.delivered[source as usize].load(Ordering::SeqCst), counters.delivered[source]);
    }
    let told = [&told.cancelled, &told.failed, &told.dials, &told.opened, &told.dials_failed, &told.parked];
    let refusals = counters.failed + counters.timed_out + counters.refused;
    let counted = [
        counters.cancelled,
        refusals,
        counters.dials,
        counters.opened,
        counters.dials_failed,
        counters.parked,
    ];
    assert_eq!(told.map(|told| told.load(Ordering::SeqCst)), counted, "{counters:?}");
}

/// What an observer has counted.
#[derive(Default)]
pub(super) struct Told {
    delivered: [AtomicU64; Source::ALL.len()],
    pub(super) cancelled: AtomicU64,
    pub(super) failed: AtomicU64,
    dials: AtomicU64,
    opened: AtomicU64,
    dials_failed: AtomicU64,
    parked: AtomicU64,
    pub(super) closed: AtomicU64,
}

impl Told {
    pub(super) fn hear(&self, notice: &Notice<&'static str>) {
        let counter = match notice {
            Notice::Delivered { source, .. } => &self.delivered[*source as usize],
            Notice::Cancelled { .. } => &self.cancelled,
            Notice::Failed { .. } => &self.failed,
            Notice::DialStarted { .. } => &self.dials,
            Notice::DialOpened { .. } => &self.opened,
            Notice::DialFailed { .. } => &self.dials_failed,
            Notice::Parked { .. } => &self.parked,
            Notice::Closed { .. } => &self.closed,
            _ => return,
        };
        counter.fetch_add(1, Ordering::SeqCst);
    }
}
