//! One client connection, on any asynchronous runtime: hyper's sender, and the task that drives it.

use std::net::SocketAddr;

use anyhow::{Context, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1::SendRequest;
use hyper::{Request, StatusCode, header};
use tokio::sync::{oneshot, watch};

/// An HTTP/1.1 connection, made by a [`Connector`](crate::connector::Connector).
#[derive(Debug)]
pub struct HttpConnection {
    pub(crate) sender: SendRequest<Empty<Bytes>>,
    /// Dropped, it ends the task.
    pub(crate) stop: oneshot::Sender<()>,
    /// Its sender is dropped when the task has ended, and the socket is closed.
    pub(crate) ended: watch::Receiver<()>,
    pub(crate) local: SocketAddr,
}

impl HttpConnection {
    /// The client's end: what the server sees as its peer.
    pub fn local(&self) -> SocketAddr {
        self.local
    }

    /// Sends `GET path`, and returns the client address that the server saw. The connection is ready for the next
    /// request then.
    ///
    /// # Errors
    ///
    /// If the connection breaks, or the answer is not an address.
    pub async fn fetch(&mut self, path: &str) -> anyhow::Result<SocketAddr> {
        let request = Request::get(path).header(header::HOST, "latebind.test").body(Empty::new())?;
        let response = self.sender.send_request(request).await.with_context(|| format!("GET {path}"))?;
        ensure!(response.status() == StatusCode::OK, "GET {path}: the server answered {}", response.status());
        let body = response.into_body().collect().await.with_context(|| format!("the answer to {path}"))?;
        // The driver task has to see the end of the answer before the connection can be reused.
        self.sender.ready().await.with_context(|| format!("after GET {path}"))?;
        let body = String::from_utf8(body.to_bytes().into())?;
        body.parse().with_context(|| format!("GET {path}: {body:?} is not an address"))
    }

    /// Whether it can take a request now: not closed, and no answer outstanding.
    pub fn is_ready(&self) -> bool {
        self.sender.is_ready()
    }

    /// Completes when the connection has ended, usually by the server; loses nothing when it is dropped.
    pub async fn closed(&mut self) {
        while self.ended.changed().await.is_ok() {}
    }

    /// Ends it, and completes when its socket is closed.
    pub async fn close(self) {
        let Self { stop, mut ended, .. } = self;
        drop(stop);
        while ended.changed().await.is_ok() {}
    }
}
