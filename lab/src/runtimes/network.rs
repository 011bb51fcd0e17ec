//! What the demo's client needs of an asynchronous runtime, beside the pool's adapter.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use hyper::rt::{Read, Write};
use latebind_driver::Runtime;

/// An adapter's runtime with sockets of its own, and a way to tell who runs on it.
pub trait Network: Runtime {
    /// As its users write it.
    const NAME: &'static str;

    /// Its TCP stream, as hyper takes it.
    type Stream: Read + Write + Unpin + Send + 'static;

    /// Connects, then waits for `handshake`: what a distant server's TCP and TLS round trips would take. Returns the
    /// client's end, too.
    ///
    /// # Errors
    ///
    /// If the server cannot be reached.
    fn connect(
        server: SocketAddr,
        handshake: Duration,
    ) -> impl Future<Output = io::Result<(Self::Stream, SocketAddr)>> + Send;

    /// Whether the caller runs on it, and on no other runtime that can be told.
    fn is_here() -> bool;

    /// The runtime, if the caller runs on it: the demo's proof that it shows what it says.
    ///
    /// # Errors
    ///
    /// The caller runs elsewhere.
    fn here() -> io::Result<Self> {
        match Self::current() {
            Some(runtime) if Self::is_here() => Ok(runtime),
            _ => Err(io::Error::other(format!("this should run on {}, but does not", Self::NAME))),
        }
    }
}
