//! From settings and a connector to a client.

use std::marker::PhantomData;
use std::time::Duration;

use http::Uri;
use hyper::client::conn::{http1, http2};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioTimer;
use latebind_tokio::{BuildError, Config, Notice, Pool, Surplus, TokioRuntime};
use tokio::runtime::Handle;

use crate::client::{Inner, Proxy, RequestBody, Settings};
use crate::connect::{Connect, Connector};
use crate::limits::Limits;
use crate::peers::Peers;
use crate::{BoxingExecutor, Client, ConnectFailure, Origin};

type Observer = Box<dyn Fn(&Origin, &Notice<ConnectFailure>) + Send + Sync>;

/// Builds a [`Client`]. Made by [`Client::builder`].
#[must_use = "a builder builds nothing by itself"]
pub struct Builder {
    config: Config,
    keep_alive: bool,
    is_http2_only: bool,
    response_timeout: Option<Duration>,
    body_timeout: Option<Duration>,
    proxy: Option<Proxy>,
    observers: Vec<Observer>,
    http1: http1::Builder,
    http2: http2::Builder<BoxingExecutor>,
    runtime: Option<Handle>,
}

impl Builder {
    pub(crate) fn new() -> Self {
        let mut http2 = http2::Builder::new(BoxingExecutor);
        http2.timer(TokioTimer::new());
        Self {
            config: Self::default_config(),
            keep_alive: true,
            is_http2_only: false,
            response_timeout: Some(Duration::from_secs(60)),
            body_timeout: Some(Duration::from_secs(60)),
            proxy: None,
            observers: Vec::new(),
            http1: http1::Builder::new(),
            http2,
            runtime: None,
        }
    }

    /// What a client's pool does if nobody says otherwise: as many connections as there are requests, and 100 of them
    /// kept idle, for 90 s, as Go's `http.Transport` does; but as many of one host as are idle, where that keeps two. Dials
    /// that no request needs any more stop where HTTP/2 is spoken, and go on for the next requests where HTTP/1.1 is
    /// ([`Surplus::CancelIfShared`]).
    pub fn default_config() -> Config {
        Config::default()
            .max_connections(None)
            .max_connections_per_key(None)
            .max_idle(100)
            .surplus(Surplus::CancelIfShared)
    }

    /// Limits, durations and policies of the pool, whose keys are [`Origin`]s; replaces what was said of them before.
    /// Default: [`default_config`](Self::default_config).
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Connections at most to one host, in use or idle. Default: no limit.
    pub fn max_connections_per_host(mut self, limit: impl Into<Option<u32>>) -> Self {
        self.config.max_connections_per_key = limit.into();
        self
    }

    /// Idle connections at most to one host. Default: no limit but that of all.
    pub fn max_idle_per_host(mut self, limit: impl Into<Option<u32>>) -> Self {
        self.config.max_idle_per_key = limit.into();
        self
    }

    /// Whether a connection serves more than one request. Default: it does.
    pub fn keep_alive(mut self, keep_alive: bool) -> Self {
        self.keep_alive = keep_alive;
        self
    }

    /// Speaks HTTP/2 on every connection, also where TLS has not agreed on it. Default: HTTP/2 where it has, HTTP/1.1
    /// elsewhere.
    pub fn http2_only(mut self, is_http2_only: bool) -> Self {
        self.is_http2_only = is_http2_only;
        self
    }

    /// How long a peer may be silent before the head of its response, in each attempt: after the request was sent, or while
    /// it does not read the request's body. While that body has nothing to be sent, no time passes. Default: 60 s.
    pub fn response_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.response_timeout = timeout.into();
        self
    }

    /// How long nothing may come of a response's body, while it is wanted. Default: 60 s.
    pub fn body_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.body_timeout = timeout.into();
        self
    }

    /// Which forward proxy a request of plain HTTP goes through; `None`, none. Those of one proxy share its
    /// connections, whatever host they are for. For HTTPS, tunnelling is the connector's: see hyper-util's `Tunnel`.
    pub fn proxy(mut self, proxy: impl Fn(&Uri) -> Option<Uri> + Send + Sync + 'static) -> Self {
        self.proxy = Some(Box::new(proxy));
        self
    }

    /// Has `observer` told what happens in the pool; may be called for several.
    pub fn observe(
        mut self,
        observer: impl Fn(&Origin, &Notice<ConnectFailure>) + Send + Sync + 'static,
    ) -> Self {
        self.observers.push(Box::new(observer));
        self
    }

    /// How HTTP/1.1 is spoken.
    pub fn http1(mut self, settings: http1::Builder) -> Self {
        self.http1 = settings;
        self
    }

    /// How HTTP/2 is spoken. Its keep-alive pings find a peer that is gone before a request does.
    pub fn http2(mut self, mut settings: http2::Builder<BoxingExecutor>) -> Self {
        // Pings panic without one.
        settings.timer(TokioTimer::new());
        self.http2 = settings;
        self
    }

    /// Where connections and timers run. Default: on the runtime that [`build`](Self::build) is called on.
    pub fn runtime(mut self, runtime: Handle) -> Self {
        self.runtime = Some(runtime);
        self
    }

    /// A client of plain HTTP, over TCP.
    ///
    /// # Errors
    ///
    /// As those of [`build`](Self::build).
    pub fn build_http<B: RequestBody>(self) -> Result<Client<HttpConnector, B>, BuildError> {
        let mut connector = HttpConnector::new();
        // Requests are short: waiting to fill a packet would only delay them.
        connector.set_nodelay(true);
        self.build(connector)
    }

    /// A client whose transports are opened by `connect`. Nothing is dialed yet.
    ///
    /// # Errors
    ///
    /// The config contradicts itself, or this is no tokio runtime and none was given, or it has no timer.
    pub fn build<C: Connect, B: RequestBody>(self, connect: C) -> Result<Client<C, B>, BuildError> {
        let Self { mut config, keep_alive, response_timeout, body_timeout, proxy, .. } = self;
        let runtime = self.runtime.or_else(|| Handle::try_current().ok()).ok_or(BuildError::NoRuntime)?;
        if !keep_alive {
            config.max_uses = Some(1);
        }
        let request_timeout = config.request_timeout;
        let (limits, peers) = (Limits::default(), Peers::default());
        let connector = Connector {
            connect,
            http1: self.http1,
            http2: self.http2,
            is_http2_only: self.is_http2_only,
            limits: limits.clone(),
            peers: peers.clone(),
            body: PhantomData,
        };
        let mut builder = Pool::builder(connector).config(config).runtime(TokioRuntime::new(runtime.clone()));
        for observer in self.observers {
            builder = builder.observe(observer);
        }
        let is_http2_only = self.is_http2_only;
        let settings =
            Settings { keep_alive, is_http2_only, request_timeout, response_timeout, body_timeout, proxy };
        Ok(Client::new(Inner { pool: builder.build()?, settings, limits, peers, runtime }))
    }
}
