//! The connections behind the pool's ids.

use std::io;
use std::net::SocketAddr;

use latebind::ConnId;
use mio::{Registry, Token};

use crate::socket::Socket;

/// A socket that the pool knows by its id.
pub struct Connection {
    pub conn: ConnId,
    pub socket: Socket,
    pub role: Role,
}

/// What a connection does at the moment: what the pool has told it last.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It is being dialed: connecting, or waiting for the server's greeting.
    Dial,
    /// It is the pool's: parked, or on its way from one to the next.
    Idle,
    /// It is on lease to the request with this token.
    Lease(u64),
    /// It is asked whether it is still there.
    Check,
}

/// All of them. The pool's ids are dense, so a vector is all it takes, and the place in it serves as mio's token.
#[derive(Default)]
pub struct Connections {
    slots: Vec<Option<Connection>>,
    count: usize,
    /// How many there were at most.
    pub peak: usize,
}

impl Connections {
    /// Begins to connect `conn`.
    pub fn dial(&mut self, conn: ConnId, address: SocketAddr, registry: &Registry) -> io::Result<()> {
        let socket = Socket::connect(address, registry, Token(conn.index()))?;
        if self.slots.len() <= conn.index() {
            self.slots.resize_with(conn.index() + 1, || None);
        }
        self.slots[conn.index()] = Some(Connection { conn, socket, role: Role::Dial });
        self.count += 1;
        self.peak = self.peak.max(self.count);
        Ok(())
    }

    /// The connection of that id, unless it has gone.
    pub fn get_mut(&mut self, conn: ConnId) -> Option<&mut Connection> {
        self.at(conn.index()).filter(|connection| connection.conn == conn)
    }

    /// The connection that a readiness is for, unless it has gone; or its successor, which does not mind.
    pub fn at(&mut self, index: usize) -> Option<&mut Connection> {
        self.slots.get_mut(index)?.as_mut()
    }

    /// Closes the connection, and tells what it did last; `None` if it has gone before.
    pub fn close(&mut self, conn: ConnId, registry: &Registry) -> Option<Role> {
        self.get_mut(conn)?;
        let connection = self.slots[conn.index()].take()?;
        self.count -= 1;
        // A socket that the system refuses to forget is closed by its drop all the same.
        let _ = connection.socket.close(registry);
        Some(connection.role)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.count
    }
}
