//! How figures are written.

use std::time::Duration;

/// A duration in milliseconds with one decimal: `61.3 ms`.
pub fn millis(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1e3)
}

/// How many times `parts` is in `whole`; of nothing as of one.
#[expect(clippy::cast_precision_loss, reason = "it is shown with a few digits")]
pub fn ratio(whole: u64, parts: u64) -> f64 {
    whole as f64 / parts.max(1) as f64
}
