//! From latencies to figures, and from rounds to a comparison.

use serde::Serialize;

use super::protocol::Answer;

/// What one round of one client comes to.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub(crate) struct Round {
    pub(crate) requests_per_second: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) p999_ms: f64,
    /// Processor time that the client used for a request; `None` if it cannot be known.
    pub(crate) processor_us: Option<f64>,
    pub(crate) connections: Connections,
    pub(crate) errors: u64,
}

/// As the server saw them.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct Connections {
    pub(crate) made: u64,
    /// Open at once, at most.
    pub(crate) peak: u64,
}

impl Round {
    pub(crate) fn new(mut answer: Answer, processor_ns: Option<u64>, connections: Connections) -> Self {
        let latencies = &mut answer.latencies_ns;
        latencies.sort_unstable();
        // Who answers nothing is slower than anybody.
        let milliseconds =
            |per_mille| percentile(latencies, per_mille).map_or(f64::INFINITY, |time| float(time) / 1e6);
        let requests = float(answer.requests.max(1));
        Self {
            requests_per_second: float(latencies.len() as u64) * 1e9 / float(answer.elapsed_ns.max(1)),
            p50_ms: milliseconds(500),
            p99_ms: milliseconds(990),
            p999_ms: milliseconds(999),
            processor_us: processor_ns.map(|time| float(time) / 1e3 / requests),
            connections,
            errors: answer.errors,
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 52 days in nanoseconds")]
pub(crate) fn float(number: u64) -> f64 {
    number as f64
}

/// The smallest value that at least so many of a thousand values do not exceed.
fn percentile(sorted: &[u64], per_mille: usize) -> Option<u64> {
    let rank = (sorted.len() * per_mille).div_ceil(1000);
    sorted.get(rank.saturating_sub(1)).copied()
}

/// The value in the middle; of an even number, the mean of the two there. NaN of none.
pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        length if length % 2 == 1 => values[length / 2],
        length => f64::midpoint(values[length / 2 - 1], values[length / 2]),
    }
}

/// One figure of a client against the best of the others.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub(crate) struct Ratio {
    /// Above 1 is better, whether more is better or less.
    pub(crate) times: f64,
    pub(crate) verdict: Verdict,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    Ahead,
    Even,
    Behind,
}

/// What differs by less is taken for noise.
const NOISE: f64 = 0.05;

/// Compares with the one of the others whose median is best. Rounds are compared in pairs, and the median of the
/// ratios counts: what slows a whole round down slows both. `None` if there is nobody to compare with.
pub(crate) fn compare(
    own: &[Round],
    others: &[&[Round]],
    more_is_better: bool,
    figure: impl Fn(&Round) -> f64,
) -> Option<Ratio> {
    // Made so that more is better.
    let good = |round: &Round| if more_is_better { figure(round) } else { 1.0 / figure(round) };
    let median_of = |rounds: &[Round]| median(rounds.iter().map(&good));
    let best = others.iter().max_by(|a, b| median_of(a).total_cmp(&median_of(b)))?;
    let times = median(own.iter().zip(*best).map(|(own, other)| good(own) / good(other)));
    let verdict = if times > 1.0 + NOISE {
        Verdict::Ahead
    } else if times < 1.0 - NOISE {
        Verdict::Behind
    } else {
        Verdict::Even
    };
    Some(Ratio { times, verdict })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(requests_per_second: f64, p99_ms: f64) -> Round {
        Round {
            requests_per_second,
            p50_ms: 0.0,
            p99_ms,
            p999_ms: 0.0,
            processor_us: None,
            connections: Connections::default(),
            errors: 0,
        }
    }

    #[test]
    fn percentiles_are_values_that_occurred() {
        let values: Vec<u64> = (1..=1000).collect();
        let of = |per_mille| percentile(&values, per_mille);
        assert_eq!([of(500), of(990), of(999), of(1000)], [500, 990, 999, 1000].map(Some));
        assert_eq!(percentile(&[7, 8, 9], 500), Some(8));
        assert_eq!(percentile(&[7], 500), Some(7));
        assert_eq!(percentile(&[], 990), None);
    }

    #[test]
    fn who_answers_nothing_is_behind_who_does() {
        let nothing = [Round::new(Answer::default(), None, Connections::default())];
        let (behind, ahead) = ([&nothing[..]], [round(100.0, 1.0)]);
        for (more_is_better, figure) in
            [(true, (|round| round.requests_per_second) as fn(&Round) -> f64), (false, |round| round.p99_ms)]
        {
            let of = |own, others| compare(own, others, more_is_better, figure).unwrap().verdict;
            assert_eq!(of(&ahead, &behind), Verdict::Ahead);
            assert_eq!(of(&nothing, &[&ahead[..]]), Verdict::Behind);
        }
    }

    #[test]
    fn a_round_counts_what_was_measured_and_shares_the_time_among_all() {
        let answer = Answer {
            elapsed_ns: 500_000_000,
            latencies_ns: vec![3_000_000, 1_000_000, 2_000_000],
            requests: 5,
            errors: 1,
            ..Answer::default()
        };
        let round = Round::new(answer, Some(1_000_000), Connections { made: 4, peak: 2 });
        assert_eq!((round.requests_per_second, round.p50_ms, round.p99_ms), (6.0, 2.0, 3.0));
        assert_eq!((round.processor_us, round.connections.made, round.errors), (Some(200.0), 4, 1));
    }

    #[test]
    fn the_median_is_the_middle() {
        let of = |values: &[f64]| median(values.iter().copied());
        assert_eq!((of(&[9.0, 1.0, 2.0]), of(&[1.0, 2.0, 4.0, 9.0])), (2.0, 3.0));
        assert!(median(std::iter::empty()).is_nan());
    }

    #[test]
    fn a_slow_round_is_slow_for_all() {
        let own = [round(110.0, 1.0), round(11.0, 10.0), round(111.0, 1.0)];
        let slower = [round(50.0, 2.0), round(5.0, 20.0), round(50.0, 2.0)];
        let best = [round(100.0, 1.0), round(10.0, 10.0), round(100.0, 0.5)];
        let others = [&slower[..], &best[..]];
        let rate = compare(&own, &others, true, |round| round.requests_per_second).unwrap();
        assert_eq!((rate.times, rate.verdict), (1.1, Verdict::Ahead));
        let p99 = compare(&own, &others, false, |round| round.p99_ms).unwrap();
        assert_eq!((p99.times, p99.verdict), (1.0, Verdict::Even));
        let behind = compare(&slower, &[&own], false, |round| round.p99_ms).unwrap();
        assert_eq!((behind.times, behind.verdict), (0.5, Verdict::Behind));
        assert_eq!(compare(&own, &[], true, |round| round.p99_ms), None);
    }
}
