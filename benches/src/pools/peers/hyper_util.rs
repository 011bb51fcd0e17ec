//! hyper-util's composable cache: late bound, without any limit or timeout.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper_util::client::pool::cache;
use hyper_util::rt::TokioExecutor;
use tower_service::Service;

use super::Wish;
use crate::pools::dialer::{Connection, Dialer, Refused};

/// With an executor, so that a dial that was not needed is kept.
pub(super) fn build(dialer: Dialer, _wish: Wish) -> impl super::Pool {
    HyperUtil(cache::builder().executor(TokioExecutor::new()).build(Connector(dialer)))
}

/// The cache's type cannot be named.
struct HyperUtil<S>(S);

impl<S> super::Pool for HyperUtil<S>
where
    S: Service<(), Error = Refused, Response: Send, Future: Send> + Clone + Send + Sync + 'static,
{
    type Lease = S::Response;
    type Error = Refused;

    /// A clone for each request, as its users do: it is used by `&mut`.
    async fn get(&'static self) -> Result<Self::Lease, Self::Error> {
        let mut cache = self.0.clone();
        poll_fn(|context| cache.poll_ready(context)).await?;
        let connecting = cache.call(());
        drop(cache);
        connecting.await
    }
}

#[derive(Clone)]
struct Connector(Dialer);

impl Service<()> for Connector {
    type Response = Connection;
    type Error = Refused;
    type Future = Pin<Box<dyn Future<Output = Result<Connection, Refused>> + Send>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Refused>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, (): ()) -> Self::Future {
        let dialer = self.0.clone();
        Box::pin(async move { dialer.dial().await })
    }
}
