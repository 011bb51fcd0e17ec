//! What the scenes share: a client that trusts the server, and what nginx says of a request.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use latebind_hyper::{HttpConnector, ResponseBody};
use rustls::{ClientConfig, RootCertStore};

use crate::server::Nginx;

/// Nothing that is awaited takes so long, unless it never comes.
pub(crate) const LONG: Duration = Duration::from_secs(60);

pub(crate) type Client = latebind_hyper::Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// What nginx says of a request: by whom, how, and on which connection it was answered.
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct Said {
    pub(crate) generation: usize,
    pub(crate) protocol: String,
    pub(crate) connection: u64,
    /// Which request of that connection it was, from 1.
    pub(crate) nth: u64,
}

/// Speaks HTTP/2 where nginx does.
pub(crate) fn client(nginx: &Nginx) -> Client {
    let mut roots = RootCertStore::empty();
    roots.add(nginx.certificate.cert.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let trusting = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let mut http = HttpConnector::new();
    http.set_nodelay(true);
    http.enforce_http(false);
    let https = HttpsConnectorBuilder::new().with_tls_config(trusting).https_or_http();
    latebind_hyper::Client::builder().build(https.enable_all_versions().wrap_connector(http)).unwrap()
}

/// Fails the test instead of hanging.
pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(LONG, future).await.expect("it takes too long")
}

pub(crate) async fn send(client: &Client, method: Method, uri: String, body: &str) -> Response<ResponseBody> {
    let request = Request::builder().method(method).uri(&uri);
    let request = request.body(Full::from(body.to_owned())).unwrap();
    soon(client.request(request)).await.unwrap_or_else(|error| panic!("{uri}: {error:?}"))
}

pub(crate) async fn bytes(response: Response<ResponseBody>) -> Bytes {
    soon(response.into_body().collect()).await.unwrap().to_bytes()
}

/// `GET`s a path, whose answer must be its own.
pub(crate) async fn ask(client: &Client, nginx: &Nginx, path: &str) -> Said {
    let response = send(client, Method::GET, nginx.uri(path), "").await;
    said(response, path).await
}

/// What an answer says, which must be for this path.
pub(crate) async fn said(response: Response<ResponseBody>, path: &str) -> Said {
    assert_eq!(response.status(), StatusCode::OK);
    let text = String::from_utf8(bytes(response).await.to_vec()).unwrap();
    let words: Vec<_> = text.split(' ').collect();
    let [generation, protocol, connection, nth, answered] = words[..] else { panic!("{text}") };
    assert_eq!(answered, path);
    Said {
        generation: generation.parse().unwrap(),
        protocol: protocol.to_owned(),
        connection: connection.parse().unwrap(),
        nth: nth.parse().unwrap(),
    }
}

/// Polls until it holds, letting others run.
pub(crate) async fn until(what: &str, holds: impl Fn() -> bool) {
    let end = Instant::now() + LONG;
    while !holds() {
        assert!(Instant::now() < end, "it takes too long until {what}");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Nothing is in use or under way.
pub(crate) async fn quiet(client: &Client) {
    until("nobody waits and nothing is lent", || {
        let stats = client.stats();
        stats.waiters == 0 && stats.leased == 0 && stats.dialing == 0 && stats.closing == 0
    })
    .await;
}

/// The client has nothing under way, and shuts down.
pub(crate) async fn at_rest(client: &Client) {
    quiet(client).await;
    soon(client.shutdown()).await;
    assert_eq!(client.stats().connections(), 0);
}

/// So many callers at once, each of which makes so many requests; no connection serves more than `most`.
pub(crate) async fn crowd(client: &Client, nginx: &Arc<Nginx>, callers: usize, each: usize, most: u64) {
    let callers: Vec<_> = (0..callers)
        .map(|caller| {
            let (client, nginx) = (client.clone(), Arc::clone(nginx));
            tokio::spawn(async move {
                for round in 0..each {
                    let said = ask(&client, &nginx, &format!("/{caller}/{round}")).await;
                    assert!(said.nth <= most, "{said:?}");
                }
            })
        })
        .collect();
    for caller in callers {
        soon(caller).await.unwrap();
    }
}
