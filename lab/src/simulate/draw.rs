//! Where a world's chances come from: one generator, whole numbers only, so that a seed means the same everywhere.

use std::time::Duration;

/// A microsecond, in the nanoseconds that all durations of a world are drawn in.
pub const MICRO: u64 = 1_000;
/// A millisecond.
pub const MILLI: u64 = 1_000 * MICRO;

/// A generator with a few shapes of chance.
#[derive(Clone, Debug)]
pub struct Draw(fastrand::Rng);

impl Draw {
    /// The generator of a seed.
    pub fn new(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed))
    }

    /// True so many times in a thousand.
    pub fn chance(&mut self, per_mille: u32) -> bool {
        per_mille > 0 && self.0.u32(0..1_000) < per_mille
    }

    /// Any of them, the last one included.
    pub fn between(&mut self, least: u64, most: u64) -> u64 {
        self.0.u64(least..=most.max(least))
    }

    /// The same for counts.
    pub fn count(&mut self, least: u32, most: u32) -> u32 {
        self.0.u32(least..=most.max(least))
    }

    /// An index into something of that length, which is not empty.
    pub fn index(&mut self, length: usize) -> usize {
        self.0.usize(0..length)
    }

    /// One of several.
    pub fn one_of<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.index(items.len())]
    }

    /// Between the two, and each order of magnitude as often as the others.
    pub fn scale(&mut self, least: u64, most: u64) -> u64 {
        let doublings = u64::from((most / least.max(1)).checked_ilog2().unwrap_or(0));
        let from = least.max(1) << self.between(0, doublings);
        self.between(from, from.saturating_mul(2)).min(most)
    }

    /// Around the mean, and sometimes far above it.
    pub fn around(&mut self, mean: u64) -> Duration {
        let stretch = if self.chance(40) { 10 } else { 1 };
        Duration::from_nanos(self.between(0, mean.saturating_mul(2)).saturating_mul(stretch))
    }

    /// Any number.
    pub fn any(&mut self) -> u64 {
        self.0.u64(..)
    }
}
