//! What happens in a pool, for the `metrics` crate.

use latebind::{CloseReason, RequestError, Source};
use metrics::{SharedString, counter, histogram};

use crate::{Builder, Manager, Notice, Runtime};

impl<M: Manager, R: Runtime, P> Builder<M, R, P> {
    /// Counts and measures what happens for the recorder of the `metrics` crate; feature `metrics`. `pool` is the
    /// label that tells this pool's numbers from those of others; keys are no label, since there may be many.
    ///
    /// | name | kind | labels beside `pool` | what |
    /// | --- | --- | --- | --- |
    /// | `latebind_deliveries_total` | counter | `source`: `idle`, `returned`, `own_dial`, `other_dial`, `check`, `shared` | requests that were given a connection |
    /// | `latebind_failures_total` | counter | `reason`: `timeout`, `dial`, `dial_timeout`, `too_many_waiters`, `paused`, `cleared`, `shutdown` | requests that failed |
    /// | `latebind_cancels_total` | counter | | requests that were dropped while they waited |
    /// | `latebind_wait_seconds` | histogram | `outcome`: `delivered`, `failed`, `cancelled` | from the request to its end |
    /// | `latebind_dials_total` | counter | `outcome`: `opened`, `failed`, `stopped` | dials that have ended |
    /// | `latebind_dial_seconds` | histogram | the same | how long they took |
    /// | `latebind_checks_total` | counter | `outcome`: `passed`, `failed` | checks that have ended |
    /// | `latebind_parks_total` | counter | | connections that went idle |
    /// | `latebind_overdue_total` | counter | | leases that lasted too long (R22) |
    /// | `latebind_closings_total` | counter | `reason`: `idle_timeout`, `lifetime`, `max_uses`, `idle_limit`, `evicted`, `check_failed`, `cleared`, `connection_limit`, `draining`, `shutdown` | connections that the pool decided to close |
    /// | `latebind_closed_total` | counter | | connections that are gone, whoever closed them |
    ///
    /// For gauges, read [`Pool::stats`](crate::Pool::stats) when the recorder collects.
    pub fn metrics(self, pool: impl Into<SharedString>) -> Self {
        let pool = pool.into();
        self.observe(move |_, notice| record(&pool, notice))
    }
}

fn record<E>(pool: &SharedString, notice: &Notice<E>) {
    let pool = || pool.clone();
    let waited = |waited: &std::time::Duration, outcome| {
        histogram!("latebind_wait_seconds", "pool" => pool(), "outcome" => outcome).record(*waited);
    };
    let dialed = |took: &std::time::Duration, outcome| {
        counter!("latebind_dials_total", "pool" => pool(), "outcome" => outcome).increment(1);
        histogram!("latebind_dial_seconds", "pool" => pool(), "outcome" => outcome).record(*took);
    };
    match notice {
        Notice::Delivered { source, waited: time, .. } => {
            let source = source_label(*source);
            counter!("latebind_deliveries_total", "pool" => pool(), "source" => source).increment(1);
            waited(time, "delivered");
        }
        Notice::Failed { error, waited: time } => {
            let reason = failure_label(*error);
            counter!("latebind_failures_total", "pool" => pool(), "reason" => reason).increment(1);
            waited(time, "failed");
        }
        Notice::Cancelled { waited: time } => {
            counter!("latebind_cancels_total", "pool" => pool()).increment(1);
            waited(time, "cancelled");
        }
        Notice::DialStarted { .. } => {}
        Notice::DialOpened { took, .. } => dialed(took, "opened"),
        Notice::DialFailed { took, error: Some(_), .. } => dialed(took, "failed"),
        Notice::DialFailed { took, error: None, .. } => dialed(took, "stopped"),
        Notice::Checked { alive, .. } => {
            let outcome = if *alive { "passed" } else { "failed" };
            counter!("latebind_checks_total", "pool" => pool(), "outcome" => outcome).increment(1);
        }
        Notice::Parked { .. } => counter!("latebind_parks_total", "pool" => pool()).increment(1),
        Notice::Overdue { .. } => counter!("latebind_overdue_total", "pool" => pool()).increment(1),
        Notice::Closing { reason, .. } => {
            let reason = closing_label(*reason);
            counter!("latebind_closings_total", "pool" => pool(), "reason" => reason).increment(1);
        }
        Notice::Closed { .. } => counter!("latebind_closed_total", "pool" => pool()).increment(1),
    }
}

fn source_label(source: Source) -> &'static str {
    match source {
        Source::Idle => "idle",
        Source::Returned => "returned",
        Source::OwnDial => "own_dial",
        Source::OtherDial => "other_dial",
        Source::Check => "check",
        Source::Shared => "shared",
        _ => "other",
    }
}

fn failure_label(error: RequestError) -> &'static str {
    match error {
        RequestError::Timeout => "timeout",
        RequestError::Dial => "dial",
        RequestError::DialTimeout => "dial_timeout",
        RequestError::TooManyWaiters => "too_many_waiters",
        RequestError::Paused => "paused",
        RequestError::Cleared => "cleared",
        RequestError::Shutdown => "shutdown",
        _ => "other",
    }
}

fn closing_label(reason: CloseReason) -> &'static str {
    match reason {
        CloseReason::IdleTimeout => "idle_timeout",
        CloseReason::Lifetime => "lifetime",
        CloseReason::MaxUses => "max_uses",
        CloseReason::IdleLimit => "idle_limit",
        CloseReason::Evicted => "evicted",
        CloseReason::CheckFailed => "check_failed",
        CloseReason::Cleared => "cleared",
        CloseReason::ConnectionLimit => "connection_limit",
        CloseReason::Draining => "draining",
        CloseReason::Shutdown => "shutdown",
        _ => "other",
    }
}
