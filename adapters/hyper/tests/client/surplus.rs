//! Many requests come before anybody knows what a host speaks, and each starts a dial: what becomes of those dials.

use bytes::Bytes;
use futures_util::future::join_all;
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::rt::TokioExecutor;
use hyper_util::server::conn::auto;
use latebind_hyper::{Builder, Client, Surplus};

use crate::support::connectors::Order;
use crate::support::server::answer;
use crate::support::tls::certificate;
use crate::support::{Gate, GatedConnector, Server, at_rest, get, soon, text, until};

const CALLERS: usize = 64;

/// A host that has not told its protocol yet: as many dials are under way to it as requests wait.
struct Cold {
    server: Server,
    client: Client<HttpsConnector<GatedConnector>, Full<Bytes>>,
    asking: Vec<tokio::task::JoinHandle<String>>,
    /// Holds up the first dial, and all others, before their handshakes.
    first: Gate,
    others: Gate,
}

impl Cold {
    async fn new(builder: Builder, protocol: &[u8]) -> Self {
        let (acceptor, trusting) = certificate(&[protocol]);
        let echo = |request: http::Request<_>, _| async move { answer(request.uri().path().to_owned()) };
        let server = Server::start_with(auto::Builder::new(TokioExecutor::new()), Some(acceptor), echo).await;
        let (first, others) = (Gate::new(), Gate::new());
        let mut orders = vec![Order::Hold(others.clone()); CALLERS];
        orders[0] = Order::Hold(first.clone());
        let https = HttpsConnectorBuilder::new().with_tls_config(trusting).https_only().enable_all_versions();
        let client =
            builder.build(https.wrap_connector(GatedConnector::new(server.address, orders))).unwrap();
        let ask = |caller| {
            let asking = client.request(get(server.uri(&format!("/{caller}"))));
            tokio::spawn(async move { text(asking.await.unwrap()).await })
        };
        let asking = (0..CALLERS).map(ask).collect();
        first.arrived(1).await;
        others.arrived(CALLERS - 1).await;
        Self { server, client, asking, first, others }
    }

    /// The first dial goes on, and its connection serves all.
    async fn all_are_answered(&mut self) {
        self.first.open();
        for (caller, answer) in soon(join_all(self.asking.drain(..))).await.into_iter().enumerate() {
            assert_eq!(answer.unwrap(), format!("/{caller}"));
        }
        assert_eq!(self.server.accepted(), 1);
    }

    async fn ends(self) {
        at_rest(&self.client).await;
        self.server.open(0).await;
    }
}

#[tokio::test]
async fn over_http2_no_handshake_is_made_that_the_first_connection_has_made_needless() {
    let mut cold = Cold::new(Client::builder(), b"h2").await;
    cold.all_are_answered().await;
    until("the other dials have stopped", || cold.client.stats().dialing == 0).await;
    assert_eq!(cold.client.stats().counters.dials_cancelled, CALLERS as u64 - 1);
    assert_eq!((cold.client.stats().connections(), cold.server.accepted()), (1, 1));
    cold.ends().await;
}

#[tokio::test]
async fn over_http1_the_other_dials_are_connections_for_the_next_requests() {
    let mut cold = Cold::new(Client::builder(), b"http/1.1").await;
    cold.all_are_answered().await;
    cold.others.open();
    until("all are parked", || cold.client.stats().idle == CALLERS as u32).await;
    assert_eq!((cold.client.stats().counters.dials_cancelled, cold.server.accepted()), (0, CALLERS));
    cold.ends().await;
}

#[tokio::test]
async fn they_go_on_over_http2_too_where_the_config_says_so() {
    let config = Builder::default_config().surplus(Surplus::Park);
    let mut cold = Cold::new(Client::builder().config(config), b"h2").await;
    cold.all_are_answered().await;
    cold.others.open();
    until("all are parked", || cold.client.stats().idle == CALLERS as u32).await;
    cold.ends().await;
}
