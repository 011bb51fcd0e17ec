//! A connection on loan.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::thread;

use latebind::{ConnId, Event, Source};

use crate::connections::{Held, Retired};
use crate::effect::Effect;
use crate::engine::Engine;
use crate::shield::{shield, shielded_drop};
use crate::{Manager, Runtime};

/// A connection, for as long as this guard lives; it dereferences to the connection.
///
/// Dropping it gives the connection back (R3: to the first waiter, in the same step). It is closed instead if
/// [`Manager::is_reusable`] says no, after [`discard`](Self::discard), or if a panic began while it was held (A3).
///
/// Of a shared connection a lease holds a handle of its own. There, a panic or an unusable handle puts an end to
/// new leases only: the other ones go on, and the connection closes when the last of them ends.
#[must_use = "dropping a lease gives the connection back at once"]
pub struct Lease<M: Manager, R: Runtime> {
    engine: Arc<Engine<M, R>>,
    /// Taken when the lease is dropped.
    connection: Option<M::Connection>,
    conn: ConnId,
    source: Source,
    is_shared: bool,
    is_broken: bool,
    /// Taken while a panic unwinds: that one has nothing to do with this lease.
    began_in_panic: bool,
}

impl<M: Manager, R: Runtime> Lease<M, R> {
    pub(crate) fn new(
        engine: Arc<Engine<M, R>>,
        connection: M::Connection,
        conn: ConnId,
        source: Source,
        is_shared: bool,
    ) -> Self {
        let began_in_panic = thread::panicking();
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
    /// An exclusive connection carries one, and this does nothing.
    pub fn set_capacity(&self, capacity: u32) {
        if self.is_shared {
            let event = Event::Capacity { conn: self.conn, capacity };
            self.engine.step(|state, now, effects| state.apply(now, event, effects));
        }
    }

    /// The peer wants to end the connection (GOAWAY): nobody gets it any more, and it closes when its last lease
    /// ends (R18).
    pub fn drain(&self) {
        let event = Event::Draining { conn: self.conn };
        self.engine.step(|state, now, effects| state.apply(now, event, effects));
    }

    fn is_reusable(&self, connection: &mut M::Connection) -> bool {
        let panicked = thread::panicking() && !self.began_in_panic;
        !self.is_broken
            && !panicked
            && shield(|| self.engine.manager.is_reusable(connection)).unwrap_or(false)
    }

    fn end_exclusive(&self, connection: M::Connection, is_reusable: bool) {
        let conn = self.conn;
        self.engine.step(|state, now, effects| {
            if is_reusable {
                state.give_back(now, conn, connection, effects);
            } else {
                // The lease counts until the connection is gone (R9).
                state.connections.closing(conn);
                let retired = Retired { held: Held::Plain(connection), maker: None };
                effects.push(Effect::Close { conn, retired });
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
        self.connection.as_ref().expect("a lease holds its connection until it is dropped")
    }
}

impl<M: Manager, R: Runtime> DerefMut for Lease<M, R> {
    fn deref_mut(&mut self) -> &mut M::Connection {
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
