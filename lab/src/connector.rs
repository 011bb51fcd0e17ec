//! Dials: real TCP connections, made to take as long as they would over a wide-area network.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::watch;

use crate::connection::HttpConnection;
use crate::gate::Gate;

/// Dials one server. Both pools of the demo use it, so that a dial costs them the same.
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

    /// Opens a connection.
    ///
    /// # Errors
    ///
    /// If the server cannot be reached.
    pub async fn dial(&self) -> io::Result<HttpConnection> {
        let counted = Counted::new(&self.census);
        self.gate.pass().await;
        let stream = TcpStream::connect(self.server).await?;
        stream.set_nodelay(true)?;
        let local = stream.local_addr()?;
        // What a distant server's TCP and TLS round trips would take.
        tokio::time::sleep(self.handshake).await;
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
        let driver = tokio::spawn(async move {
            // An error concerns the request on the connection, which hears of it.
            let _ = connection.await;
            drop(counted);
        });
        // Only once the driver task has run does the connection count as ready: who gives it back unused needs that.
        sender.ready().await.map_err(io::Error::other)?;
        self.census.send_modify(|census| census.dialed += 1);
        Ok(HttpConnection { sender, driver, local })
    }
}

/// Counts a connection from the start of its dial until its socket is closed.
struct Counted(Arc<watch::Sender<Census>>);

impl Counted {
    fn new(census: &Arc<watch::Sender<Census>>) -> Self {
        census.send_modify(|census| {
            census.dials += 1;
            census.now += 1;
            census.peak = census.peak.max(census.now);
        });
        Self(Arc::clone(census))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.send_modify(|census| census.now -= 1);
    }
}
