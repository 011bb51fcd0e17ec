//! A bound on everything that is waited for.

use std::future::Future;
use std::time::Duration;

use anyhow::Context;
use tokio::time::timeout;

/// How long anything may take before it counts as failed. Only a lost wake-up, or an absurd load, comes near it.
const PATIENCE: Duration = Duration::from_secs(20);

/// Waits for what `step` tells, but not for ever.
///
/// # Errors
///
/// It did not happen within 20 seconds.
pub async fn within<T>(step: &str, future: impl Future<Output = T>) -> anyhow::Result<T> {
    timeout(PATIENCE, future).await.with_context(|| format!("expected that {step}, but it did not happen"))
}
