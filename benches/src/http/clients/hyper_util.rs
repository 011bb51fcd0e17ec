//! hyper-util's legacy client.

use bytes::Bytes;
use http::Uri;
use http_body_util::{BodyExt, Empty};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::delayed::Delayed;
use super::{tls, told};
use crate::http::protocol::{Order, Protocol};

type HyperUtil = Client<HttpsConnector<Delayed<HttpConnector>>, Empty<Bytes>>;

/// With its defaults, and the timers that its idle timeout needs.
pub(crate) fn build(order: &Order) -> HyperUtil {
    let mut builder = Client::builder(TokioExecutor::new());
    builder.timer(TokioTimer::new()).pool_timer(TokioTimer::new());
    builder.http2_only(order.protocol == Protocol::H2c);
    builder.build(tls::connector(order))
}

impl super::Client for HyperUtil {
    const HAS_LIMIT: bool = false;

    async fn get(&self, url: &Uri) -> Result<(), String> {
        let response = Client::get(self, url.clone()).await.map_err(|error| told(&error))?;
        response.into_body().collect().await.map_err(|error| told(&error))?;
        Ok(())
    }
}
