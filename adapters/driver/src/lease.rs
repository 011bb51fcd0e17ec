//! A connection on loan.

use std::fmt;
use std::future::Future;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use latebind::{ConnId, Event, Source};

use crate::cleared::Cleared;
use crate::engine::Engine;
use crate::goods::Held;
use crate::shield::{shield, shielded_drop};
use crate::sync::{AtomicBool, thread};
use crate::{Manager, Runtime};

/// A connection, for as long as this guard lives; it dereferences to the connection.
///
/// Dropping it gives the connection back (R3: to the first waiter, in the same step). It is closed instead if
/// [`Manager::is_reusable`] says no, after [`discard`](Self::discard), or if a panic began while it was held (A3).
///
/// Of a shared connection a lease holds a handle of its own. There, a panic or an unusable handle puts an end to
/// new leases only: the other ones go on, and the connection closes when the last of them ends.
// Laid out as written: `connection` is read as a whole, right after the lease was moved in pieces of 16 bytes, and a
// processor waits for what straddles two of them.
#[repr(C)]
#[must_use = "dropping a lease gives the connection back at once"]
pub struct Lease<M: Manager, R: Runtime> {
    engine: Arc<Engine<M, R>>,
    /// Taken when the lease is dropped.
    connection: Option<M::Connection>,
    conn: ConnId,
    source: Source,
    is_shared: bool,
    is_broken: bool,
    /// Taken while a panic unwinds, and not used outside of one since: that one has nothing to do with this lease.
    began_in_panic: AtomicBool,
}

impl<M: Manager, R: Runtime> Lease<M, R> {
    pub(crate) fn new(
        engine: Arc<Engine<M, R>>,
        connection: M::Connection,
        conn: ConnId,
        source: Source,
        is_shared: bool,
    ) -> Self {
        let began_in_panic = AtomicBool::new(thread::panicking());
        Self {
            engine,
            connection: Some(connection),
            conn,
            source,
            is_shared,
            is_broken: false,
            began_in_panic,
        }
    }

    /// How the connection became available: [`Source::Returned`] and [`Source::OtherDial`] are late binding.
    pub fn source(&self) -> Source {
        self.source
    }

    /// The pool's name of the connection: the same as long as the connection lives.
    pub fn id(&self) -> ConnId {
        self.conn
    }

    /// Ends the lease of a broken connection: it is closed, not given back. If it is shared, nobody gets it any
    /// more, and the pool's own handle closes now; other leases keep theirs until they end.
    pub fn discard(mut self) {
        self.is_broken = true;
    }

    /// A shared connection can carry so many leases from now on; fewer than it carries, and 0, are allowed (R18).
    /// An exclusive connection carries one, and this does nothing. After the last lease's end,
    /// [`Pool::set_capacity`](crate::Pool::set_capacity) says so.
    pub fn set_capacity(&self, capacity: u32) {
        self.engine.step(|state, now, effects| state.set_capacity(now, self.conn, capacity, effects));
    }

    /// The peer wants to end the connection (GOAWAY): nobody gets it any more, and it closes when its last lease
    /// ends (R18).
    pub fn drain(&self) {
        let event = Event::Draining { conn: self.conn };
        self.engine.step(|state, now, effects| state.apply(now, event, effects));
    }

    /// Whether the pool has closed the connection under this lease, or will when the lease ends, so that the work
    /// on it should come to an end: after a [`Clear`](crate::Clear) that interrupts (R19) or, if it is shared,
    /// after another lease has [discarded](Self::discard) it.
    pub fn is_cleared(&self) -> bool {
        self.engine.lock().connections.is_recalled(self.conn)
    }

    /// Completes when [`is_cleared`](Self::is_cleared) holds, or the connection has closed after the lease's end.
    /// Borrows nothing, so it can be raced against work on the lease.
    pub fn cleared(&self) -> impl Future<Output = ()> + Send + 'static + use<M, R> {
        Cleared::new(Arc::clone(&self.engine), self.conn)
    }

    /// It is used: the panic that it was taken in is over, if there was one.
    fn used(&self) {
        if self.began_in_panic.load(Ordering::Relaxed) && !thread::panicking() {
            self.began_in_panic.store(false, Ordering::Relaxed);
        }
    }

    fn is_reusable(&self, connection: &mut M::Connection) -> bool {
        let panicked = thread::panicking() && !self.began_in_panic.load(Ordering::Relaxed);
        !self.is_broken
            && !panicked
            && shield(|| self.engine.manager.is_reusable(connection)).unwrap_or(false)
    }

    fn end_exclusive(&self, connection: M::Connection, is_reusable: bool) {
        let conn = self.conn;
        self.engine.step(|state, now, effects| {
            if !is_reusable {
                // The lease counts until the connection is gone (R9).
                state.close(conn, Held::Plain(connection), effects);
            } else if self.engine.recycles {
                state.recycle(now, conn, connection, effects);
            } else {
                state.give_back(now, conn, Held::Plain(connection), effects);
            }
        });
    }

    fn end_shared(&self, handle: M::Connection, is_reusable: bool) {
        let conn = self.conn;
        shielded_drop(handle);
        self.engine.step(|state, now, effects| {
            if self.is_broken {
                return state.discard_shared(now, conn, effects);
            }
            if !is_reusable {
                state.apply(now, Event::Draining { conn }, effects);
            }
            state.apply(now, Event::ConnIdle { conn }, effects);
        });
    }
}

impl<M: Manager, R: Runtime> Drop for Lease<M, R> {
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else { return };
        let is_reusable = self.is_reusable(&mut connection);
        if self.is_shared {
            self.end_shared(connection, is_reusable);
        } else {
            self.end_exclusive(connection, is_reusable);
        }
    }
}

impl<M: Manager, R: Runtime> Deref for Lease<M, R> {
    type Target = M::Connection;

    fn deref(&self) -> &M::Connection {
        self.used();
        self.connection.as_ref().expect("a lease holds its connection until it is dropped")
    }
}

impl<M: Manager, R: Runtime> DerefMut for Lease<M, R> {
    fn deref_mut(&mut self) -> &mut M::Connection {
        self.used();
        self.connection.as_mut().expect("a lease holds its connection until it is dropped")
    }
}

impl<M: Manager<Connection: fmt::Debug>, R: Runtime> fmt::Debug for Lease<M, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease")
            .field("id", &self.conn)
            .field("source", &self.source)
            .field("connection", &**self)
            .finish_non_exhaustive()
    }
}
