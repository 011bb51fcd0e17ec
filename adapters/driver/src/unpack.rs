//! From a delivery to a connection in hand, as far as its watch agrees (A7).

use std::sync::Arc;
use std::task::{Context, Poll};

use latebind::ConnId;

use crate::engine::Engine;
use crate::goods::Held;
use crate::manager::Maker;
use crate::shield::shield;
use crate::watch::{Look, Taken, Watch};
use crate::{Manager, Runtime};

/// What a delivery turned out to be.
pub(crate) enum Unpacked<C> {
    Connection {
        connection: C,
        is_shared: bool,
    },
    /// The peer has closed it, as was seen at the last moment (A7).
    Gone,
    /// The shared connection's maker panicked, with this message.
    Panicked(String),
}

/// Takes a delivered connection out of its watch; `Pending` while somebody polls that.
pub(crate) fn fetch<M: Manager, R: Runtime>(
    engine: &Arc<Engine<M, R>>,
    conn: ConnId,
    watch: &Arc<Watch<M::Connection>>,
    context: &mut Context<'_>,
) -> Poll<Unpacked<M::Connection>> {
    Poll::Ready(match watch.poll_take(context) {
        Poll::Ready(Taken::Open(connection)) => Unpacked::Connection { connection, is_shared: false },
        Poll::Ready(Taken::Closed(connection)) => {
            engine.peer_closed(conn, Some(connection));
            Unpacked::Gone
        }
        Poll::Ready(Taken::Lost) => {
            engine.peer_closed(conn, None);
            Unpacked::Gone
        }
        Poll::Ready(Taken::Elsewhere) => Unpacked::Gone,
        Poll::Pending if watch.is_polled_here() => {
            // Its `closed` may be what asks, and would wait for its own connection: that one is given up.
            let held = Held::Watched(Arc::clone(watch));
            engine.step(|state, _, effects| state.close(conn, held, effects));
            Unpacked::Gone
        }
        Poll::Pending => return Poll::Pending,
    })
}

/// Makes a handle to a delivered shared connection.
pub(crate) fn unpack_shared<M: Manager, R: Runtime>(
    engine: &Arc<Engine<M, R>>,
    conn: ConnId,
    maker: &Maker<M::Connection>,
    watch: Option<&Watch<M::Connection>>,
) -> Unpacked<M::Connection> {
    match watch.map_or(Look::Open, Watch::look) {
        Look::Open => {}
        Look::Gone(connection) => {
            engine.peer_closed(conn, connection);
            return Unpacked::Gone;
        }
        // R9: its end is for those to tell who have it.
        Look::Elsewhere => return Unpacked::Gone,
    }
    match shield(|| maker()) {
        Ok(connection) => Unpacked::Connection { connection, is_shared: true },
        Err(message) => {
            engine.step(|state, now, effects| state.discard_shared(now, conn, effects));
            Unpacked::Panicked(message)
        }
    }
}
