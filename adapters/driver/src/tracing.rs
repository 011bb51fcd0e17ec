//! What happens in a pool, for the `tracing` crate.

use std::fmt;
use std::sync::Arc;

use tracing::{debug, trace, warn};

use crate::{Builder, Manager, Notice, Runtime};

impl<M, R, P> Builder<M, R, P>
where
    M: Manager<Key: fmt::Debug, Error: fmt::Display>,
    R: Runtime,
{
    /// Emits an event of the `tracing` crate for each [`Notice`]; feature `tracing`. All have the target
    /// `latebind` and the fields `pool`, as given here, `key` and, if it concerns one connection, `conn`.
    ///
    /// | message | level | fields beside these |
    /// | --- | --- | --- |
    /// | `delivered` | trace | `source`, `waited` |
    /// | `request failed` | debug | `error`, `waited` |
    /// | `request cancelled` | debug | `waited` |
    /// | `dial started` | debug | |
    /// | `dial opened` | debug | `took` |
    /// | `dial failed` | warn | `took`, `error` |
    /// | `dial stopped` | debug | `took` |
    /// | `checked` | debug | `alive` |
    /// | `parked` | trace | |
    /// | `lease overdue` | warn | |
    /// | `closing` | debug | `reason` |
    /// | `closed` | debug | |
    pub fn tracing(self, pool: impl Into<Arc<str>>) -> Self {
        let pool = pool.into();
        self.observe(move |key, notice| emit(&pool, key, notice))
    }
}

fn emit<K: fmt::Debug, E: fmt::Display>(pool: &str, key: &K, notice: &Notice<E>) {
    match notice {
        Notice::Delivered { conn, source, waited } => {
            trace!(target: "latebind", pool, ?key, %conn, ?source, ?waited, "delivered");
        }
        Notice::Failed { error, waited } => {
            debug!(target: "latebind", pool, ?key, ?error, ?waited, "request failed");
        }
        Notice::Cancelled { waited } => {
            debug!(target: "latebind", pool, ?key, ?waited, "request cancelled");
        }
        Notice::DialStarted { conn } => debug!(target: "latebind", pool, ?key, %conn, "dial started"),
        Notice::DialOpened { conn, took } => {
            debug!(target: "latebind", pool, ?key, %conn, ?took, "dial opened");
        }
        Notice::DialFailed { conn, took, error: Some(error) } => {
            warn!(target: "latebind", pool, ?key, %conn, ?took, %error, "dial failed");
        }
        Notice::DialFailed { conn, took, error: None } => {
            debug!(target: "latebind", pool, ?key, %conn, ?took, "dial stopped");
        }
        Notice::Checked { conn, alive } => debug!(target: "latebind", pool, ?key, %conn, alive, "checked"),
        Notice::Parked { conn } => trace!(target: "latebind", pool, ?key, %conn, "parked"),
        Notice::Overdue { conn } => warn!(target: "latebind", pool, ?key, %conn, "lease overdue"),
        Notice::Closing { conn, reason } => {
            debug!(target: "latebind", pool, ?key, %conn, ?reason, "closing");
        }
        Notice::Closed { conn } => debug!(target: "latebind", pool, ?key, %conn, "closed"),
    }
}
