//! latebind-hyper.

use bytes::Bytes;
use http::Uri;
use http_body_util::{BodyExt, Empty};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::connect::HttpConnector;
use latebind_hyper::{Builder, Client};

use super::delayed::Delayed;
use super::{tls, told};
use crate::http::protocol::{Order, Protocol};

type Latebind = Client<HttpsConnector<Delayed<HttpConnector>>, Empty<Bytes>>;

/// With its defaults, but for the limit on idle connections, which the others have not either.
pub(crate) fn build(order: &Order) -> Latebind {
    let builder = Client::builder().config(Builder::default_config().max_idle(None));
    let builder = builder.max_connections_per_host(order.limit).http2_only(order.protocol == Protocol::H2c);
    builder.build(tls::connector(order)).expect("the config holds together")
}

impl super::Client for Latebind {
    const HAS_LIMIT: bool = true;

    async fn get(&self, url: &Uri) -> Result<(), String> {
        let response = Client::get(self, url.clone()).await.map_err(|error| told(&error))?;
        response.into_body().collect().await.map_err(|error| told(&error))?;
        Ok(())
    }
}
