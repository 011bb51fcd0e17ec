//! What the two pools have in common, so that one load can run on either.

use std::future::Future;
use std::ops::DerefMut;

use latebind_tokio::{Lease, Source};

use crate::connection::HttpConnection;
use crate::manager::{HttpManager, LatePool};
use crate::own_dial::{OwnDialLease, OwnDialPool};

/// A pool of HTTP connections to one server.
pub trait Contender: Clone + Send + Sync + 'static {
    /// Lends a connection until it is dropped.
    type Lease: DerefMut<Target = HttpConnection> + Send;

    /// Waits for a connection, and tells how it came.
    ///
    /// # Errors
    ///
    /// If there is none to be had.
    fn obtain(&self) -> impl Future<Output = anyhow::Result<(Self::Lease, Source)>> + Send;

    /// Closes everything, and completes when it is closed.
    fn end(&self) -> impl Future<Output = ()> + Send;
}

impl Contender for LatePool {
    type Lease = Lease<HttpManager>;

    async fn obtain(&self) -> anyhow::Result<(Self::Lease, Source)> {
        let lease = self.get(&()).await?;
        let source = lease.source();
        Ok((lease, source))
    }

    async fn end(&self) {
        self.shutdown().await;
    }
}

impl Contender for OwnDialPool {
    type Lease = OwnDialLease;

    async fn obtain(&self) -> anyhow::Result<(Self::Lease, Source)> {
        self.get().await
    }

    async fn end(&self) {
        self.shutdown().await;
    }
}
