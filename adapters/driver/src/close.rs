//! Closing one connection: a task, since a polite goodbye takes time.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use latebind::ConnId;

use crate::connections::{Held, Retired};
use crate::engine::Engine;
use crate::shield::{panic_message, shielded_drop};
use crate::state::Orphan;
use crate::watch::Ended;
use crate::{Manager, Runtime};

pub(crate) fn start<M: Manager, R: Runtime>(
    engine: &Arc<Engine<M, R>>,
    conn: ConnId,
    retired: Retired<M::Connection>,
) {
    let closing = Closing { engine: Arc::clone(engine), conn, retired: Some(retired), is_owed: true };
    engine.runtime.spawn(run(closing));
}

async fn run<M: Manager, R: Runtime>(mut closing: Closing<M, R>) {
    if let Some(connection) = closing.retired.take().and_then(take_out) {
        let manager = &closing.engine.manager;
        // One more block, so that the call of `close` and the drop of its future are caught as well.
        let closed = AssertUnwindSafe(async { manager.close(connection).await }).catch_unwind().await;
        // The panic hook has told of it; the connection is gone in any case.
        let _ = closed.map_err(panic_message);
    }
    closing.is_owed = false;
    closing.engine.connection_gone(closing.conn);
}

/// The connection itself; `None` if its watch has found it closed meanwhile.
fn take_out<C: Send + 'static>(retired: Retired<C>) -> Option<C> {
    shielded_drop(retired.maker);
    match retired.held {
        Held::Plain(connection) => Some(connection),
        Held::Watched(watch) => watch.take().map(|ended| match ended {
            Ended::Stopped(connection) | Ended::Closed(connection) => connection,
        }),
    }
}

/// Owes one `ConnClosed`, given when the connection is gone: also if the task is dropped unfinished.
struct Closing<M: Manager, R: Runtime> {
    engine: Arc<Engine<M, R>>,
    conn: ConnId,
    retired: Option<Retired<M::Connection>>,
    is_owed: bool,
}

impl<M: Manager, R: Runtime> Drop for Closing<M, R> {
    fn drop(&mut self) {
        shielded_drop(self.retired.take());
        if self.is_owed {
            self.engine.orphaned(Orphan::Close(self.conn));
        }
    }
}
