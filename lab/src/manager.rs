//! What the pool is told about HTTP connections: how to dial, judge, watch and close them.

use std::io;
use std::marker::PhantomData;
use std::sync::Arc;

use latebind_tokio::{Manager, Pool, TokioRuntime};

use crate::connection::HttpConnection;
use crate::connector::Connector;
use crate::runtimes::network::Network;

/// The late-binding pool of the load.
pub type LatePool = Pool<HttpManager>;

/// Makes connections to one server, so that there is a single key; its sockets are those of the runtime `R`.
#[derive(Debug)]
pub struct HttpManager<R = TokioRuntime> {
    connector: Arc<Connector>,
    runtime: PhantomData<fn() -> R>,
}

impl<R> HttpManager<R> {
    /// A manager that dials by `connector`.
    pub fn new(connector: Arc<Connector>) -> Self {
        Self { connector, runtime: PhantomData }
    }
}

impl<R: Network> Manager for HttpManager<R> {
    type Key = ();
    type Connection = HttpConnection;
    type Error = io::Error;

    async fn connect(&self, (): &()) -> io::Result<HttpConnection> {
        self.connector.dial::<R>().await
    }

    fn is_reusable(&self, connection: &mut HttpConnection) -> bool {
        connection.is_ready()
    }

    fn watches_closed(&self) -> bool {
        true
    }

    async fn closed(&self, connection: &mut HttpConnection) {
        connection.closed().await;
    }

    async fn close(&self, connection: HttpConnection) {
        connection.close().await;
    }
}
