//! The unhappy network: typed errors in bounded time, and the next request works.

use std::net::SocketAddr;
use std::time::Duration;

use http_body_util::BodyExt;
use latebind_hyper::{BodyError, Builder, Client, ConnectFailure, Error};
use latebind_tokio::ConnectError;
use tokio::net::TcpListener;

use crate::support::connectors::{GatedConnector, Order};
use crate::support::peer::Line;
use crate::support::{Peer, Plain, Server, at_rest, client, fetch, get, plain, post, soon};

/// After what has happened, the same peer is asked again, and answers.
async fn next_works(client: &Plain, peer: &Peer) {
    let serving = async { peer.accept().await.answer("next").await };
    assert_eq!(tokio::join!(fetch(client, get(peer.uri("/next"))), serving).0.unwrap(), "next");
    at_rest(client).await;
}

/// The peer says this to its first request, and closes; what the client makes of it.
async fn told(said: &[u8]) -> Error {
    let peer = Peer::start().await;
    let client = client();
    let asking = tokio::spawn(client.request(get(peer.uri("/"))));
    let mut line = peer.accept().await;
    line.head().await;
    line.say(said).await;
    drop(line);
    let error = soon(asking).await.unwrap().expect_err("that is no response");
    next_works(&client, &peer).await;
    error
}

#[tokio::test]
async fn a_connection_that_closes_before_it_answers() {
    let error = told(b"").await;
    assert!(matches!(&error, Error::Exchange(error) if error.is_incomplete_message()), "{error:?}");
}

#[tokio::test]
async fn half_a_head() {
    let error = told(b"HTTP/1.1 200 OK\r\ncontent-len").await;
    assert!(matches!(&error, Error::Exchange(error) if error.is_incomplete_message()), "{error:?}");
}

#[tokio::test]
async fn garbage() {
    for garbage in [&b"SSH-2.0-OpenSSH_9.6\r\n\r\n"[..], b"\x16\x03\x01\x00\x00\x00", &[0; 1000]] {
        let error = told(garbage).await;
        assert!(matches!(&error, Error::Exchange(error) if error.is_parse()), "{error:?}");
    }
}

#[tokio::test]
async fn a_length_that_is_none() {
    let error = told(b"HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n").await;
    assert!(matches!(&error, Error::Exchange(error) if error.is_parse()), "{error:?}");
}

#[tokio::test]
async fn endless_headers() {
    let peer = Peer::start().await;
    let client = client();
    let asking = tokio::spawn(client.request(get(peer.uri("/"))));
    let mut line = peer.accept().await;
    line.head().await;
    let endless = tokio::spawn(async move {
        use tokio::io::AsyncWriteExt;
        let mut said = line.0.write_all(b"HTTP/1.1 200 OK\r\n").await;
        while said.is_ok() {
            said = line.0.write_all(b"endless: header header header header\r\n").await;
        }
    });
    let error = soon(asking).await.unwrap().unwrap_err();
    assert!(matches!(&error, Error::Exchange(error) if error.is_parse()), "{error:?}");
    soon(endless).await.unwrap();
    next_works(&client, &peer).await;
}

#[tokio::test]
async fn half_a_body() {
    for head in ["content-length: 4\r\n\r\nha", "transfer-encoding: chunked\r\n\r\n2\r\nha\r\n"] {
        let peer = Peer::start().await;
        let client = client();
        let asking = tokio::spawn(client.request(get(peer.uri("/"))));
        let mut line = peer.accept().await;
        line.head().await;
        line.say(format!("HTTP/1.1 200 OK\r\n{head}")).await;
        drop(line);
        let mut body = soon(asking).await.unwrap().unwrap().into_body();
        assert_eq!(soon(body.frame()).await.unwrap().unwrap().into_data().unwrap(), "ha");
        let error = soon(body.frame()).await.unwrap().unwrap_err();
        assert!(matches!(error, BodyError::Exchange(_)), "{error:?}");
        assert!(soon(body.frame()).await.is_none());
        next_works(&client, &peer).await;
    }
}

#[tokio::test]
async fn a_reset() {
    let peer = Peer::start().await;
    let client = client();
    let asking = tokio::spawn(client.request(post(peer.uri("/"), "a body that nobody reads")));
    let line = peer.accept().await;
    // What was not read makes a close a reset.
    line.0.readable().await.unwrap();
    drop(line);
    let error = soon(asking).await.unwrap().unwrap_err();
    assert!(matches!(error, Error::Exchange(_)), "{error:?}");
    next_works(&client, &peer).await;
}

#[tokio::test]
async fn words_out_of_turn_on_an_idle_connection() {
    let peer = Peer::start().await;
    let client = client();
    let serving = async {
        let mut line = peer.accept().await;
        line.answer("first").await;
        line
    };
    let (first, mut line) = tokio::join!(fetch(&client, get(peer.uri("/"))), serving);
    assert_eq!(first.unwrap(), "first");
    line.say("HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n").await;
    line.closed().await;
    next_works(&client, &peer).await;
}

/// More than its length says: the next response cannot be told from what is left.
#[tokio::test]
async fn words_behind_a_response() {
    let peer = Peer::start().await;
    let client = client();
    let serving = async {
        let mut line = peer.accept().await;
        line.head().await;
        line.say("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nfirstHTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil").await;
        line
    };
    let (first, mut line) = tokio::join!(fetch(&client, get(peer.uri("/"))), serving);
    assert_eq!(first.unwrap(), "first");
    line.closed().await;
    next_works(&client, &peer).await;
}

fn dial_error(error: &Error) -> &ConnectError<ConnectFailure> {
    match error {
        Error::Connection(latebind_tokio::Error::Dial(error)) => error,
        error => panic!("{error:?}"),
    }
}

#[tokio::test]
async fn nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let client = client();
    let uri = format!("http://{address}/");
    let error = soon(client.request(get(&uri))).await.unwrap_err();
    assert!(error.is_connect() && !error.is_timeout());
    assert!(matches!(dial_error(&error).manager_error(), Some(ConnectFailure::Transport(_))), "{error:?}");
    // Somebody does now.
    let listener = TcpListener::bind(address).await.unwrap();
    let serving = async { Line(listener.accept().await.unwrap().0).answer("now").await };
    assert_eq!(tokio::join!(fetch(&client, get(&uri)), serving).0.unwrap(), "now");
    at_rest(&client).await;
}

#[tokio::test]
async fn a_name_that_does_not_exist() {
    let server = Server::echo().await;
    let client = client();
    let error = soon(client.request(get("http://nonexistent.invalid/"))).await.unwrap_err();
    assert!(matches!(dial_error(&error).manager_error(), Some(ConnectFailure::Transport(_))), "{error:?}");
    assert_eq!(fetch(&client, get(server.uri("/next"))).await.unwrap(), "/next");
    at_rest(&client).await;
}

#[tokio::test]
async fn a_connector_that_fails_or_panics() {
    let server = Server::echo().await;
    let connector = GatedConnector::new(server.address, [Order::Fail, Order::Panic]);
    let client = Client::builder().build(connector).unwrap();
    let error = soon(client.request(get(server.uri("/")))).await.unwrap_err();
    assert!(error.to_string().contains("no such host"), "{error}");
    let error = soon(client.request(get(server.uri("/")))).await.unwrap_err();
    assert!(matches!(dial_error(&error), ConnectError::Panicked(_)), "{error:?}");
    assert_eq!(fetch(&client, get(server.uri("/next"))).await.unwrap(), "/next");
    at_rest(&client).await;
    server.open(0).await;
}

/// Something that accepts and does not speak TLS, or any HTTP.
#[tokio::test]
async fn a_peer_that_accepts_and_says_nothing() {
    let peer = Peer::start().await;
    let limit = Duration::from_millis(100);
    let client = plain(Client::builder().response_timeout(limit));
    let error = soon(client.request(get(peer.uri("/")))).await.unwrap_err();
    assert!(matches!(&error, Error::ResponseTimeout(told) if *told == limit), "{error:?}");
    let mut line = peer.accept().await;
    line.head().await;
    line.closed().await;
    // The time for the next answer is short, but it is there.
    let patient = crate::support::client();
    next_works(&patient, &peer).await;
    at_rest(&client).await;
}

#[tokio::test]
async fn a_dial_that_takes_too_long() {
    let (never, address) = (crate::support::Gate::new(), SocketAddr::from(([127, 0, 0, 1], 1)));
    let connector = GatedConnector::new(address, [Order::Hold(never.clone())]);
    let limit = Duration::from_millis(100);
    let config = Builder::default_config().dial_timeout(limit);
    let client = Client::builder().config(config).build(connector).unwrap();
    let error = soon(client.request(get("http://host.test/"))).await.unwrap_err();
    assert!(matches!(dial_error(&error), ConnectError::TimedOut(told) if *told == limit), "{error:?}");
    at_rest(&client).await;
}
