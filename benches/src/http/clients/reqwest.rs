//! reqwest.

use http::Uri;
use reqwest::Client;

use super::delayed::Delay;
use super::{tls, told};
use crate::http::protocol::{Order, Protocol};

/// A client, and what it is asked for: it has a type of its own for URLs.
#[derive(Clone)]
pub(crate) struct Reqwest {
    client: Client,
    url: reqwest::Url,
}

/// With its defaults, on rustls.
pub(crate) fn build(order: &Order) -> Reqwest {
    let mut builder = Client::builder().no_proxy().tls_backend_preconfigured(tls::config(order));
    if order.protocol == Protocol::H2c {
        builder = builder.http2_prior_knowledge();
    }
    if !order.connect_delay().is_zero() {
        builder = builder.connector_layer(Delay(order.connect_delay()));
    }
    let url = order.url.parse().expect("the command writes URLs");
    Reqwest { client: builder.build().expect("the settings hold together"), url }
}

impl super::Client for Reqwest {
    const HAS_LIMIT: bool = false;

    async fn get(&self, _: &Uri) -> Result<(), String> {
        let response = self.client.get(self.url.clone()).send().await.map_err(|error| told(&error))?;
        response.bytes().await.map_err(|error| told(&error))?;
        Ok(())
    }
}
