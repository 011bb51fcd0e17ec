//! A non-blocking TCP connection that speaks in lines.

use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};

/// A connection, or one to be: it is used in the same way before it is connected.
pub struct Socket {
    stream: TcpStream,
    is_connected: bool,
    incoming: Vec<u8>,
    outgoing: Vec<u8>,
}

impl Socket {
    /// Begins to connect. An error may come at once, or with the first readiness.
    pub fn connect(address: SocketAddr, registry: &Registry, token: Token) -> io::Result<Self> {
        let mut stream = TcpStream::connect(address)?;
        registry.register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
        Ok(Self { stream, is_connected: false, incoming: Vec::new(), outgoing: Vec::new() })
    }

    /// Sends a line: now as far as that works without waiting, the rest when the socket is ready again.
    pub fn send(&mut self, line: &str) -> io::Result<()> {
        self.outgoing.extend_from_slice(line.as_bytes());
        self.outgoing.push(b'\n');
        if self.is_connected { self.write() } else { Ok(()) }
    }

    /// Goes on with everything that the socket is ready for. Readiness is a hint: it may be stale, or another's, so
    /// only what the socket itself says counts. An error is the end of the connection, also if the peer has ended it;
    /// lines that came before are still to be taken.
    pub fn pump(&mut self) -> io::Result<()> {
        if !self.is_connected && !self.is_connected_now()? {
            return Ok(());
        }
        let written = self.write();
        self.read()?;
        written
    }

    /// The next line that has come in whole.
    pub fn take_line(&mut self) -> Option<String> {
        let end = self.incoming.iter().position(|&byte| byte == b'\n')?;
        let line = String::from_utf8_lossy(&self.incoming[..end]).into_owned();
        self.incoming.drain(..=end);
        Some(line)
    }

    /// Whether something has come in that was not taken.
    pub fn has_more(&self) -> bool {
        !self.incoming.is_empty()
    }

    /// Closes the socket. (By a drop alone the registry would not hear of it.)
    pub fn close(mut self, registry: &Registry) -> io::Result<()> {
        registry.deregister(&mut self.stream)
    }

    /// Whether it is connected by now: a connect has gone well if there is no error, and a peer.
    fn is_connected_now(&mut self) -> io::Result<bool> {
        if let Some(error) = self.stream.take_error()? {
            return Err(error);
        }
        match self.stream.peer_addr() {
            Ok(_) => self.is_connected = true,
            Err(error) if error.kind() == ErrorKind::NotConnected => {}
            Err(error) => return Err(error),
        }
        Ok(self.is_connected)
    }

    fn write(&mut self) -> io::Result<()> {
        while !self.outgoing.is_empty() {
            match self.stream.write(&self.outgoing) {
                Ok(written) => drop(self.outgoing.drain(..written)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Reads until there is nothing more: the poll reports a readiness once.
    fn read(&mut self) -> io::Result<()> {
        let mut chunk = [0; 4096];
        loop {
            match self.stream.read(&mut chunk) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(length) => self.incoming.extend_from_slice(&chunk[..length]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}
