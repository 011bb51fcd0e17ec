//! How figures are written.

use std::time::Duration;

/// A duration in milliseconds with one decimal: `61.3 ms`.
pub fn millis(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1e3)
}
