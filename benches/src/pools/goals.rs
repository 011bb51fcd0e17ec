//! What latebind is to reach, and whether it does.

use std::fmt;

use serde::Serialize;

use super::figures::{Rounds, ratio};
use super::peers::Kind;

/// A bound for one figure of one pool.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Goal {
    pub(crate) who: Kind,
    /// The place of the figure in its scenario.
    pub(crate) figure: usize,
    pub(crate) bound: Bound,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Bound {
    AtMost(f64),
    AtMostTimes(f64, Kind),
    AtLeastTimes(f64, Kind),
    Below(Kind),
    Above(Kind),
    Is(&'static str),
}

impl Goal {
    pub(crate) const fn new(who: Kind, figure: usize, bound: Bound) -> Self {
        Self { who, figure, bound }
    }

    /// What was seen, and whether it is enough.
    pub(crate) fn judge(&self, all: &[Rounds]) -> Verdict {
        self.look(all).unwrap_or_else(|| Verdict { seen: "not measured".to_owned(), outcome: Outcome::Open })
    }

    /// `None` if one of those who are compared was not measured.
    fn look(&self, all: &[Rounds]) -> Option<Verdict> {
        let find = |kind| all.iter().find(|rounds| rounds.kind == kind);
        let own = find(self.who)?;
        let times = |kind| find(kind).and_then(|other| ratio(own, other, self.figure));
        let (seen, is_met) = match self.bound {
            Bound::AtMost(bound) => {
                let median = own.median(self.figure)?;
                (plain(median), median <= bound)
            }
            Bound::AtMostTimes(bound, kind) => {
                let ratio = times(kind)?;
                (format!("{:.2} ×", ratio.times), ratio.times <= bound)
            }
            Bound::AtLeastTimes(bound, kind) => {
                let ratio = times(kind)?;
                (format!("{:.2} ×", ratio.times), ratio.times >= bound)
            }
            Bound::Below(kind) => {
                let ratio = times(kind)?;
                (format!("{:.2} ×", ratio.times), ratio.times < 1.0)
            }
            Bound::Above(kind) => {
                let ratio = times(kind)?;
                (format!("{:.2} ×", ratio.times), ratio.times > 1.0)
            }
            Bound::Is(word) => {
                let seen = own.word(self.figure)?;
                let is_met = seen == word;
                (seen, is_met)
            }
        };
        Some(Verdict { seen, outcome: if is_met { Outcome::Met } else { Outcome::Missed } })
    }
}

/// As few digits as tell it apart.
fn plain(number: f64) -> String {
    if number.fract() == 0.0 { format!("{number:.0}") } else { format!("{number:.2}") }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(bound) if *bound <= 0.0 => write!(f, "= {bound}"),
            Self::AtMost(bound) => write!(f, "≤ {bound}"),
            Self::AtMostTimes(bound, kind) => write!(f, "≤ {bound} × {}", kind.name()),
            Self::AtLeastTimes(bound, kind) => write!(f, "≥ {bound} × {}", kind.name()),
            Self::Below(kind) => write!(f, "less than {}", kind.name()),
            Self::Above(kind) => write!(f, "more than {}", kind.name()),
            Self::Is(word) => f.write_str(word),
        }
    }
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct Verdict {
    pub(crate) seen: String,
    pub(crate) outcome: Outcome,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    Met,
    Missed,
    /// Somebody did not take part.
    Open,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Met => "met",
            Self::Missed => "MISSED",
            Self::Open => "open",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pools::figures::Measure;

    fn judge(bound: Bound, own: Measure, other: f64) -> (String, Outcome) {
        let all = [(Kind::Latebind, own), (Kind::Semaphore, other.into())]
            .map(|(kind, measure)| Rounds { kind, rounds: vec![vec![measure]] });
        let Verdict { seen, outcome } = Goal::new(Kind::Latebind, 0, bound).judge(&all);
        (seen, outcome)
    }

    #[test]
    fn a_goal_is_met_up_to_its_bound() {
        let semaphore = Kind::Semaphore;
        let of = |bound, own: f64| judge(bound, own.into(), 100.0);
        assert_eq!(of(Bound::AtMost(2.0), 2.0), ("2".into(), Outcome::Met));
        assert_eq!(of(Bound::AtMost(2.0), 2.01), ("2.01".into(), Outcome::Missed));
        assert_eq!(of(Bound::AtMostTimes(1.2, semaphore), 120.0), ("1.20 ×".into(), Outcome::Met));
        assert_eq!(of(Bound::AtMostTimes(1.2, semaphore), 121.0).1, Outcome::Missed);
        assert_eq!(of(Bound::AtLeastTimes(0.8, semaphore), 80.0).1, Outcome::Met);
        assert_eq!(of(Bound::AtLeastTimes(0.8, semaphore), 79.0).1, Outcome::Missed);
        assert_eq!((of(Bound::Below(semaphore), 99.0).1, of(Bound::Below(semaphore), 100.0).1), MET_MISSED);
        assert_eq!((of(Bound::Above(semaphore), 101.0).1, of(Bound::Above(semaphore), 100.0).1), MET_MISSED);
        assert_eq!(judge(Bound::Is("kept"), "kept".into(), 1.0), ("kept".into(), Outcome::Met));
        assert_eq!(judge(Bound::Is("kept"), "aborted".into(), 1.0), ("aborted".into(), Outcome::Missed));
    }

    const MET_MISSED: (Outcome, Outcome) = (Outcome::Met, Outcome::Missed);

    #[test]
    fn without_those_who_are_compared_a_goal_is_open() {
        assert_eq!(judge(Bound::Below(Kind::R2d2), 1.0.into(), 1.0), ("not measured".into(), Outcome::Open));
    }
}
