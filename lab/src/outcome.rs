//! What a run of the load has shown.

use std::time::Duration;

use anyhow::ensure;
use latebind_tokio::Source;

use crate::text::millis;

/// A request that was answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Served {
    /// Time to its connection.
    pub wait: Duration,
    /// How its connection came.
    pub source: Source,
    /// How much later it came to ask than the load had it: what the machine took.
    pub lateness: Duration,
}

/// The figures of one pool.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// Time to a connection of each request, sorted.
    waits: Vec<Duration>,
    /// How late each request came, sorted.
    lateness: Vec<Duration>,
    /// How the connection of each request came.
    sources: Vec<Source>,
    /// Dials made.
    pub dials: usize,
    /// Dials in progress and open connections, the most there were at once.
    pub peak: usize,
}

impl Outcome {
    /// The outcome of all requests, in any order.
    pub fn new(served: &[Served], dials: usize, peak: usize) -> Self {
        let sorted = |of: fn(&Served) -> Duration| {
            let mut durations: Vec<_> = served.iter().map(of).collect();
            durations.sort_unstable();
            durations
        };
        Self {
            waits: sorted(|request| request.wait),
            lateness: sorted(|request| request.lateness),
            sources: served.iter().map(|request| request.source).collect(),
            dials,
            peak,
        }
    }

    /// Requests that were answered.
    pub fn answered(&self) -> usize {
        self.waits.len()
    }

    /// The least time to a connection that `percent` of the requests did not exceed; zero if there were none.
    pub fn wait(&self, percent: usize) -> Duration {
        percentile(&self.waits, percent)
    }

    /// The same of the times by which requests came late.
    pub fn lateness(&self, percent: usize) -> Duration {
        percentile(&self.lateness, percent)
    }

    /// The mean time to a connection; zero if there were no requests.
    pub fn mean_wait(&self) -> Duration {
        let requests = u32::try_from(self.waits.len()).unwrap_or(u32::MAX);
        self.waits.iter().sum::<Duration>().checked_div(requests).unwrap_or_default()
    }

    /// How many connections came from `source`.
    pub fn came_from(&self, source: Source) -> usize {
        self.sources.iter().filter(|&&found| found == source).count()
    }
}

/// By nearest rank.
fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

/// Checks what the demo claims: late binding waits less, on average and at the 95th percentile, and dials no more.
///
/// # Errors
///
/// The first claim that the figures do not bear out.
pub fn check_claims(late: &Outcome, own: &Outcome) -> anyhow::Result<()> {
    let waits = [("on average", late.mean_wait(), own.mean_wait()), ("at p95", late.wait(95), own.wait(95))];
    for (which, late, own) in waits {
        let (late_ms, own_ms) = (millis(late), millis(own));
        ensure!(
            late < own,
            "with late binding, {which}, the wait should be less than {own_ms}, but is {late_ms}"
        );
    }
    let (late, own) = (late.dials, own.dials);
    ensure!(late <= own, "with late binding, the dials should be no more than {own}, but are {late}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use latebind_tokio::Source;

    use super::{Outcome, Served, check_claims};

    fn outcome(waits_ms: impl IntoIterator<Item = u64>, dials: usize) -> Outcome {
        let served: Vec<_> = waits_ms
            .into_iter()
            .map(Duration::from_millis)
            .map(|wait| Served { wait, source: Source::Idle, lateness: 2 * wait })
            .collect();
        Outcome::new(&served, dials, 0)
    }

    #[test]
    fn a_percentile_is_the_least_wait_that_so_many_did_not_exceed() {
        let hundred = outcome((1..=100).rev(), 0);
        assert_eq!([1, 50, 95, 99, 100].map(|p| hundred.wait(p).as_millis()), [1, 50, 95, 99, 100]);
        assert_eq!(hundred.lateness(95).as_millis(), 190);
        let three = outcome([30, 10, 20], 0);
        assert_eq!([1, 33, 34, 66, 67, 100].map(|p| three.wait(p).as_millis()), [10, 10, 20, 20, 30, 30]);
        assert_eq!(outcome([], 0).wait(50), Duration::ZERO);
    }

    #[test]
    fn a_claim_that_does_not_hold_is_named() {
        let own = outcome([10; 100], 5);
        assert!(check_claims(&outcome([9; 100], 5), &own).is_ok());
        let failure = |late| check_claims(&late, &own).unwrap_err().to_string();
        assert!(failure(outcome([10; 100], 5)).contains("on average"));
        assert!(failure(outcome((0..100).map(|i| if i < 90 { 1 } else { 11 }), 5)).contains("p95"));
        assert!(failure(outcome([9; 100], 6)).contains("dials"));
    }
}
