//! The pool's time, which stands still until something depends on it.

use std::sync::OnceLock;

use latebind::{Config, DialFailure, Time};

use crate::Runtime;

/// What the time is, for the core and for the timer.
///
/// To read a clock costs about as much as one of the two locks of a lease, and where nothing has a duration nobody sees the
/// time pass. So the pool's time rests at its origin until something is said that has one: a config, a floor (whose failed
/// dials back off, R20), the timeout of a request. From then on it goes as the runtime's does, and never rests again.
///
/// It goes on from where it stood: what was there before is taken for as old as the clock. So all that has a duration ends
/// too late, if at all, and never too early.
///
/// A step that was begun before the clock started, and comes after it, brings a time that has passed: the core takes that
/// for no time passing.
pub(crate) struct Clock {
    /// The runtime's time at the origin of the pool's; not known while the clock rests.
    origin: OnceLock<Time>,
}

impl Clock {
    /// Notices tell how long things took, so a pool that is observed needs the time from the beginning. There, and where
    /// the config has a duration, it is the runtime's.
    pub(crate) fn new(config: &Config, is_observed: bool) -> Self {
        let is_needed = is_observed || has_duration(config);
        Self { origin: if is_needed { OnceLock::from(Time::ZERO) } else { OnceLock::new() } }
    }

    /// Something has a duration from now on.
    pub(crate) fn start<R: Runtime>(&self, runtime: &R) {
        self.origin.get_or_init(|| runtime.now());
    }

    pub(crate) fn now<R: Runtime>(&self, runtime: &R) -> Time {
        match self.origin.get() {
            Some(origin) => Time(runtime.now().0.saturating_sub(origin.0)),
            None => Time::ZERO,
        }
    }
}

/// Declares which durations of the config let time end something, each by itself.
macro_rules! durations {
    ($($field:ident,)*) => {
        /// Whether there is anything in a config that time could end.
        pub(crate) fn has_duration(config: &Config) -> bool {
            matches!(config.dial_failure, DialFailure::Retry { .. }) $(|| config.$field.is_some())*
        }

        #[cfg(test)]
        const DURATIONS: &[&str] = &[$(stringify!($field)),*];
    };
}

durations! {
    request_timeout,
    dial_timeout,
    check_after_idle,
    backup_dial_after,
    dial_delay,
    lease_warn_after,
    idle_timeout,
    unused_idle_timeout,
    max_lifetime,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builder::SETTERS;

    #[test]
    fn every_duration_of_the_config_is_known() {
        let durations = SETTERS.iter().filter(|(_, ty)| *ty == "Option<Duration>").map(|(field, _)| *field);
        // Without a `check_after_idle`, nothing is checked (R16).
        let by_itself: Vec<_> = durations.filter(|field| *field != "check_timeout").collect();
        assert_eq!(DURATIONS, by_itself);
        // Without a `max_lifetime`, the core refuses it.
        let other = SETTERS.iter().filter(|(_, ty)| *ty == "Duration").map(|(field, _)| *field);
        assert_eq!(other.collect::<Vec<_>>(), ["lifetime_jitter"]);
    }
}
