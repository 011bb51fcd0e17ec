//! What the pool is told about HTTP connections: how to dial, judge, watch and close them.

use std::io;
use std::sync::Arc;

use latebind_tokio::{Manager, Pool};

use crate::connection::HttpConnection;
use crate::connector::Connector;

/// The late-binding pool of the demo.
pub type LatePool = Pool<HttpManager>;

/// Makes connections to one server, so that there is a single key.
#[derive(Debug)]
pub struct HttpManager {
    connector: Arc<Connector>,
}

impl HttpManager {
    /// A manager that dials by `connector`.
    pub fn new(connector: Arc<Connector>) -> Self {
        Self { connector }
    }
}

impl Manager for HttpManager {
    type Key = ();
    type Connection = HttpConnection;
    type Error = io::Error;

    async fn connect(&self, (): &()) -> io::Result<HttpConnection> {
        self.connector.dial().await
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
