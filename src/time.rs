//! Points in time, as the caller tells them.

use core::time::Duration;

/// A point in time: nanoseconds since an origin that the caller chooses and keeps.
///
/// The core reads no clock; every event brings its time. [`Time::NEVER`], the greatest value, never
/// comes: sums that overflow end there, so a timeout of centuries is simply one that never expires (R12).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Time(pub u64);

impl Time {
    /// The origin of the caller's clock.
    pub const ZERO: Self = Self(0);
    /// A time that never comes.
    pub const NEVER: Self = Self(u64::MAX);

    /// The time that is `duration` after the origin; [`Time::NEVER`] from 584 years on.
    pub fn from_origin(duration: Duration) -> Self {
        Self::ZERO.after(duration)
    }

    /// The time `duration` from here, [`Time::NEVER`] if that is out of range.
    pub fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(nanos(duration)))
    }

    /// How long it is from `earlier` to here; zero if `earlier` is the later one.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

/// A duration in nanoseconds, saturating.
pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
