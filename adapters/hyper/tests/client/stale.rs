//! Reused connections that prove to be dead.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use latebind_hyper::{Client, Error};
use tokio::io::AsyncReadExt;
use tokio::time::Instant;

use crate::support::connectors::{GatedConnector, Order, Pipes};
use crate::support::peer::Line;
use crate::support::{Gate, Peer, Server, at_rest, client, fetch, get, post, soon, text, until};

/// What the server closed is not found by a request.
#[tokio::test]
async fn an_idle_connection_that_its_peer_closes_leaves_the_pool() {
    let server = Server::echo().await;
    let client = client();
    for count in 1..4 {
        assert_eq!(fetch(&client, post(server.uri("/"), "body")).await.unwrap(), "/");
        server.end_gracefully();
        until("it is gone", || client.stats().connections() == 0).await;
        assert_eq!(server.accepted(), count);
    }
    at_rest(&client).await;
}

/// However a request and the server's close meet: hyper sees the close only when its task runs, so that the pool may
/// lend a connection that is dead.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_idempotent_request_fails_when_the_server_closes_between_requests() {
    let server = Server::echo().await;
    let client = client();
    for round in 0..300 {
        let path = format!("/{round}");
        assert_eq!(fetch(&client, get(server.uri(&path))).await.unwrap(), path);
        if round % 2 == 0 {
            server.end_abruptly();
        } else {
            server.end_gracefully();
        }
    }
    at_rest(&client).await;
    server.open(0).await;
}

/// Takes the request, and closes without a word.
async fn swallow(peer: &Peer, is_reused: bool) -> String {
    let mut line = peer.accept().await;
    if is_reused {
        line.answer("first").await;
    }
    line.head().await
}

#[tokio::test]
async fn an_idempotent_request_that_a_reused_connection_swallows_is_sent_again() {
    let peer = Peer::start().await;
    let client = client();
    let asking = async {
        assert_eq!(fetch(&client, get(peer.uri("/1"))).await.unwrap(), "first");
        fetch(&client, get(peer.uri("/2"))).await.unwrap()
    };
    let serving = async {
        assert!(swallow(&peer, true).await.starts_with("GET /2 "));
        peer.accept().await.answer("second").await
    };
    let (answer, head) = tokio::join!(asking, serving);
    assert_eq!(answer, "second");
    assert!(head.starts_with("GET /2 "));
    at_rest(&client).await;
}

#[tokio::test]
async fn an_idempotent_request_is_sent_again_with_its_body() {
    let peer = Peer::start().await;
    let client = client();
    let asking = async {
        assert_eq!(fetch(&client, get(peer.uri("/1"))).await.unwrap(), "first");
        let put = http::Request::put(peer.uri("/2")).body("the body".into()).unwrap();
        fetch(&client, put).await.unwrap()
    };
    let serving = async {
        let mut line = peer.accept().await;
        line.answer("first").await;
        line.head().await;
        assert_eq!(line.bytes(8).await, b"the body");
        drop(line);
        let mut line = peer.accept().await;
        line.answer("second").await;
        line.bytes(8).await
    };
    let (answer, body) = tokio::join!(asking, serving);
    assert_eq!((answer.as_str(), body.as_slice()), ("second", b"the body".as_slice()));
    at_rest(&client).await;
}

#[tokio::test]
async fn a_post_that_was_written_is_sent_once_only() {
    let peer = Peer::start().await;
    let client = client();
    let asking = async {
        assert_eq!(fetch(&client, get(peer.uri("/1"))).await.unwrap(), "first");
        let error = fetch(&client, post(peer.uri("/2"), "body")).await.unwrap_err();
        assert!(matches!(&error, Error::Exchange(error) if error.is_incomplete_message()), "{error:?}");
    };
    let serving = async {
        let mut line = peer.accept().await;
        line.answer("first").await;
        assert!(line.head().await.starts_with("POST /2 "));
        assert_eq!(line.bytes(4).await, b"body");
    };
    tokio::join!(asking, serving);
    peer.assert_idle().await;
    let next = async { peer.accept().await.answer("next").await };
    assert_eq!(tokio::join!(fetch(&client, get(peer.uri("/3"))), next).0.unwrap(), "next");
    at_rest(&client).await;
}

#[tokio::test]
async fn a_post_with_an_idempotency_key_is_sent_again() {
    let peer = Peer::start().await;
    let client = client();
    let asking = async {
        assert_eq!(fetch(&client, get(peer.uri("/1"))).await.unwrap(), "first");
        let mut request = post(peer.uri("/2"), "");
        request.headers_mut().insert("idempotency-key", "once".parse().unwrap());
        fetch(&client, request).await.unwrap()
    };
    let serving = async {
        swallow(&peer, true).await;
        peer.accept().await.answer("second").await
    };
    let (answer, head) = tokio::join!(asking, serving);
    assert_eq!(answer, "second");
    assert!(head.starts_with("POST /2 "));
    at_rest(&client).await;
}

#[tokio::test]
async fn a_request_that_a_new_connection_swallows_is_not_sent_again() {
    let peer = Peer::start().await;
    let client = client();
    let (error, head) = tokio::join!(fetch(&client, get(peer.uri("/"))), swallow(&peer, false));
    assert!(matches!(error, Err(Error::Exchange(_))), "{error:?}");
    assert!(head.starts_with("GET / "));
    peer.assert_idle().await;
    at_rest(&client).await;
}

/// Half a response: its beginning has been acted on, whatever the method.
#[tokio::test]
async fn a_request_whose_response_has_begun_is_not_sent_again() {
    let peer = Peer::start().await;
    let client = client();
    let asking = async {
        assert_eq!(fetch(&client, get(peer.uri("/1"))).await.unwrap(), "first");
        fetch(&client, get(peer.uri("/2"))).await.unwrap_err()
    };
    let serving = async {
        let mut line = peer.accept().await;
        line.answer("first").await;
        line.head().await;
        line.say("HTTP/1.1 200").await;
    };
    let (error, ()) = tokio::join!(asking, serving);
    assert!(matches!(&error, Error::Exchange(error) if error.is_incomplete_message()), "{error:?}");
    peer.assert_idle().await;
    at_rest(&client).await;
}

/// A connection that was dialed for somebody else, and parked: not used yet, but old enough to be dead.
#[tokio::test]
async fn a_parked_dial_that_proves_to_be_dead_is_no_failure() {
    let peer = Peer::start().await;
    let dial = Gate::new();
    let connector = GatedConnector::new(peer.address, [Order::Hold(dial.clone())]);
    let client = Client::builder().build(connector).unwrap();
    let first = tokio::spawn(client.request(get(peer.uri("/first"))));
    dial.arrived(1).await;
    first.abort();
    dial.open();
    let mut parked = peer.accept().await;
    until("it is parked", || client.stats().idle == 1).await;
    let asking = tokio::spawn(client.request(get(peer.uri("/second"))));
    parked.head().await;
    drop(parked);
    let head = peer.accept().await.answer("second").await;
    assert!(head.starts_with("GET /second "));
    assert_eq!(text(soon(asking).await.unwrap().unwrap()).await, "second");
    at_rest(&client).await;
}

/// What could not be written at all was not sent, whatever it is.
#[tokio::test]
async fn a_post_of_which_nothing_could_be_written_is_sent_again() {
    let (connector, mut pipes) = Pipes::new();
    let client: Client<_, Full<Bytes>> = Client::builder().build(connector.clone()).unwrap();
    let first = tokio::spawn(client.request(get("http://host.test/")));
    let mut old = Line(soon(pipes.recv()).await.unwrap());
    old.answer("first").await;
    assert_eq!(text(soon(first).await.unwrap().unwrap()).await, "first");
    connector.reset();
    let second = tokio::spawn(client.request(post("http://host.test/", "body")));
    old.closed().await;
    let mut line = Line(soon(pipes.recv()).await.unwrap());
    assert!(line.answer("second").await.starts_with("POST / "));
    assert_eq!(text(soon(second).await.unwrap().unwrap()).await, "second");
    assert_eq!(line.bytes(4).await, b"body");
    at_rest(&client).await;
}

/// Each of many connections may take its time to prove dead; all of them together may not.
#[tokio::test(start_paused = true)]
async fn connections_that_prove_dead_late_are_tried_for_a_bounded_time() {
    const LIMIT: Duration = Duration::from_secs(60);
    const SILENCE: Duration = Duration::from_secs(25);
    let (connector, mut pipes) = Pipes::new();
    let client: Client<_, Full<Bytes>> = Client::builder().response_timeout(LIMIT).build(connector).unwrap();
    let mut lines = Vec::new();
    let warming: Vec<_> = (0..8).map(|_| tokio::spawn(client.request(get("http://host.test/")))).collect();
    for _ in &warming {
        lines.push(Line(soon(pipes.recv()).await.unwrap()));
    }
    for line in &mut lines {
        line.answer("warm").await;
    }
    for warm in warming {
        text(soon(warm).await.unwrap().unwrap()).await;
    }
    for mut line in lines {
        tokio::spawn(async move {
            line.0.read_u8().await.unwrap();
            tokio::time::sleep(SILENCE).await;
        });
    }
    let began = Instant::now();
    let error = client.request(get("http://host.test/")).await.unwrap_err();
    assert!(matches!(error, Error::Exchange(_)), "{error:?}");
    // The third one is the last that has begun in time.
    assert_eq!(began.elapsed(), SILENCE * 3);
    at_rest(&client).await;
}
