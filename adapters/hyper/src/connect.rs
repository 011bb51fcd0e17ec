//! How the pool makes, judges and closes connections.

use std::error::Error as StdError;
use std::future::{Future, poll_fn};
use std::marker::PhantomData;
use std::sync::Arc;

use http::Uri;
use hyper::client::conn::{http1, http2};
use hyper::rt::{Read, Write};
use hyper_util::client::legacy::connect::Connection as Transport;
use latebind_tokio::{Capacity, Manager};
use tower_service::Service;

use crate::client::RequestBody;
use crate::connection::{About, Connection, Sender, Tasks};
use crate::handover::{Driven, Handover};
use crate::limits::Limits;
use crate::line::observed;
use crate::peers::Peers;
use crate::streams::{Driver, Streams, Word, clamp};
use crate::{BoxingExecutor, ConnectFailure, Origin};

/// What opens transports: any connector of hyper-util, hyper-rustls, or your own. Implemented by itself for a
/// [`Service`] of [`Uri`]s whose responses are transports.
pub trait Connect:
    Service<Uri, Response = Self::Transport, Error: Into<BoxError>, Future: Send> + Clone + Send + Sync + 'static
{
    /// A TCP stream, or TLS on top of it.
    type Transport: Read + Write + Transport + Unpin + Send + 'static;
}

pub(crate) type BoxError = Box<dyn StdError + Send + Sync>;

impl<S, T> Connect for S
where
    S: Service<Uri, Response = T, Error: Into<BoxError>, Future: Send> + Clone + Send + Sync + 'static,
    T: Read + Write + Transport + Unpin + Send + 'static,
{
    type Transport = T;
}

/// What the connections of a client have in common.
pub(crate) struct Connector<C, B> {
    pub(crate) connect: C,
    pub(crate) http1: http1::Builder,
    pub(crate) http2: http2::Builder<BoxingExecutor>,
    /// Without ALPN's word.
    pub(crate) is_http2_only: bool,
    pub(crate) limits: Limits,
    pub(crate) peers: Peers,
    pub(crate) body: PhantomData<fn(B)>,
}

impl<C: Connect, B: RequestBody> Connector<C, B> {
    async fn open(&self, origin: &Origin) -> Result<C::Transport, BoxError> {
        let mut connect = self.connect.clone();
        poll_fn(|context| connect.poll_ready(context)).await.map_err(Into::into)?;
        connect.call(origin.uri()).await.map_err(Into::into)
    }

    async fn handshake(&self, origin: &Origin, transport: C::Transport) -> hyper::Result<Connection<B>> {
        let connected = transport.connected();
        let is_http2 = self.is_http2_only || connected.is_negotiated_h2();
        self.peers.learn(origin, is_http2);
        let (transport, line, gone) = observed(transport);
        let about = About { connected, line: line.clone() };
        let handover = Arc::<Handover>::default();
        if is_http2 {
            // hyper's tasks have one type, which has room for the transport: a pointer's, so that the task of each request
            // is not as large as a TLS stream.
            let (mut sender, connection) = self.http2.handshake(Box::new(transport)).await?;
            let assumed = clamp(connection.current_max_send_streams());
            let at_first = self.limits.at_first(origin, assumed);
            let streams = Streams::new(at_first, Arc::clone(&handover), line);
            let word = Word { origin: origin.clone(), limits: self.limits.clone(), assumed, last: at_first };
            let driver =
                Driver { driven: Driven::new(connection, handover), streams: Arc::clone(&streams), word };
            let driver = tokio::spawn(driver);
            sender.ready().await?;
            return Ok(Connection::new(Sender::Http2(sender, streams), about, Tasks { driver, gone }));
        }
        let (mut sender, connection) = self.http1.handshake(transport).await?;
        let driver = tokio::spawn(Driven::new(connection.with_upgrades(), Arc::clone(&handover)));
        // Only once its task has run does it count as ready: who gives it back unused needs that.
        sender.ready().await?;
        Ok(Connection::new(Sender::Http1(sender, handover), about, Tasks { driver, gone }))
    }
}

impl<C: Connect, B: RequestBody> Manager for Connector<C, B> {
    type Key = Origin;
    type Connection = Connection<B>;
    type Error = ConnectFailure;

    async fn connect(&self, origin: &Origin) -> Result<Connection<B>, ConnectFailure> {
        let transport = self.open(origin).await.map_err(ConnectFailure::Transport)?;
        self.handshake(origin, transport).await.map_err(ConnectFailure::Handshake)
    }

    fn capacity(&self, connection: &Connection<B>) -> Capacity<Connection<B>> {
        match (&connection.sender, connection.share()) {
            (Sender::Http2(_, streams), Some(shared)) => {
                let handle = move || shared.share().expect("a handle to a shared connection can be shared");
                Capacity::shared_with(streams.allowed(), handle)
            }
            _ => Capacity::exclusive(),
        }
    }

    fn is_reusable(&self, connection: &mut Connection<B>) -> bool {
        connection.is_ready()
    }

    fn watches_closed(&self) -> bool {
        true
    }

    fn closed(&self, connection: &mut Connection<B>) -> impl Future<Output = ()> + Send {
        connection.closed()
    }

    fn close(&self, connection: Connection<B>) -> impl Future<Output = ()> + Send {
        connection.close()
    }
}
