//! hyper's own server in the process: HTTP/1.1 and, by prior knowledge or ALPN, HTTP/2.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, combinators::BoxBody};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

pub(crate) type ServerBody = BoxBody<Bytes, Infallible>;
pub(crate) type Answer = Response<ServerBody>;
type Answering = Pin<Box<dyn Future<Output = Answer> + Send>>;
type Handler = Arc<dyn Fn(Request<Incoming>, Peer) -> Answering + Send + Sync>;

/// Which of the client's connections a request came on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    /// Counts connections, from 1.
    pub(crate) connection: usize,
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    state: Arc<State>,
}

struct State {
    handler: Handler,
    http: auto::Builder<TokioExecutor>,
    tls: Option<TlsAcceptor>,
    accepted: AtomicUsize,
    requests: AtomicUsize,
    open: watch::Sender<usize>,
    /// Tells the connections that are there to end: gracefully, or at once.
    farewell: watch::Sender<Farewell>,
    paths: Mutex<Vec<String>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Default)]
struct Farewell {
    graceful: usize,
    abrupt: usize,
}

impl Server {
    /// Answers as `handler` says.
    pub(crate) async fn start<F, A>(handler: F) -> Self
    where
        F: Fn(Request<Incoming>, Peer) -> A + Send + Sync + 'static,
        A: Future<Output = Answer> + Send + 'static,
    {
        Self::start_with(auto::Builder::new(TokioExecutor::new()), None, handler).await
    }

    pub(crate) async fn start_with<F, A>(
        http: auto::Builder<TokioExecutor>,
        tls: Option<TlsAcceptor>,
        handler: F,
    ) -> Self
    where
        F: Fn(Request<Incoming>, Peer) -> A + Send + Sync + 'static,
        A: Future<Output = Answer> + Send + 'static,
    {
        let handler: Handler = Arc::new(move |request, peer| Box::pin(handler(request, peer)));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            handler,
            http,
            tls,
            accepted: AtomicUsize::new(0),
            requests: AtomicUsize::new(0),
            open: watch::Sender::new(0),
            farewell: watch::Sender::default(),
            paths: Mutex::default(),
        });
        tokio::spawn(accept(listener, Arc::clone(&state)));
        Self { address, state }
    }

    /// Answers every request with its path.
    pub(crate) async fn echo() -> Self {
        Self::start(|request, _| async move { answer(request.uri().path().to_owned()) }).await
    }

    pub(crate) fn uri(&self, path: &str) -> String {
        let scheme = if self.state.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}{path}", self.address)
    }

    pub(crate) fn accepted(&self) -> usize {
        self.state.accepted.load(Ordering::SeqCst)
    }

    pub(crate) fn requests(&self) -> usize {
        self.state.requests.load(Ordering::SeqCst)
    }

    /// The paths of all requests, in their order.
    pub(crate) fn paths(&self) -> Vec<String> {
        self.state.paths.lock().unwrap().clone()
    }

    /// Completes when so many connections are open, as the server sees it.
    pub(crate) async fn open(&self, count: usize) {
        let mut open = self.state.open.subscribe();
        let seen = tokio::time::timeout(super::LONG, open.wait_for(|open| *open == count)).await;
        assert!(seen.is_ok(), "{} connections are open, not {count}", *self.state.open.borrow());
    }

    /// Says goodbye on all connections, and finishes what is under way.
    pub(crate) fn end_gracefully(&self) {
        self.state.farewell.send_modify(|farewell| farewell.graceful += 1);
    }

    /// Drops all connections.
    pub(crate) fn end_abruptly(&self) {
        self.state.farewell.send_modify(|farewell| farewell.abrupt += 1);
    }
}

pub(crate) fn answer(text: impl Into<Bytes>) -> Answer {
    Response::new(Full::new(text.into()).boxed())
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    while let Ok((stream, address)) = listener.accept().await {
        stream.set_nodelay(true).unwrap();
        let connection = state.accepted.fetch_add(1, Ordering::SeqCst) + 1;
        state.open.send_modify(|open| *open += 1);
        let state = Arc::clone(&state);
        // Those that come later are not told what was said before.
        let farewell = state.farewell.subscribe();
        tokio::spawn(async move {
            serve(&state, stream, Peer { address, connection }, farewell).await;
            state.open.send_modify(|open| *open -= 1);
        });
    }
}

async fn serve(state: &Arc<State>, stream: TcpStream, peer: Peer, farewell: watch::Receiver<Farewell>) {
    match &state.tls {
        None => serve_http(state, TokioIo::new(stream), peer, farewell).await,
        Some(tls) => {
            if let Ok(stream) = tls.accept(stream).await {
                serve_http(state, TokioIo::new(stream), peer, farewell).await;
            }
        }
    }
}

async fn serve_http<T>(state: &Arc<State>, io: T, peer: Peer, mut farewell: watch::Receiver<Farewell>)
where
    T: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
{
    let service = service_fn(|request: Request<Incoming>| {
        state.requests.fetch_add(1, Ordering::SeqCst);
        state.paths.lock().unwrap().push(request.uri().path().to_owned());
        let answering = (state.handler)(request, peer);
        async move { Ok::<_, Infallible>(answering.await) }
    });
    let mut connection = std::pin::pin!(state.http.serve_connection_with_upgrades(io, service));
    let born = *farewell.borrow_and_update();
    loop {
        tokio::select! {
            // The client may go as it likes.
            _ended = connection.as_mut() => return,
            Ok(()) = farewell.changed() => {
                if farewell.borrow().abrupt > born.abrupt {
                    return;
                }
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

/// A body that the test writes piece by piece.
pub(crate) fn channel() -> (Writer, ChannelBody) {
    let (sender, receiver) = tokio::sync::mpsc::channel(1);
    (Writer(sender), ChannelBody(receiver))
}

pub(crate) struct Writer(tokio::sync::mpsc::Sender<Result<Bytes, std::io::Error>>);

pub(crate) struct ChannelBody(tokio::sync::mpsc::Receiver<Result<Bytes, std::io::Error>>);

impl Writer {
    /// Whether anybody still wants it.
    pub(crate) async fn send(&self, piece: impl Into<Bytes>) -> bool {
        self.0.send(Ok(piece.into())).await.is_ok()
    }

    pub(crate) async fn fail(&self) {
        let _ = self.0.send(Err(std::io::Error::other("the body's own fault"))).await;
    }

    /// Completes when nobody wants it any more.
    pub(crate) async fn unwanted(&self) {
        super::soon(self.0.closed()).await;
    }
}

impl hyper::body::Body for ChannelBody {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, std::io::Error>>> {
        self.0.poll_recv(context).map(|piece| piece.map(|piece| piece.map(hyper::body::Frame::data)))
    }
}
