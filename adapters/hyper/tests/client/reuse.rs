//! When a connection serves the next request, and when it does not.

use std::time::Duration;

use http::Request;
use http::header::CONNECTION;
use http_body_util::BodyExt;
use latebind_hyper::{Client, Source};
use tokio::time::advance;

use crate::support::connectors::Pipes;
use crate::support::peer::{Line, ok};
use crate::support::server::{answer, channel};
use crate::support::{Peer, Server, at_rest, client, fetch, get, plain, post, soon, source, text, until};

#[tokio::test]
async fn one_connection_serves_one_request_after_the_other() {
    let server = Server::start(|_, peer| async move { answer(peer.connection.to_string()) }).await;
    let client = client();
    for round in 0..5 {
        let request = if round % 2 == 0 { get(server.uri("/")) } else { post(server.uri("/"), "body") };
        let response = soon(client.request(request)).await.unwrap();
        assert_eq!(source(&response), if round == 0 { Source::OwnDial } else { Source::Idle });
        assert_eq!(text(response).await, "1");
        until("it is parked", || client.stats().idle == 1).await;
    }
    server.open(1).await;
    at_rest(&client).await;
    server.open(0).await;
}

#[tokio::test]
async fn the_end_of_the_body_returns_the_connection_and_not_the_head() {
    let peer = Peer::start().await;
    let client = client();
    let asking = tokio::spawn(client.request(get(peer.uri("/"))));
    let mut line = peer.accept().await;
    line.head().await;
    line.say("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nha").await;
    let mut body = soon(asking).await.unwrap().unwrap().into_body();
    assert_eq!(soon(body.frame()).await.unwrap().unwrap().into_data().unwrap(), "ha");
    assert_eq!(client.stats().leased, 1);
    line.say("lf").await;
    assert_eq!(soon(body.frame()).await.unwrap().unwrap().into_data().unwrap(), "lf");
    // By its length, the body has ended, although nobody has asked for its end.
    until("it is parked", || client.stats().idle == 1).await;
    assert!(soon(body.frame()).await.is_none());
    at_rest(&client).await;
    line.closed().await;
}

#[tokio::test(start_paused = true)]
async fn the_connection_returns_only_when_the_request_is_written_as_well() {
    let (connector, mut pipes) = Pipes::new();
    let client = Client::builder().build(connector).unwrap();
    let (sender, body) = channel();
    let asking = tokio::spawn(client.request(Request::post("http://host.test/early").body(body).unwrap()));
    let mut line = Line(pipes.recv().await.unwrap());
    line.head().await;
    line.say(ok("early")).await;
    // The whole response is here, while the request is still being written.
    assert_eq!(text(asking.await.unwrap().unwrap()).await, "early");
    advance(Duration::from_millis(100)).await;
    assert_eq!(client.stats().leased, 1);
    sender.send("late").await;
    drop(sender);
    until("it is parked", || client.stats().idle == 1).await;
    assert_eq!(line.bytes(14).await, b"4\r\nlate\r\n0\r\n\r\n");
    at_rest(&client).await;
    line.closed().await;
}

#[tokio::test]
async fn an_upload_that_goes_on_after_its_response_costs_the_connection() {
    let peer = Peer::start().await;
    let client = Client::builder().build_http().unwrap();
    let (sender, body) = channel();
    let asking = tokio::spawn(client.request(Request::post(peer.uri("/early")).body(body).unwrap()));
    let mut line = peer.accept().await;
    line.head().await;
    line.say(ok("early")).await;
    assert_eq!(text(soon(asking).await.unwrap().unwrap()).await, "early");
    line.closed().await;
    until("it is gone", || client.stats().connections() == 0).await;
    drop(sender);
    at_rest(&client).await;
}

#[tokio::test(start_paused = true)]
async fn a_short_rest_that_nobody_reads_is_drained() {
    let (connector, mut pipes) = Pipes::new();
    let client = Client::builder().build(connector).unwrap();
    let mut line = None;
    for _ in 0..3 {
        let asking = tokio::spawn(client.request(get("http://host.test/")));
        let line = match &mut line {
            Some(line) => line,
            None => line.insert(Line(pipes.recv().await.unwrap())),
        };
        line.head().await;
        line.say("HTTP/1.1 200 OK\r\ncontent-length: 50000\r\n\r\n").await;
        drop(asking.await.unwrap().unwrap());
        line.say(vec![0; 50_000]).await;
        until("it is parked", || client.stats().idle == 1).await;
    }
    at_rest(&client).await;
}

#[tokio::test]
async fn a_long_rest_that_nobody_reads_costs_the_connection() {
    let server = Server::start(|_, _| async { answer(vec![0; 1 << 20]) }).await;
    let client = client();
    drop(soon(client.request(get(server.uri("/")))).await.unwrap());
    server.open(0).await;
    until("it is gone", || client.stats().connections() == 0).await;
    drop(soon(client.request(get(server.uri("/")))).await.unwrap());
    server.open(0).await;
    assert_eq!(server.accepted(), 2);
    at_rest(&client).await;
}

#[tokio::test]
async fn a_slow_rest_that_nobody_reads_costs_the_connection() {
    let peer = Peer::start().await;
    let client = client();
    let asking = tokio::spawn(client.request(get(peer.uri("/"))));
    let mut line = peer.accept().await;
    line.head().await;
    line.say("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nha").await;
    drop(soon(asking).await.unwrap().unwrap());
    line.closed().await;
    at_rest(&client).await;
}

#[tokio::test]
async fn either_side_can_have_the_connection_closed() {
    let server = Server::start(|request, _| async move {
        let mut response = answer("bye");
        if request.uri().path() == "/server" {
            response.headers_mut().insert(CONNECTION, "close".parse().unwrap());
        }
        response
    })
    .await;
    let client = client();
    assert_eq!(fetch(&client, get(server.uri("/server"))).await.unwrap(), "bye");
    server.open(0).await;
    let mut request = get(server.uri("/client"));
    request.headers_mut().insert(CONNECTION, "close".parse().unwrap());
    assert_eq!(fetch(&client, request).await.unwrap(), "bye");
    server.open(0).await;
    until("none is left", || client.stats().connections() == 0).await;
    assert_eq!(server.accepted(), 2);
    at_rest(&client).await;
}

#[tokio::test]
async fn without_keep_alive_every_request_has_a_connection_of_its_own() {
    let server = Server::start(|request, _| async move {
        assert_eq!(request.headers()[CONNECTION], "close");
        answer("once")
    })
    .await;
    let client = plain(Client::builder().keep_alive(false));
    for count in 1..4 {
        assert_eq!(fetch(&client, get(server.uri("/"))).await.unwrap(), "once");
        server.open(0).await;
        assert_eq!(server.accepted(), count);
    }
    at_rest(&client).await;
}
