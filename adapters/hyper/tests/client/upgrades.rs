//! `101 Switching Protocols`: the connection leaves the pool, and belongs to whoever asked for it.

use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use latebind_hyper::Client;

use crate::support::server::answer;
use crate::support::{Peer, Server, at_rest, fetch, get, plain, soon, until};

fn upgrade(uri: String) -> http::Request<http_body_util::Full<bytes::Bytes>> {
    let mut request = get(uri);
    request.headers_mut().insert("connection", "upgrade".parse().unwrap());
    request.headers_mut().insert("upgrade", "echo".parse().unwrap());
    request
}

#[tokio::test]
async fn bytes_flow_both_ways_and_the_slot_is_free() {
    let server = Server::start(|mut request, _| async move {
        if !request.headers().contains_key("upgrade") {
            return answer("plain");
        }
        tokio::spawn(async move {
            let upgraded = hyper::upgrade::on(&mut request).await.unwrap();
            let (mut reader, mut writer) = tokio::io::split(TokioIo::new(upgraded));
            tokio::io::copy(&mut reader, &mut writer).await.unwrap();
            writer.shutdown().await.unwrap();
        });
        let mut response = answer("");
        *response.status_mut() = http::StatusCode::SWITCHING_PROTOCOLS;
        response.headers_mut().insert("connection", "upgrade".parse().unwrap());
        response.headers_mut().insert("upgrade", "echo".parse().unwrap());
        response
    })
    .await;
    let client = plain(Client::builder().max_connections_per_host(1));
    let response = soon(client.request(upgrade(server.uri("/")))).await.unwrap();
    assert_eq!(response.status(), 101);
    let upgraded = soon(hyper::upgrade::on(response)).await.unwrap();
    until("the pool has forgotten it", || client.stats().connections() == 0).await;

    // Its place is free, although it is still there.
    assert_eq!(fetch(&client, get(server.uri("/"))).await.unwrap(), "plain");
    assert_eq!(server.accepted(), 2);

    let mut stream = TokioIo::new(upgraded);
    for text in ["hello", "again"] {
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut echoed = [0; 5];
        soon(stream.read_exact(&mut echoed)).await.unwrap();
        assert_eq!(echoed, text.as_bytes());
    }
    at_rest(&client).await;
    // Longer than anything that the pool would do to it.
    stream.write_all(b"alive").await.unwrap();
    stream.shutdown().await.unwrap();
    let mut rest = Vec::new();
    soon(stream.read_to_end(&mut rest)).await.unwrap();
    assert_eq!(rest, b"alive");
    drop(stream);
    server.open(0).await;
}

/// What the peer says right behind its head belongs to the new protocol.
#[tokio::test]
async fn no_byte_is_lost() {
    let peer = Peer::start().await;
    let client = crate::support::client();
    let asking = tokio::spawn(client.request(upgrade(peer.uri("/"))));
    let mut line = peer.accept().await;
    line.head().await;
    line.say("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\nfirst words")
        .await;
    let response = soon(asking).await.unwrap().unwrap();
    let mut stream = TokioIo::new(soon(hyper::upgrade::on(response)).await.unwrap());
    let mut words = [0; 11];
    soon(stream.read_exact(&mut words)).await.unwrap();
    assert_eq!(&words, b"first words");
    drop(stream);
    line.closed().await;
    at_rest(&client).await;
}

/// Whoever keeps no connection alive can still ask for one that is no HTTP any more.
#[tokio::test]
async fn without_keep_alive_an_upgrade_is_still_asked_for() {
    let peer = Peer::start().await;
    let client = plain(Client::builder().keep_alive(false));
    let asking = tokio::spawn(client.request(upgrade(peer.uri("/"))));
    let mut line = peer.accept().await;
    assert!(line.head().await.contains("connection: upgrade\r\n"));
    line.say("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n").await;
    let response = soon(asking).await.unwrap().unwrap();
    let mut stream = TokioIo::new(soon(hyper::upgrade::on(response)).await.unwrap());
    stream.write_all(b"hello").await.unwrap();
    assert_eq!(line.bytes(5).await, b"hello");
    drop(stream);
    line.closed().await;
    // If the peer refuses, the connection serves nobody else.
    let serving = async {
        let mut line = peer.accept().await;
        line.answer("no").await;
        line.closed().await;
    };
    assert_eq!(tokio::join!(fetch(&client, upgrade(peer.uri("/"))), serving).0.unwrap(), "no");
    at_rest(&client).await;
}

#[tokio::test]
async fn an_upgrade_that_nobody_takes_closes() {
    let peer = Peer::start().await;
    let client = crate::support::client();
    let asking = tokio::spawn(client.request(upgrade(peer.uri("/"))));
    let mut line = peer.accept().await;
    line.head().await;
    line.say("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n").await;
    drop(soon(asking).await.unwrap().unwrap());
    line.closed().await;
    at_rest(&client).await;
}

#[tokio::test]
async fn an_upgrade_that_is_refused_leaves_the_connection_in_the_pool() {
    let server = Server::echo().await;
    let client = crate::support::client();
    assert_eq!(fetch(&client, upgrade(server.uri("/no"))).await.unwrap(), "/no");
    until("it is parked", || client.stats().idle == 1).await;
    assert_eq!(fetch(&client, get(server.uri("/yes"))).await.unwrap(), "/yes");
    assert_eq!(server.accepted(), 1);
    at_rest(&client).await;
    server.open(0).await;
}
