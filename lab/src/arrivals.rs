//! When requests arrive, and how long the server takes for each.

use std::ops::RangeInclusive;
use std::time::Duration;

use fastrand::Rng;

/// Requests of one burst: a page and what it needs, or a call that fans out.
const BURST: RangeInclusive<usize> = 8..=20;
/// Mean time between two requests of a burst, in seconds.
const WITHIN_BURST_S: f64 = 0.000_3;
/// Mean time from the end of a burst to the start of the next, in seconds.
const BETWEEN_BURSTS_S: f64 = 0.07;
/// What the server needs to answer, in microseconds.
const SERVICE_US: RangeInclusive<u64> = 5_000..=20_000;
/// The same in words.
pub const SERVICE: &str = "5 to 20 ms";

/// One request of the load.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Arrival {
    /// When it asks for a connection, since the start.
    pub at: Duration,
    /// How long the server lets it wait for its answer.
    pub service: Duration,
}

/// A stream of bursts, the same for the same seed: exponential times between requests and between bursts.
pub fn bursts(requests: usize, seed: u64) -> Vec<Arrival> {
    let mut random = Rng::with_seed(seed);
    let mut arrivals = Vec::with_capacity(requests);
    let mut at = Duration::ZERO;
    let mut left_in_burst = random.usize(BURST);
    while arrivals.len() < requests {
        arrivals.push(Arrival { at, service: Duration::from_micros(random.u64(SERVICE_US)) });
        left_in_burst -= 1;
        if left_in_burst == 0 {
            left_in_burst = random.usize(BURST);
            at += exponential(&mut random, BETWEEN_BURSTS_S);
        } else {
            at += exponential(&mut random, WITHIN_BURST_S);
        }
    }
    arrivals
}

/// A time drawn from the exponential distribution, cut at ten times its mean.
fn exponential(random: &mut Rng, mean_s: f64) -> Duration {
    // `1 - f64()` is never 0.
    let drawn = -(1.0 - random.f64()).ln();
    Duration::from_secs_f64(mean_s * drawn.min(10.0))
}

#[cfg(test)]
mod tests {
    use super::bursts;

    #[test]
    fn the_same_seed_gives_the_same_stream() {
        assert_eq!(bursts(300, 7), bursts(300, 7));
        assert_ne!(bursts(300, 7), bursts(300, 8));
    }

    #[test]
    fn arrivals_stand_in_order_and_are_as_many_as_asked_for() {
        let arrivals = bursts(300, 1);
        assert_eq!(arrivals.len(), 300);
        assert!(arrivals.is_sorted_by_key(|arrival| arrival.at));
    }
}
