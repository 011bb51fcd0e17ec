//! A connector that is slow.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tower_layer::Layer;
use tower_service::Service;

/// Waits before each connect.
#[derive(Clone)]
pub(crate) struct Delayed<S> {
    inner: S,
    delay: Duration,
}

impl<S> Delayed<S> {
    pub(crate) fn new(inner: S, delay: Duration) -> Self {
        Self { inner, delay }
    }
}

impl<S, R> Service<R> for Delayed<S>
where
    S: Service<R, Future: Send + 'static> + Clone + Send + 'static,
    R: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let connecting = self.inner.call(request);
        let delay = self.delay;
        Box::pin(async move {
            if !delay.is_zero() {
                tokio::time::sleep(delay).await;
            }
            connecting.await
        })
    }
}

/// The same for a client that takes layers.
#[derive(Clone)]
pub(crate) struct Delay(pub(crate) Duration);

impl<S> Layer<S> for Delay {
    type Service = Delayed<S>;

    fn layer(&self, inner: S) -> Delayed<S> {
        Delayed::new(inner, self.0)
    }
}
