//! Dials: real TCP connections, made to take as long as they would over a wide-area network.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::client::conn::http1;
use tokio::sync::{oneshot, watch};

use crate::connection::HttpConnection;
use crate::gate::Gate;
use crate::runtimes::network::Network;

/// Dials one server, on whatever runtime. All pools of the demo use it, so that a dial costs them the same.
#[derive(Debug)]
pub struct Connector {
    server: SocketAddr,
    handshake: Duration,
    gate: Gate,
    census: Arc<watch::Sender<Census>>,
}

/// The connections of a [`Connector`], as the client counts them.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Census {
    /// Dials started.
    pub dials: usize,
    /// Dials that brought a connection.
    pub dialed: usize,
    /// Dials in progress and open connections, now.
    pub now: usize,
    /// The most there were of these at once.
    pub peak: usize,
}

impl Connector {
    /// Dials `server`; each dial takes `handshake` longer than loopback does.
    pub fn new(server: SocketAddr, handshake: Duration) -> Self {
        Self { server, handshake, gate: Gate::open_at_first(), census: Arc::default() }
    }

    /// Where every dial starts, before its first packet: close it to hold dials up.
    pub fn gate(&self) -> &Gate {
        &self.gate
    }

    /// What it has counted so far.
    pub fn census(&self) -> Census {
        *self.census.borrow()
    }

    /// Completes when `count` dials have brought a connection.
    pub async fn dialed(&self, count: usize) {
        let mut census = self.census.subscribe();
        // It cannot fail: the sender is this connector's.
        let _ = census.wait_for(|census| census.dialed >= count).await;
    }

    /// Completes when no dial is in progress and no connection open.
    pub async fn ended(&self) {
        let mut census = self.census.subscribe();
        // It cannot fail: the sender is this connector's.
        let _ = census.wait_for(|census| census.now == 0).await;
    }

    /// Where it dials.
    pub fn server(&self) -> SocketAddr {
        self.server
    }

    /// How much longer than loopback a dial takes.
    pub fn handshake(&self) -> Duration {
        self.handshake
    }

    /// Opens a connection, with the means of the runtime `R`.
    ///
    /// # Errors
    ///
    /// If the server cannot be reached, or the caller does not run on `R`.
    pub async fn dial<R: Network>(&self) -> io::Result<HttpConnection> {
        R::here()?;
        let counted = self.count();
        self.gate.pass().await;
        let (stream, local) = R::connect(self.server, self.handshake).await?;
        let (sender, connection) = http1::handshake(stream).await.map_err(io::Error::other)?;
        let (stop, stopped) = oneshot::channel::<()>();
        let (running, ended) = watch::channel(());
        R::here()?.spawn(async move {
            tokio::select! {
                // An error concerns the request on the connection, which hears of it.
                _ = connection => {}
                _ = stopped => {}
            }
            // The socket is closed now.
            drop((counted, running));
        });
        let mut connection = HttpConnection { sender, stop, ended, local };
        // Only once the driver task has run does the connection count as ready: who gives it back unused needs that.
        connection.sender.ready().await.map_err(io::Error::other)?;
        self.opened();
        Ok(connection)
    }

    /// Counts one more dial, and what comes of it, until that is dropped.
    pub(crate) fn count(&self) -> Counted {
        self.census.send_modify(|census| {
            census.dials += 1;
            census.now += 1;
            census.peak = census.peak.max(census.now);
        });
        Counted(Arc::clone(&self.census))
    }

    /// A dial has brought a connection.
    pub(crate) fn opened(&self) {
        self.census.send_modify(|census| census.dialed += 1);
    }
}

/// A connection that is counted, from the start of its dial until its socket is closed.
#[derive(Debug)]
pub(crate) struct Counted(Arc<watch::Sender<Census>>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.send_modify(|census| census.now -= 1);
    }
}
