//! What the tests share: a server in the process that is held up by gates, peers that misbehave, connectors that are
//! held up, and the look at the end that all is at rest.

pub(crate) mod connectors;
pub(crate) mod frames;
pub(crate) mod gate;
pub(crate) mod peer;
pub(crate) mod random;
pub(crate) mod server;
pub(crate) mod tls;

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use latebind_hyper::{Builder, Client, Connect, Error, HttpConnector, RequestBody, ResponseBody, Source};

pub(crate) use connectors::GatedConnector;
pub(crate) use frames::Frames;
pub(crate) use gate::Gate;
pub(crate) use peer::Peer;
pub(crate) use random::Random;
pub(crate) use server::Server;

/// Nothing that is awaited takes so long, unless it never comes.
pub(crate) const LONG: Duration = Duration::from_secs(20);

pub(crate) type Plain = Client<HttpConnector, Full<Bytes>>;

/// Fails the test instead of hanging.
pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(LONG, future).await.expect("it takes too long")
}

pub(crate) fn plain(builder: Builder) -> Plain {
    builder.build_http().unwrap()
}

pub(crate) fn client() -> Plain {
    plain(Client::builder())
}

pub(crate) fn get(uri: impl AsRef<str>) -> Request<Full<Bytes>> {
    Request::get(uri.as_ref()).body(Full::default()).unwrap()
}

pub(crate) fn post(uri: impl AsRef<str>, body: impl Into<Bytes>) -> Request<Full<Bytes>> {
    Request::post(uri.as_ref()).body(Full::new(body.into())).unwrap()
}

/// The response's text.
pub(crate) async fn text(response: Response<ResponseBody>) -> String {
    let bytes = soon(response.into_body().collect()).await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Sends a request and reads all of its response.
pub(crate) async fn fetch<C: Connect, B: RequestBody>(
    client: &Client<C, B>,
    request: Request<B>,
) -> Result<String, Error> {
    Ok(text(soon(client.request(request)).await?).await)
}

pub(crate) fn source(response: &Response<ResponseBody>) -> Source {
    *response.extensions().get::<Source>().unwrap()
}

/// Polls until it holds, letting others run: for what other tasks see to in a moment.
pub(crate) async fn until(what: &str, holds: impl Fn() -> bool) {
    // By the real clock: a paused one does not move while this is busy.
    let end = std::time::Instant::now() + LONG;
    while !holds() {
        assert!(std::time::Instant::now() < end, "it takes too long until {what}");
        tokio::task::yield_now().await;
    }
}

/// The client has nothing under way, and shuts down.
pub(crate) async fn at_rest<C: Connect, B: RequestBody>(client: &Client<C, B>) {
    until("nobody waits and nothing is lent", || {
        let stats = client.stats();
        stats.waiters == 0 && stats.leased == 0 && stats.dialing == 0 && stats.closing == 0
    })
    .await;
    soon(client.shutdown()).await;
    assert_eq!(client.stats().connections(), 0);
}
