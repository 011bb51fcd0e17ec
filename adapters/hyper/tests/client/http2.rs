//! HTTP/2, with a server of hyper's, in clear text and over TLS.

use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::join_all;
use http::Version;
use http_body_util::Full;
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::rt::TokioExecutor;
use hyper_util::server::conn::auto;
use latebind_hyper::{Client, Error, Source};
use rustls::{ClientConfig, RootCertStore};
use tokio_rustls::TlsAcceptor;

use crate::support::connectors::{GatedConnector, Order, Pipes};
use crate::support::peer::{Line, ok};
use crate::support::server::answer;
use crate::support::tls::certified;
use crate::support::{
    Frames, Gate, Plain, Server, at_rest, fetch, get, plain, post, soon, source, text, until,
};

fn client() -> Plain {
    plain(Client::builder().http2_only(true))
}

/// Allows so many streams, and answers `/held` once the gate is open.
async fn holding(gate: &Gate, max_streams: u32, tls: Option<TlsAcceptor>) -> Server {
    let mut http = auto::Builder::new(TokioExecutor::new());
    http.http2().max_concurrent_streams(max_streams);
    let gate = gate.clone();
    Server::start_with(http, tls, move |request, peer| {
        let gate = gate.clone();
        async move {
            if request.uri().path() == "/held" {
                gate.pass().await;
            }
            answer(format!("{:?} on {}", request.version(), peer.connection))
        }
    })
    .await
}

#[tokio::test]
async fn many_requests_share_one_connection() {
    let gate = Gate::new();
    let server = holding(&gate, 100, None).await;
    let client = client();
    assert_eq!(fetch(&client, get(server.uri("/"))).await.unwrap(), "HTTP/2.0 on 1");
    let many: Vec<_> = (0..50).map(|_| tokio::spawn(client.request(get(server.uri("/held"))))).collect();
    gate.arrived(50).await;
    assert_eq!(client.stats().connections(), 1);
    gate.open();
    for response in join_all(many).await {
        let response = response.unwrap().unwrap();
        assert!(matches!(source(&response), Source::Idle | Source::Shared));
        assert_eq!(response.version(), Version::HTTP_2);
        assert_eq!(text(response).await, "HTTP/2.0 on 1");
    }
    until("it is parked", || client.stats().idle == 1).await;
    assert_eq!(server.accepted(), 1);
    at_rest(&client).await;
    server.open(0).await;
}

#[tokio::test]
async fn more_requests_than_the_peer_allows_make_more_connections() {
    let gate = Gate::new();
    let server = holding(&gate, 2, None).await;
    let client = client();
    fetch(&client, get(server.uri("/"))).await.unwrap();
    let many: Vec<_> = (0..7).map(|_| tokio::spawn(client.request(get(server.uri("/held"))))).collect();
    // All at once, two on each: none queues behind another on a connection that is full.
    gate.arrived(7).await;
    gate.open();
    let mut on = [0; 16];
    for response in join_all(many).await {
        let on_connection = text(response.unwrap().unwrap()).await;
        on[on_connection.rsplit_once(' ').unwrap().1.parse::<usize>().unwrap()] += 1;
    }
    assert!(on.iter().all(|count| *count <= 2), "{on:?}");
    at_rest(&client).await;
    server.open(0).await;
}

/// Before the peer has said how few it allows, requests may have to queue on its connection; none fails.
#[tokio::test]
async fn cold_requests_beyond_what_the_peer_allows_are_all_answered() {
    let server = holding(&Gate::new(), 2, None).await;
    let client = client();
    let many: Vec<_> = (0..20).map(|_| tokio::spawn(client.request(get(server.uri("/"))))).collect();
    for response in soon(join_all(many)).await {
        text(response.unwrap().unwrap()).await;
    }
    at_rest(&client).await;
    server.open(0).await;
}

#[tokio::test]
async fn an_upload_and_its_answer() {
    let server = Server::start(|request, _| async move {
        let body = http_body_util::BodyExt::collect(request.into_body()).await.unwrap().to_bytes();
        answer(body)
    })
    .await;
    let client = client();
    let body = "x".repeat(1 << 20);
    assert_eq!(fetch(&client, post(server.uri("/"), body.clone())).await.unwrap(), body);
    at_rest(&client).await;
    server.open(0).await;
}

/// Requests go on all the time while the server ends its connections gracefully, again and again. What it resets in
/// doing so may cost a request that it may have acted on, but none that can be sent again, and none is acted on twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_is_lost_with_a_graceful_end() {
    let server = Arc::new(Server::echo().await);
    let client = client();
    let callers: Vec<_> = (0..8)
        .map(|caller| {
            let (server, client) = (Arc::clone(&server), client.clone());
            tokio::spawn(async move {
                for round in 0..100 {
                    let path = format!("/{caller}/{round}");
                    if round % 2 == 0 {
                        assert_eq!(fetch(&client, get(server.uri(&path))).await.unwrap(), path);
                    } else {
                        match fetch(&client, post(server.uri(&path), "body")).await {
                            Ok(answer) => assert_eq!(answer, path),
                            Err(error) => assert!(matches!(error, Error::Exchange(_)), "{error:?}"),
                        }
                    }
                    if caller == 0 && round % 5 == 0 {
                        server.end_gracefully();
                    }
                }
            })
        })
        .collect();
    for caller in callers {
        soon(caller).await.unwrap();
    }
    assert!(server.accepted() > 5, "{} connections", server.accepted());
    let posts = server.paths().into_iter().filter(|path| path.ends_with(['1', '3', '5', '7', '9']));
    let mut seen = HashSet::new();
    posts.for_each(|path| assert!(seen.insert(path.clone()), "{path} was sent twice"));
    at_rest(&client).await;
    server.open(0).await;
}

#[tokio::test]
async fn a_graceful_end_lets_finish_what_is_under_way() {
    let gate = Gate::new();
    let server = holding(&gate, 100, None).await;
    let client = client();
    let held = tokio::spawn(client.request(get(server.uri("/held"))));
    gate.arrived(1).await;
    server.end_gracefully();
    // Whether the client has heard of it already or not.
    assert!(fetch(&client, post(server.uri("/"), "later")).await.is_ok());
    gate.open();
    assert_eq!(text(soon(held).await.unwrap().unwrap()).await, "HTTP/2.0 on 1");
    at_rest(&client).await;
    server.open(0).await;
}

#[tokio::test]
async fn requests_on_a_connection_that_dies_are_sent_again_or_fail() {
    let gate = Gate::new();
    let server = holding(&gate, 100, None).await;
    let client = client();
    fetch(&client, get(server.uri("/"))).await.unwrap();
    let gets: Vec<_> = (0..5).map(|_| tokio::spawn(client.request(get(server.uri("/held"))))).collect();
    let posts: Vec<_> =
        (0..5).map(|_| tokio::spawn(client.request(post(server.uri("/held"), "body")))).collect();
    gate.arrived(10).await;
    server.end_abruptly();
    gate.arrived(15).await;
    gate.open();
    for response in join_all(gets).await {
        text(response.unwrap().unwrap()).await;
    }
    for response in join_all(posts).await {
        let error = response.unwrap().unwrap_err();
        assert!(matches!(error, Error::Exchange(_)), "{error:?}");
    }
    assert_eq!(server.requests(), 16);
    at_rest(&client).await;
    server.open(0).await;
}

#[tokio::test]
async fn tls_agrees_on_http2() {
    let gate = Gate::new();
    let (acceptor, client) = certified(&[b"h2", b"http/1.1"]);
    let server = holding(&gate, 100, Some(acceptor)).await;
    assert_eq!(fetch(&client, get(server.uri("/"))).await.unwrap(), "HTTP/2.0 on 1");
    let many: Vec<_> = (0..20).map(|_| tokio::spawn(client.request(get(server.uri("/held"))))).collect();
    gate.arrived(20).await;
    gate.open();
    for response in join_all(many).await {
        assert_eq!(text(response.unwrap().unwrap()).await, "HTTP/2.0 on 1");
    }
    at_rest(&client).await;
    server.open(0).await;
}

#[tokio::test]
async fn tls_agrees_on_http1_where_the_peer_has_nothing_else() {
    let (acceptor, client) = certified(&[b"http/1.1"]);
    let server = holding(&Gate::new(), 100, Some(acceptor)).await;
    for _ in 0..3 {
        assert_eq!(fetch(&client, get(server.uri("/"))).await.unwrap(), "HTTP/1.1 on 1");
        until("it is parked", || client.stats().idle == 1).await;
    }
    at_rest(&client).await;
    server.open(0).await;
}

/// The first connection that is known to be shared serves all who wait, whatever they have dialed.
#[tokio::test]
async fn cold_requests_meet_on_the_first_connection() {
    let gate = Gate::new();
    let (acceptor, client) = certified(&[b"h2"]);
    let server = holding(&gate, 100, Some(acceptor)).await;
    let many: Vec<_> = (0..20).map(|_| tokio::spawn(client.request(get(server.uri("/held"))))).collect();
    gate.arrived(20).await;
    gate.open();
    let mut first = None;
    for response in join_all(many).await {
        let on = text(response.unwrap().unwrap()).await;
        assert_eq!(*first.get_or_insert_with(|| on.clone()), on);
    }
    at_rest(&client).await;
    server.open(0).await;
}

/// Once a peer is known to speak HTTP/2, not every request dials: one does for all, and one in case that hangs.
#[tokio::test]
async fn cold_requests_to_a_known_peer_share_two_dials() {
    let gate = Gate::new();
    let (acceptor, client) = certified(&[b"h2"]);
    let server = holding(&gate, 100, Some(acceptor)).await;
    assert_eq!(fetch(&client, get(server.uri("/"))).await.unwrap(), "HTTP/2.0 on 1");
    client.close_idle();
    until("nothing is left", || client.stats().connections() == 0).await;
    let many: Vec<_> = (0..64).map(|_| tokio::spawn(client.request(get(server.uri("/held"))))).collect();
    gate.arrived(64).await;
    assert_eq!(client.stats().counters.dials, 3);
    gate.open();
    for response in join_all(many).await {
        assert!(text(response.unwrap().unwrap()).await.starts_with("HTTP/2.0 on "));
    }
    at_rest(&client).await;
}

#[tokio::test]
async fn who_speaks_http2_only_dials_twice_for_all() {
    let gate = Gate::new();
    let server = holding(&gate, 100, None).await;
    let client = client();
    let many: Vec<_> = (0..64).map(|_| tokio::spawn(client.request(get(server.uri("/held"))))).collect();
    gate.arrived(64).await;
    assert_eq!(client.stats().counters.dials, 2);
    gate.open();
    for response in join_all(many).await {
        assert!(text(response.unwrap().unwrap()).await.starts_with("HTTP/2.0 on "));
    }
    at_rest(&client).await;
}

/// A peer that is known to allow few streams is dialed as often as that takes, at once.
#[tokio::test]
async fn cold_requests_to_a_peer_that_allows_few_streams_do_not_wait_for_two_dials_at_a_time() {
    let server = holding(&Gate::new(), 2, None).await;
    let dial = Gate::new();
    let orders: Vec<_> =
        std::iter::once(Order::Connect).chain(std::iter::repeat_n(Order::Hold(dial.clone()), 64)).collect();
    let connector = GatedConnector::new(server.address, orders);
    let client = Client::builder().http2_only(true).build(connector.clone()).unwrap();
    fetch(&client, get(server.uri("/"))).await.unwrap();
    client.close_idle();
    until("nothing is left", || client.stats().connections() == 0).await;
    let many: Vec<_> = (0..20).map(|_| tokio::spawn(client.request(get(server.uri("/"))))).collect();
    // Half as many would do if none hangs.
    dial.arrived(20).await;
    dial.open();
    for response in join_all(many).await {
        text(response.unwrap().unwrap()).await;
    }
    assert_eq!(connector.dials(), 21);
    at_rest(&client).await;
    server.open(0).await;
}

/// Protocols may change with the peer: what was known of it holds up nobody.
#[tokio::test]
async fn cold_requests_to_a_peer_that_speaks_http1_now_dial_for_themselves() {
    let (connector, mut pipes) = Pipes::new();
    let client: Client<_, Full<Bytes>> = Client::builder().build(connector.clone()).unwrap();
    let ask = || tokio::spawn(client.request(get("http://host.test/")));
    connector.negotiate_http2(true);
    let asking = ask();
    let mut frames = Frames::begin(soon(pipes.recv()).await.unwrap(), 100).await;
    let stream = frames.head().await;
    frames.answer(stream).await;
    text(soon(asking).await.unwrap().unwrap()).await;
    client.close_idle();
    until("it is gone", || client.stats().connections() == 0).await;

    connector.negotiate_http2(false);
    let many: Vec<_> = (0..20).map(|_| ask()).collect();
    let mut lines = Vec::new();
    for _ in &many {
        let mut line = Line(soon(pipes.recv()).await.unwrap());
        line.head().await;
        lines.push(line);
    }
    for line in &mut lines {
        line.say(ok("each on its own")).await;
    }
    for asking in many {
        assert_eq!(text(soon(asking).await.unwrap().unwrap()).await, "each on its own");
    }
    client.close_idle();
    until("they are gone", || client.stats().connections() == 0).await;

    connector.negotiate_http2(true);
    let many: Vec<_> = (0..20).map(|_| ask()).collect();
    let mut frames = Frames::begin(soon(pipes.recv()).await.unwrap(), 100).await;
    for _ in &many {
        let stream = frames.head().await;
        frames.answer(stream).await;
    }
    for asking in many {
        text(soon(asking).await.unwrap().unwrap()).await;
    }
    at_rest(&client).await;
}

#[tokio::test]
async fn a_certificate_that_nobody_trusts_is_a_failed_dial() {
    let (acceptor, _) = certified(&[b"h2"]);
    let (_, client) = certified(&[b"h2"]);
    let server = holding(&Gate::new(), 100, Some(acceptor)).await;
    let error = soon(client.request(get(server.uri("/")))).await.unwrap_err();
    assert!(error.is_connect(), "{error:?}");
    assert!(error.to_string().contains("certificate"), "{error}");
    at_rest(&client).await;
}

#[tokio::test]
async fn a_tls_handshake_that_is_never_answered_ends_with_the_dial_timeout() {
    let peer = crate::support::Peer::start().await;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let nobody = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    let https = HttpsConnectorBuilder::new().with_tls_config(nobody).https_only().enable_http1().build();
    let config =
        latebind_hyper::Builder::default_config().dial_timeout(std::time::Duration::from_millis(100));
    let client = Client::builder().config(config).build(https).unwrap();
    let error = soon(client.request(get(format!("https://{}/", peer.address)))).await.unwrap_err();
    assert!(error.is_connect(), "{error:?}");
    assert!(
        matches!(
            error,
            Error::Connection(latebind_tokio::Error::Dial(latebind_tokio::ConnectError::TimedOut(_)))
        ),
        "{error:?}"
    );
    at_rest(&client).await;
}
