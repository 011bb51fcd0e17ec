//! A connection that counts itself.

use std::fmt;
use std::future::poll_fn;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::Poll;

use futures_util::task::AtomicWaker;

use super::NetState;

/// A connection of the [`Net`](crate::Net), or one handle to a shared one.
pub struct Conn {
    pub(crate) is_reusable: bool,
    pub(super) line: Arc<Line>,
    pub(super) state: Arc<NetState>,
}

/// What all handles of a connection share with its peer.
#[derive(Default)]
pub(super) struct Line {
    name: u32,
    is_closed: AtomicBool,
    watcher: AtomicWaker,
    holders: AtomicUsize,
    /// Closed with the last handle.
    _socket: Option<TcpStream>,
}

impl Line {
    pub(super) fn new(name: u32, socket: Option<TcpStream>) -> Self {
        Self { name, _socket: socket, ..Self::default() }
    }

    pub(super) fn close(&self) {
        self.is_closed.store(true, Ordering::SeqCst);
        self.watcher.wake();
    }
}

impl Conn {
    pub(super) fn new(line: Line, state: Arc<NetState>) -> Self {
        state.alive.fetch_add(1, Ordering::SeqCst);
        Self { is_reusable: true, line: Arc::new(line), state }
    }

    /// In the order of dialing, from 0.
    pub fn name(&self) -> u32 {
        self.line.name
    }

    /// Completes when the peer has closed it; one at a time may wait for it.
    pub(super) async fn peer_closed(&self) {
        poll_fn(|context| {
            // Registered before the look, so that the close does not slip in between.
            self.line.watcher.register(context.waker());
            if self.line.is_closed.load(Ordering::SeqCst) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    /// One more holds it at the same time; says how many there are now.
    pub(crate) fn enter(&self) -> usize {
        self.line.holders.fetch_add(1, Ordering::SeqCst) + 1
    }

    pub(crate) fn leave(&self) {
        self.line.holders.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Clone for Conn {
    fn clone(&self) -> Self {
        self.state.alive.fetch_add(1, Ordering::SeqCst);
        Self { is_reusable: self.is_reusable, line: Arc::clone(&self.line), state: Arc::clone(&self.state) }
    }
}

impl Drop for Conn {
    fn drop(&mut self) {
        self.state.alive.fetch_sub(1, Ordering::SeqCst);
    }
}

impl fmt::Debug for Conn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Conn({})", self.name())
    }
}
