//! The scenario's end of the network.

use std::fmt;
use std::net::TcpStream;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use futures_channel::{mpsc, oneshot};
use futures_util::StreamExt;

use super::conn::Line;
use super::{Conn, Intruder, NetError, NetState, Outcome, Part, Verdict};
use crate::Key;

/// What the scenario sees of the network, and says of it.
pub(crate) struct Peer {
    dials: mpsc::UnboundedReceiver<Dial>,
    trials: mpsc::UnboundedReceiver<Trial>,
    state: Arc<NetState>,
}

/// A dial in progress: hangs as long as this is held, and fails when it is dropped.
pub(crate) struct Dial {
    pub(crate) key: Key,
    pub(super) end: oneshot::Sender<Outcome>,
    pub(super) state: Arc<NetState>,
}

/// A check or a recycling in progress: hangs as long as this is held, and fails when it is dropped.
pub(crate) struct Trial {
    /// Of which connection.
    pub(crate) name: u32,
    pub(super) end: oneshot::Sender<Verdict>,
}

/// Closes one connection from the peer's side.
pub(crate) struct PeerSwitch(Arc<Line>);

impl Peer {
    pub(super) fn new(
        dials: mpsc::UnboundedReceiver<Dial>,
        trials: mpsc::UnboundedReceiver<Trial>,
        state: Arc<NetState>,
    ) -> Self {
        Self { dials, trials, state }
    }

    /// Its connections carry so many leases at once.
    pub(crate) fn shares(&self, leases: u32) {
        self.state.leases.store(leases, Ordering::SeqCst);
    }

    /// Parked connections are watched. To be said before the pool is built.
    pub(crate) fn watches(&self) {
        self.state.watches.store(true, Ordering::SeqCst);
    }

    /// Connections are recycled. To be said before the pool is built.
    pub(crate) fn recycles(&self) {
        self.state.recycles.store(true, Ordering::SeqCst);
    }

    /// That function of the manager's panics from now on.
    pub(crate) fn panics_in(&self, part: impl Into<Option<Part>>) {
        *self.state.panicking.lock().unwrap_or_else(PoisonError::into_inner) = part.into();
    }

    /// Calls it while the next watch is being polled for the first time.
    pub(crate) fn when_watched(&self, intrude: impl FnOnce() + Send + 'static) {
        let intruder = Some(Intruder(Box::new(intrude)));
        *self.state.when_watched.lock().unwrap_or_else(PoisonError::into_inner) = intruder;
    }

    /// No connection finishes closing while this is so.
    pub(crate) fn holds_closes(&self, holds: bool) {
        self.state.hold_closes.store(holds, Ordering::SeqCst);
    }

    /// The next dial that the pool starts.
    pub(crate) async fn dial(&mut self) -> Dial {
        self.dials.next().await.expect("the pool is there")
    }

    /// The next check or recycling that the pool starts.
    pub(crate) async fn trial(&mut self) -> Trial {
        self.trials.next().await.expect("the pool is there")
    }

    /// Whether the manager is gone, with everything that held it.
    pub(crate) fn is_abandoned(&mut self) -> bool {
        loop {
            match self.dials.try_recv() {
                // A dial that the scenario did not care for fails.
                Ok(dial) => drop(dial),
                Err(error) => return error.is_closed(),
            }
        }
    }

    /// Connections, and handles to shared ones, that were not dropped yet.
    pub(crate) fn alive(&self) -> usize {
        self.state.alive.load(Ordering::SeqCst)
    }

    /// Connections that are being watched at the moment.
    pub(crate) fn watched(&self) -> usize {
        self.state.watched.load(Ordering::SeqCst)
    }

    /// Connections that the pool was given.
    pub(crate) fn opened(&self) -> usize {
        self.state.opened.load(Ordering::SeqCst)
    }

    /// How often `close` was called.
    pub(crate) fn closes(&self) -> usize {
        self.state.closes.load(Ordering::SeqCst)
    }

    /// Dials whose future was dropped before it ended.
    pub(crate) fn dropped_dials(&self) -> usize {
        self.state.dropped_dials.load(Ordering::SeqCst)
    }
}

impl Dial {
    /// It succeeds; the switch closes the connection from the peer's side.
    pub(crate) fn connect(self) -> PeerSwitch {
        self.connect_by(None)
    }

    /// It succeeds with a real socket in it.
    pub(crate) fn connect_by(self, socket: impl Into<Option<TcpStream>>) -> PeerSwitch {
        let name = self.state.names.fetch_add(1, Ordering::SeqCst);
        let conn = Conn::new(Line::new(name, socket.into()), self.state);
        let switch = PeerSwitch(Arc::clone(&conn.line));
        // If the pool has dropped the dial, the connection is dropped.
        drop(self.end.send(Outcome::Connected(conn)));
        switch
    }

    pub(crate) fn fail(self, text: &'static str) {
        drop(self.end.send(Outcome::Failed(NetError::transient(text))));
    }

    pub(crate) fn fail_fatally(self, text: &'static str) {
        drop(self.end.send(Outcome::Failed(NetError { text, is_fatal: true })));
    }

    pub(crate) fn panic(self) {
        drop(self.end.send(Outcome::Panicked));
    }

    /// Completes when the pool drops it.
    pub(crate) async fn dropped(&mut self) {
        self.end.cancellation().await;
    }
}

impl Trial {
    pub(crate) fn pass(self) {
        drop(self.end.send(Verdict::Good));
    }

    pub(crate) fn fail(self) {
        drop(self.end.send(Verdict::Bad));
    }

    pub(crate) fn panic(self) {
        drop(self.end.send(Verdict::Panics));
    }

    /// Completes when the pool drops it.
    pub(crate) async fn dropped(&mut self) {
        self.end.cancellation().await;
    }
}

impl PeerSwitch {
    pub(crate) fn close(&self) {
        self.0.close();
    }
}

impl fmt::Debug for Dial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Dial({})", self.key)
    }
}
