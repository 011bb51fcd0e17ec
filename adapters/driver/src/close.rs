//! Closing one connection: a task, since a polite goodbye takes time.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use latebind::ConnId;

use crate::engine::Engine;
use crate::goods::{Held, Retired};
use crate::manager::Maker;
use crate::shield::{panic_message, shielded_drop};
use crate::state::Orphan;
use crate::watch::Taken;
use crate::{Manager, Runtime};

pub(crate) fn start<M: Manager, R: Runtime>(
    engine: &Arc<Engine<M, R>>,
    conn: ConnId,
    retired: Retired<M::Connection>,
) {
    let Retired { held, maker, recalls } = retired;
    recalls.wake();
    let closing = Closing { engine: Arc::clone(engine), conn, held: Some(held), maker, is_owed: true };
    engine.runtime.spawn(run(closing));
}

async fn run<M: Manager, R: Runtime>(mut closing: Closing<M, R>) {
    shielded_drop(closing.maker.take());
    // Lost, or elsewhere: there is nothing left to be closed.
    if let Taken::Open(connection) | Taken::Closed(connection) = Held::take(&mut closing.held).await {
        in_style(&*closing.engine.manager, connection).await;
    }
    closing.is_owed = false;
    closing.engine.connection_gone(closing.conn);
}

/// Closes what its peer has closed already, which the pool does not count any more.
pub(crate) fn after_its_peer<M: Manager, R: Runtime>(engine: &Engine<M, R>, connection: M::Connection) {
    let manager = Arc::clone(&engine.manager);
    engine.runtime.spawn(async move { in_style(&*manager, connection).await });
}

async fn in_style<M: Manager>(manager: &M, connection: M::Connection) {
    // One more block, so that the call of `close` and the drop of its future are caught as well.
    let closed = AssertUnwindSafe(async { manager.close(connection).await }).catch_unwind().await;
    // The panic hook has told of it; the connection is gone in any case.
    let _ = closed.map_err(panic_message);
}

/// Owes one `ConnClosed`, given when the connection is gone: also if the task is dropped unfinished.
struct Closing<M: Manager, R: Runtime> {
    engine: Arc<Engine<M, R>>,
    conn: ConnId,
    held: Option<Held<M::Connection>>,
    maker: Option<Maker<M::Connection>>,
    is_owed: bool,
}

impl<M: Manager, R: Runtime> Drop for Closing<M, R> {
    fn drop(&mut self) {
        shielded_drop(self.maker.take());
        shielded_drop(self.held.take());
        if self.is_owed {
            self.engine.orphaned(Orphan::Close(self.conn));
        }
    }
}
