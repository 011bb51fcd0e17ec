//! Connectors that tests hold up, count, or have fail.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use http::Uri;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use tokio::io::DuplexStream;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tower_service::Service;

use super::Gate;

type Dialing<T> = Pin<Box<dyn Future<Output = io::Result<T>> + Send>>;

/// TCP to one address, each dial of which does what the test says; without more orders, it connects.
#[derive(Clone)]
pub(crate) struct GatedConnector {
    to: SocketAddr,
    orders: Arc<Mutex<(usize, Vec<Order>)>>,
}

#[derive(Clone)]
pub(crate) enum Order {
    Connect,
    Hold(Gate),
    Fail,
    HoldAndFail(Gate),
    Panic,
}

impl GatedConnector {
    pub(crate) fn new(to: SocketAddr, orders: impl Into<Vec<Order>>) -> Self {
        Self { to, orders: Arc::new(Mutex::new((0, orders.into()))) }
    }

    /// How many dials have begun.
    pub(crate) fn dials(&self) -> usize {
        self.orders.lock().unwrap().0
    }
}

impl Service<Uri> for GatedConnector {
    type Response = TokioIo<TcpStream>;
    type Error = io::Error;
    type Future = Dialing<Self::Response>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let order = {
            let (dials, orders) = &mut *self.orders.lock().unwrap();
            *dials += 1;
            orders.get(*dials - 1).cloned().unwrap_or(Order::Connect)
        };
        let to = self.to;
        Box::pin(async move {
            match order {
                Order::Connect => {}
                Order::Hold(gate) => gate.pass().await,
                Order::Fail => return Err(io::Error::other("no such host")),
                Order::HoldAndFail(gate) => {
                    gate.pass().await;
                    return Err(io::Error::other("no such host"));
                }
                Order::Panic => panic!("a connector's own fault"),
            }
            let stream = TcpStream::connect(to).await?;
            stream.set_nodelay(true)?;
            Ok(TokioIo::new(stream))
        })
    }
}

/// Connections within the process, whose other ends the test holds: for paused clocks, which sockets do not know.
#[derive(Clone)]
pub(crate) struct Pipes {
    far: mpsc::UnboundedSender<DuplexStream>,
    is_reset: Arc<AtomicBool>,
    is_http2: Arc<AtomicBool>,
}

impl Pipes {
    pub(crate) fn new() -> (Self, mpsc::UnboundedReceiver<DuplexStream>) {
        let (far, receiver) = mpsc::unbounded_channel();
        (Self { far, is_reset: Arc::default(), is_http2: Arc::default() }, receiver)
    }

    /// What comes of it when the next connections agree on a protocol (ALPN).
    pub(crate) fn negotiate_http2(&self, is_http2: bool) {
        self.is_http2.store(is_http2, Ordering::SeqCst);
    }

    /// The next write fails: as on a socket that was reset, before its reader has heard of that.
    pub(crate) fn reset(&self) {
        self.is_reset.store(true, Ordering::SeqCst);
    }
}

pub(crate) struct Pipe {
    near: TokioIo<DuplexStream>,
    is_reset: Arc<AtomicBool>,
    is_http2: bool,
}

impl Service<Uri> for Pipes {
    type Response = Pipe;
    type Error = io::Error;
    type Future = std::future::Ready<io::Result<Pipe>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let (near, far) = tokio::io::duplex(64 << 10);
        self.far.send(far).unwrap();
        let is_reset = Arc::clone(&self.is_reset);
        std::future::ready(Ok(Pipe {
            near: TokioIo::new(near),
            is_reset,
            is_http2: self.is_http2.load(Ordering::SeqCst),
        }))
    }
}

impl Connection for Pipe {
    fn connected(&self) -> Connected {
        if self.is_http2 { Connected::new().negotiated_h2() } else { Connected::new() }
    }
}

impl hyper::rt::Read for Pipe {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: hyper::rt::ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.near).poll_read(context, buffer)
    }
}

impl hyper::rt::Write for Pipe {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.is_reset.swap(false, Ordering::SeqCst) {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        Pin::new(&mut self.near).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.near).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.near).poll_shutdown(context)
    }
}
