//! The client.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body::Body;
use http_body_util::Empty;
use hyper_util::client::legacy::connect::HttpConnector;
use latebind_tokio::{Pool, Stats};
use tokio::runtime::Handle;
use tower_service::Service;

use crate::connect::{BoxError, Connect, Connector};
use crate::limits::Limits;
use crate::peers::Peers;
use crate::{Builder, Error, Origin, ResponseBody, exchange};

/// A body that requests can have. Implemented by itself.
pub trait RequestBody: Body<Data: Send, Error: Into<BoxError>> + Send + Unpin + 'static {}

impl<B: Body<Data: Send, Error: Into<BoxError>> + Send + Unpin + 'static> RequestBody for B {}

/// An HTTP client; cheap to clone, each clone uses the same connections.
///
/// Requests may be made, and bodies read, on any runtime, and outside of any: connections and timers run on the client's own.
///
/// A [`Service`], always ready: requests wait in the pool, in their order. When the last clone is gone, idle connections
/// close, and those in use when their response ends.
pub struct Client<C: Connect, B: RequestBody> {
    inner: Arc<Inner<C, B>>,
}

pub(crate) struct Inner<C: Connect, B: RequestBody> {
    pub(crate) pool: Pool<Connector<C, B>>,
    pub(crate) settings: Settings,
    pub(crate) limits: Limits,
    pub(crate) peers: Peers,
    pub(crate) runtime: Handle,
}

/// What a client does with each request.
pub(crate) struct Settings {
    pub(crate) keep_alive: bool,
    pub(crate) is_http2_only: bool,
    pub(crate) request_timeout: Option<Duration>,
    pub(crate) response_timeout: Option<Duration>,
    pub(crate) body_timeout: Option<Duration>,
    pub(crate) proxy: Option<Proxy>,
}

/// Which forward proxy a request of plain HTTP goes through.
pub(crate) type Proxy = Box<dyn Fn(&Uri) -> Option<Uri> + Send + Sync>;

/// Of one type only, so that `Client::builder()` needs to name none.
impl Client<HttpConnector, Empty<Bytes>> {
    /// Begins to build a client, of whatever connector and request's body.
    pub fn builder() -> Builder {
        Builder::new()
    }
}

impl<C: Connect, B: RequestBody> Client<C, B> {
    pub(crate) fn new(inner: Inner<C, B>) -> Self {
        Self { inner: Arc::new(inner) }
    }

    /// Sends a request; its URI has a scheme and a host. Dropping the future cancels it: an HTTP/1.1 connection that it
    /// was sent on is closed, a stream of HTTP/2 is reset.
    ///
    /// # Errors
    ///
    /// The future's: see [`Error`].
    pub fn request(&self, request: Request<B>) -> ResponseFuture {
        ResponseFuture(Box::pin(exchange::exchange(Arc::clone(&self.inner), request)))
    }

    /// `GET`, without a body.
    ///
    /// # Errors
    ///
    /// The future's: see [`Error`].
    pub fn get(&self, uri: Uri) -> ResponseFuture
    where
        B: Default,
    {
        let mut request = Request::new(B::default());
        *request.uri_mut() = uri;
        self.request(request)
    }

    /// Has the pool open `count` connections to an origin ahead of a burst, counting those that are there.
    pub fn preconnect(&self, origin: &Origin, count: u32) {
        self.inner.pool.preconnect(origin, count);
    }

    /// Has the pool keep `min_idle` connections to an origin idle or on their way, beyond those in use, as far as the limits
    /// permit: those that a peer retires are replaced before a request waits for it. Replaces what was said of the origin
    /// before; 0 ends it.
    pub fn keep(&self, origin: &Origin, min_idle: u32) {
        self.inner.pool.keep(origin, min_idle);
    }

    /// Closes the connections that are idle now; those in use are not concerned.
    pub fn close_idle(&self) {
        self.inner.pool.close_idle();
    }

    /// What the pool holds at the moment, and what it has done so far: each delivery by its source. O(1).
    pub fn stats(&self) -> Stats {
        self.inner.pool.stats()
    }

    /// The same of one origin. O(1).
    pub fn origin_stats(&self, origin: &Origin) -> Stats {
        self.inner.pool.key_stats(origin)
    }

    /// Shuts the client down: requests that wait for a connection fail, idle connections close, and those in use do
    /// when their response ends. Completes when all are gone: not as long as somebody holds a response without reading it to
    /// its end.
    pub async fn shutdown(&self) {
        self.inner.pool.shutdown().await;
    }
}

/// A request under way. Made by [`Client::request`].
#[must_use = "nothing is sent until it is polled"]
pub struct ResponseFuture(Pin<Box<dyn Future<Output = Result<Response<ResponseBody>, Error>> + Send>>);

impl Future for ResponseFuture {
    type Output = Result<Response<ResponseBody>, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(context)
    }
}

impl<C: Connect, B: RequestBody> Service<Request<B>> for Client<C, B> {
    type Response = Response<ResponseBody>;
    type Error = Error;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> ResponseFuture {
        self.request(request)
    }
}

impl<C: Connect, B: RequestBody> Service<Request<B>> for &Client<C, B> {
    type Response = Response<ResponseBody>;
    type Error = Error;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> ResponseFuture {
        self.request(request)
    }
}

impl<C: Connect, B: RequestBody> Clone for Client<C, B> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

impl<C: Connect, B: RequestBody> fmt::Debug for Client<C, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("stats", &self.stats()).finish_non_exhaustive()
    }
}

impl fmt::Debug for ResponseFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
