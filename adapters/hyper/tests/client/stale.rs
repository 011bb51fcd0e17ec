//! Reused connections that prove to be dead.

use latebind_hyper::{Client, Error};

use crate::support::connectors::{GatedConnector, Order};
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
