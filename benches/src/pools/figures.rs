//! From rounds to medians, ratios and spreads.

use serde::Serialize;

use super::peers::Kind;

/// What one round of one pool comes to, in one figure.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Measure {
    Number(f64),
    Word(String),
}

impl Measure {
    pub(crate) fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Word(_) => None,
        }
    }
}

impl From<f64> for Measure {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for Measure {
    fn from(word: &str) -> Self {
        Self::Word(word.to_owned())
    }
}

/// A column of a scenario's table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figure {
    pub(crate) name: &'static str,
    pub(crate) decimals: usize,
    /// With whom the others are compared.
    pub(crate) limit: Option<Kind>,
}

impl Figure {
    pub(crate) const fn new(name: &'static str, decimals: usize) -> Self {
        Self { name, decimals, limit: None }
    }

    pub(crate) const fn against(self, limit: Kind) -> Self {
        Self { limit: Some(limit), ..self }
    }
}

/// All rounds of a pool in a scenario: a row of measures for each.
#[derive(Clone, Debug)]
pub(crate) struct Rounds {
    pub(crate) kind: Kind,
    pub(crate) rounds: Vec<Vec<Measure>>,
}

impl Rounds {
    pub(crate) fn numbers(&self, figure: usize) -> impl Iterator<Item = f64> {
        self.rounds.iter().filter_map(move |round| round[figure].number())
    }

    /// The word of the first round; if another round has another one, both.
    pub(crate) fn word(&self, figure: usize) -> Option<String> {
        let mut words: Vec<&str> = Vec::new();
        for round in &self.rounds {
            match &round[figure] {
                Measure::Word(word) if !words.contains(&word.as_str()) => words.push(word),
                _ => {}
            }
        }
        (!words.is_empty()).then(|| words.join(" / "))
    }

    pub(crate) fn median(&self, figure: usize) -> Option<f64> {
        quantile(self.numbers(figure), 0.5)
    }
}

/// One pool's figure as a multiple of another's.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub(crate) struct Ratio {
    /// Of the medians.
    pub(crate) times: f64,
    /// The quartiles of the ratios within each round.
    pub(crate) spread: (f64, f64),
}

/// The ratio of `own` to `other`, whose rounds were played in turns; `None` without numbers.
pub(crate) fn ratio(own: &Rounds, other: &Rounds, figure: usize) -> Option<Ratio> {
    let times = own.median(figure)? / other.median(figure)?;
    let pairs = || own.numbers(figure).zip(other.numbers(figure)).map(|(own, other)| own / other);
    Some(Ratio { times, spread: (quantile(pairs(), 0.25)?, quantile(pairs(), 0.75)?) })
}

/// The value below which a part of all lies, between its neighbours; `None` of none.
#[expect(clippy::cast_precision_loss, clippy::cast_sign_loss, reason = "a place among values in memory")]
pub(crate) fn quantile(values: impl Iterator<Item = f64>, part: f64) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let place = part * values.len().checked_sub(1)? as f64;
    let (low, high) = (values[place.floor() as usize], values[place.ceil() as usize]);
    // Two infinite neighbours have no difference.
    Some(if low.total_cmp(&high).is_eq() { low } else { low + (high - low) * place.fract() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rounds(numbers: &[f64]) -> Rounds {
        Rounds { kind: Kind::Bb8, rounds: numbers.iter().map(|&number| vec![number.into()]).collect() }
    }

    #[test]
    fn quantiles_lie_between_their_neighbours() {
        let of = |values: &[f64], part| quantile(values.iter().copied(), part);
        assert_eq!(of(&[9.0, 1.0, 2.0], 0.5), Some(2.0));
        assert_eq!(of(&[1.0, 2.0, 4.0, 9.0], 0.5), Some(3.0));
        assert_eq!(of(&[1.0, 2.0, 3.0, 4.0, 5.0], 0.25), Some(2.0));
        assert_eq!(of(&[7.0], 0.99), Some(7.0));
        assert_eq!(of(&[f64::INFINITY, f64::INFINITY, 1.0], 0.75), Some(f64::INFINITY));
        assert_eq!(of(&[], 0.5), None);
        let thousand: Vec<f64> = (0..=1000).map(f64::from).collect();
        assert_eq!((of(&thousand, 0.99), of(&thousand, 0.999)), (Some(990.0), Some(999.0)));
    }

    #[test]
    fn a_ratio_is_that_of_the_medians_and_its_spread_that_of_the_rounds() {
        let own = rounds(&[20.0, 400.0, 30.0]);
        let other = rounds(&[10.0, 100.0, 10.0]);
        let ratio = ratio(&own, &other, 0).unwrap();
        assert_eq!((ratio.times, ratio.spread), (3.0, (2.5, 3.5)));
        assert_eq!(super::ratio(&own, &rounds(&[]), 0), None);
    }

    #[test]
    fn words_that_differ_are_all_told() {
        let words = ["kept", "aborted", "kept"].map(|word| vec![Measure::from(word)]);
        let rounds = Rounds { kind: Kind::Bb8, rounds: words.to_vec() };
        assert_eq!(rounds.word(0).as_deref(), Some("kept / aborted"));
        assert_eq!(rounds.median(0), None);
    }
}
