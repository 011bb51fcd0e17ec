//! A real HTTP/1.1 server in the process. It tells each client which address it saw.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::gate::Gate;

/// Listens on a free port of `127.0.0.1` until it is dropped.
///
/// The answer to every request is the client's address and port, as the server sees them. `/after/N` is answered
/// after N microseconds, a path that is [held](Self::hold) once its gate opens, all others at once.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    gates: Mutex<HashMap<&'static str, Arc<Gate>>>,
    counts: watch::Sender<Counts>,
}

/// What the server has seen of its clients.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Counts {
    /// Connections accepted since the start.
    pub accepted: usize,
    /// Connections open now.
    pub open: usize,
}

impl Server {
    /// Starts to listen.
    ///
    /// # Errors
    ///
    /// If the loopback interface gives no port.
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared { gates: Mutex::default(), counts: watch::Sender::default() });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self { address, shared, accepting })
    }

    /// Where to connect.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Holds up the answers to `path` until the gate is opened.
    pub fn hold(&self, path: &'static str) -> Arc<Gate> {
        let gate = Arc::new(Gate::closed_at_first());
        self.shared.gates.lock().unwrap_or_else(PoisonError::into_inner).insert(path, Arc::clone(&gate));
        gate
    }

    /// What it has counted so far.
    pub fn counts(&self) -> Counts {
        *self.shared.counts.borrow()
    }

    /// Completes when it has accepted `count` connections since the start, and all of them are closed.
    pub async fn closed(&self, count: usize) {
        let mut counts = self.shared.counts.subscribe();
        // It cannot fail: the sender is this server's.
        let _ = counts.wait_for(|counts| (counts.accepted, counts.open) == (count, 0)).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Drops the listener, and the set of tasks with every connection.
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        // A client that gave up before it was accepted is no reason to stop.
        if let Ok((stream, peer)) = listener.accept().await {
            connections.spawn(serve(stream, peer, Open::count(Arc::clone(&shared)), Arc::clone(&shared)));
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(stream: TcpStream, peer: SocketAddr, open: Open, shared: Arc<Shared>) {
    // Answers are small: waiting to fill a packet would only blur the times.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request: Request<Incoming>| {
        let shared = Arc::clone(&shared);
        async move { Ok::<_, Infallible>(answer(request.uri().path(), peer, &shared).await) }
    });
    // An error means that the client has gone: it notices by itself.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
    drop(open);
}

async fn answer(path: &str, peer: SocketAddr, shared: &Shared) -> Response<Full<Bytes>> {
    let gate = shared.gates.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned();
    if let Some(gate) = gate {
        gate.pass().await;
    } else if let Some(micros) = path.strip_prefix("/after/").and_then(|micros| micros.parse().ok()) {
        tokio::time::sleep(Duration::from_micros(micros)).await;
    }
    Response::new(Full::new(Bytes::from(peer.to_string())))
}

/// Counts a connection for as long as it is open.
struct Open(Arc<Shared>);

impl Open {
    fn count(shared: Arc<Shared>) -> Self {
        shared.counts.send_modify(|counts| {
            counts.accepted += 1;
            counts.open += 1;
        });
        Self(shared)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.counts.send_modify(|counts| counts.open -= 1);
    }
}
