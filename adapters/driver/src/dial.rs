//! One dial: a task of the pool's, whatever becomes of the request that it was started for (A4).

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use latebind::{ConnId, DialError};

use crate::engine::Engine;
use crate::shield::{panic_message, shield, shielded_drop};
use crate::state::Orphan;
use crate::sync::{AbortRegistration, Abortable, Aborted};
use crate::{ConnectError, Manager, Runtime};

/// A dial to be started.
pub(crate) struct Call<K> {
    pub(crate) conn: ConnId,
    pub(crate) key: K,
    pub(crate) abort: AbortRegistration,
}

pub(crate) fn start<M: Manager, R: Runtime>(engine: &Arc<Engine<M, R>>, call: Call<M::Key>) {
    let Call { conn, key, abort } = call;
    // Made before the task: it reports even if the task is never polled.
    let report = Report { engine: Arc::clone(engine), conn, is_owed: true };
    engine.runtime.spawn_dial(run(report, key, abort));
}

fn run<M: Manager, R: Runtime>(
    report: Report<M, R>,
    key: M::Key,
    abort: AbortRegistration,
) -> impl Future<Output = ()> + Send + 'static {
    let manager = Arc::clone(&report.engine.manager);
    // One more block around `connect`, so that its call and the drop of its future are caught as well.
    let connecting = async move {
        let connecting = async { manager.connect(&key).await };
        Abortable::new(connecting, abort).await
    };
    async move {
        match AssertUnwindSafe(connecting).catch_unwind().await {
            Ok(Ok(Ok(connection))) => report.opened(connection),
            Ok(Ok(Err(error))) => report.refused(error),
            Ok(Err(Aborted)) => report.failed(None, DialError::Transient),
            Err(payload) => report.panicked(panic_message(payload)),
        }
    }
}

/// The one `DialDone` of a dial: given by one of its methods or, if the task is dropped unfinished, by its drop.
struct Report<M: Manager, R: Runtime> {
    engine: Arc<Engine<M, R>>,
    conn: ConnId,
    is_owed: bool,
}

impl<M: Manager, R: Runtime> Report<M, R> {
    fn opened(mut self, connection: M::Connection) {
        match shield(|| self.engine.manager.capacity(&connection)) {
            Ok(capacity) => {
                self.is_owed = false;
                self.engine.step(|state, now, effects| {
                    state.dialed(now, self.conn, connection, capacity.0, effects);
                });
            }
            Err(message) => {
                shielded_drop(connection);
                self.panicked(message);
            }
        }
    }

    fn refused(self, error: M::Error) {
        let kind = shield(|| self.engine.manager.classify(&error)).unwrap_or(DialError::Transient);
        self.failed(Some(ConnectError::Failed(Arc::new(error))), kind);
    }

    fn panicked(self, message: String) {
        self.failed(Some(ConnectError::Panicked(message.into())), DialError::Transient);
    }

    fn failed(mut self, error: Option<ConnectError<M::Error>>, kind: DialError) {
        self.is_owed = false;
        self.engine.step(|state, now, effects| state.dial_failed(now, self.conn, error, kind, effects));
    }
}

impl<M: Manager, R: Runtime> Drop for Report<M, R> {
    fn drop(&mut self) {
        if self.is_owed {
            self.engine.orphaned(Orphan::Dial(self.conn));
        }
    }
}
