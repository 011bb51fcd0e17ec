//! Peers that say nothing, on paused clocks.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http2;
use latebind_hyper::{BodyError, BoxingExecutor, Builder, Client, Error};
use tokio::io::{AsyncReadExt, DuplexStream};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, advance};

use crate::support::connectors::Pipes;
use crate::support::frames::{CANCEL, Said};
use crate::support::peer::{Line, ok};
use crate::support::server::channel;
use crate::support::{Frames, at_rest, fetch, get, post, soon, text, until};

const LIMIT: Duration = Duration::from_secs(10);

type Piped<B = Full<Bytes>> = Client<Pipes, B>;

fn piped<B: latebind_hyper::RequestBody>(builder: Builder) -> (Piped<B>, UnboundedReceiver<DuplexStream>) {
    let (connector, pipes) = Pipes::new();
    (builder.build(connector).unwrap(), pipes)
}

async fn accept(pipes: &mut UnboundedReceiver<DuplexStream>) -> Line<DuplexStream> {
    Line(pipes.recv().await.unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_response_that_does_not_come() {
    let (client, mut pipes) = piped(Client::builder().response_timeout(LIMIT));
    let began = Instant::now();
    let error = client.request(get("http://host.test/")).await.unwrap_err();
    assert!(matches!(error, Error::ResponseTimeout(LIMIT)), "{error:?}");
    assert!(error.is_timeout() && !error.is_connect());
    assert_eq!(began.elapsed(), LIMIT);
    let mut line = accept(&mut pipes).await;
    line.head().await;
    line.closed().await;
    // The next one has a new connection.
    let serving = async { accept(&mut pipes).await.answer("next").await };
    assert_eq!(tokio::join!(fetch(&client, get("http://host.test/")), serving).0.unwrap(), "next");
    at_rest(&client).await;
}

/// As long as it is written, it is not late; what counts is the peer's silence after that.
#[tokio::test(start_paused = true)]
async fn a_long_upload_is_no_late_response() {
    let (client, mut pipes) = piped(Client::builder().response_timeout(LIMIT));
    let (writer, body) = channel();
    let request = http::Request::post("http://host.test/").body(body).unwrap();
    let asking = tokio::spawn(client.request(request));
    let mut line = accept(&mut pipes).await;
    line.head().await;
    for _ in 0..5 {
        writer.send("piece").await;
        assert_eq!(line.bytes(10).await, b"5\r\npiece\r\n");
        // Longer than the peer may take.
        advance(LIMIT * 3).await;
    }
    drop(writer);
    assert_eq!(line.bytes(5).await, b"0\r\n\r\n");
    advance(LIMIT / 2).await;
    line.say(ok("thanks")).await;
    assert_eq!(text(asking.await.unwrap().unwrap()).await, "thanks");
    at_rest(&client).await;
}

#[tokio::test(start_paused = true)]
async fn a_response_that_does_not_come_after_an_upload() {
    let (client, mut pipes) = piped(Client::builder().response_timeout(LIMIT));
    let (writer, body) = channel();
    let asking = tokio::spawn(client.request(http::Request::post("http://host.test/").body(body).unwrap()));
    let mut line = accept(&mut pipes).await;
    line.head().await;
    advance(LIMIT * 3).await;
    writer.send("piece").await;
    drop(writer);
    let written = Instant::now();
    assert_eq!(line.bytes(15).await, b"5\r\npiece\r\n0\r\n\r\n");
    let error = asking.await.unwrap().unwrap_err();
    assert!(matches!(error, Error::ResponseTimeout(LIMIT)), "{error:?}");
    assert_eq!(written.elapsed(), LIMIT);
    line.closed().await;
    at_rest(&client).await;
}

/// A peer that reads nothing holds up a body as well.
#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_read() {
    let (client, mut pipes) = piped(Client::builder().response_timeout(LIMIT));
    let body = Full::new(Bytes::from(vec![0; 10 << 20]));
    let error =
        client.request(http::Request::post("http://host.test/").body(body).unwrap()).await.unwrap_err();
    assert!(matches!(error, Error::ResponseTimeout(LIMIT)), "{error:?}");
    drop(accept(&mut pipes).await);
    at_rest(&client).await;
}

#[tokio::test(start_paused = true)]
async fn a_body_that_breaks_off() {
    let (client, mut pipes) = piped::<Full<Bytes>>(Client::builder().body_timeout(LIMIT));
    let asking = tokio::spawn(client.request(get("http://host.test/")));
    let mut line = accept(&mut pipes).await;
    line.head().await;
    line.say("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nh").await;
    let mut body = asking.await.unwrap().unwrap().into_body();
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "h");
    // Nobody asks for it, so nobody is kept waiting.
    advance(LIMIT * 2).await;
    line.say("a").await;
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "a");
    let began = Instant::now();
    let error = body.frame().await.unwrap().unwrap_err();
    assert!(matches!(error, BodyError::Timeout(LIMIT)), "{error:?}");
    assert_eq!(began.elapsed(), LIMIT);
    assert!(body.frame().await.is_none());
    line.closed().await;
    at_rest(&client).await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_does_not_come_back() {
    let config = Builder::default_config().max_connections(1).request_timeout(LIMIT);
    let (client, mut pipes) = piped(Client::builder().config(config));
    let first = tokio::spawn(client.request(get("http://host.test/first")));
    let mut line = accept(&mut pipes).await;
    line.head().await;
    let began = Instant::now();
    let error = client.request(get("http://host.test/second")).await.unwrap_err();
    assert!(error.is_timeout() && error.is_connect(), "{error:?}");
    assert_eq!(began.elapsed(), LIMIT);
    match &error {
        // A8: it tells who had it.
        Error::Connection(latebind_tokio::Error::Timeout(timeout)) => assert_eq!(timeout.key.leased, 1),
        error => panic!("{error:?}"),
    }
    line.say(ok("first")).await;
    assert_eq!(text(first.await.unwrap().unwrap()).await, "first");
    at_rest(&client).await;
}

/// HTTP/2: the peer may be gone without a word, so others do not get this connection any more.
#[tokio::test(start_paused = true)]
async fn a_peer_of_http2_that_says_nothing() {
    let (client, mut pipes) = piped(Client::builder().http2_only(true).response_timeout(LIMIT));
    let mut silent = Vec::new();
    for _ in 0..2 {
        let error = client.request(get("http://host.test/")).await.unwrap_err();
        assert!(matches!(error, Error::ResponseTimeout(LIMIT)), "{error:?}");
        silent.push(accept(&mut pipes).await);
    }
    at_rest(&client).await;
}

/// However long a request has been with a peer that did not take it, there is time for another connection.
#[tokio::test(start_paused = true)]
async fn a_late_failure_leaves_time_to_try_again() {
    let config = Builder::default_config().request_timeout(LIMIT);
    let builder = Client::builder().config(config).response_timeout(None);
    let (client, mut pipes) = piped(builder);
    let first = tokio::spawn(client.request(get("http://host.test/")));
    let mut line = accept(&mut pipes).await;
    line.answer("first").await;
    assert_eq!(text(first.await.unwrap().unwrap()).await, "first");
    let second = tokio::spawn(client.request(get("http://host.test/")));
    line.head().await;
    advance(LIMIT * 2).await;
    drop(line);
    accept(&mut pipes).await.answer("second").await;
    assert_eq!(text(second.await.unwrap().unwrap()).await, "second");
    at_rest(&client).await;
}

/// hyper's pings find such a peer before any timeout does, and the request goes to another connection.
#[tokio::test(start_paused = true)]
async fn a_peer_of_http2_that_answers_no_ping() {
    let (connector, mut pipes) = Pipes::new();
    let mut http2 = http2::Builder::new(BoxingExecutor);
    http2.keep_alive_interval(LIMIT).keep_alive_timeout(LIMIT / 2);
    let client = Client::builder().http2_only(true).http2(http2).build(connector).unwrap();
    let mut silent = warm_http2(&client, &mut pipes).await;
    let began = Instant::now();
    let asking = tokio::spawn(client.request(get("http://host.test/")));
    silent.head().await;
    let mut next = Frames::begin(soon(pipes.recv()).await.unwrap(), 100).await;
    assert_eq!(began.elapsed(), LIMIT * 3 / 2);
    let stream = next.head().await;
    next.answer(stream).await;
    text(asking.await.unwrap().unwrap()).await;
    at_rest(&client).await;
}

/// An upload that a peer does not let go on, although it has answered in full, holds up nobody, and not the shutdown.
#[tokio::test(start_paused = true)]
async fn a_peer_of_http2_that_answers_and_does_not_read() {
    let (client, mut pipes) = piped(Client::builder().http2_only(true));
    let asking = tokio::spawn(client.request(post("http://host.test/", vec![0; 1 << 20])));
    let mut frames = Frames::begin(soon(pipes.recv()).await.unwrap(), 100).await;
    let Said::Head { stream, is_all: false } = frames.next().await else { panic!("no request") };
    // All that the first window allows.
    let mut left = 65_535;
    while left > 0 {
        let Said::Data { data, .. } = frames.next().await else { panic!("no data") };
        left -= data.len();
    }
    frames.answer(stream).await;
    text(asking.await.unwrap().unwrap()).await;
    let began = Instant::now();
    soon(client.shutdown()).await;
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    at_rest(&client).await;
}

/// What blocks a goodbye does not hold up the pool: the connection is cut off.
#[tokio::test(start_paused = true)]
async fn a_peer_of_http2_that_does_not_read() {
    let (client, mut pipes) = piped(Client::builder().http2_only(true).response_timeout(LIMIT));
    let began = Instant::now();
    let body = Full::new(Bytes::from(vec![0; 1 << 20]));
    let request = http::Request::post("http://host.test/").body(body).unwrap();
    let error = client.request(request).await.unwrap_err();
    assert!(matches!(error, Error::ResponseTimeout(LIMIT)), "{error:?}");
    let mut line = accept(&mut pipes).await;
    soon(client.shutdown()).await;
    assert!(began.elapsed() < LIMIT * 2, "{:?}", began.elapsed());
    // All that was written fills the pipe, and behind it is the end.
    let mut written = Vec::new();
    soon(line.0.read_to_end(&mut written)).await.unwrap();
    assert_eq!(written.len(), 64 << 10);
    at_rest(&client).await;
}

type Silent = Frames<DuplexStream>;

/// An HTTP/2 connection that has answered once.
async fn warm_http2(client: &Piped, pipes: &mut UnboundedReceiver<DuplexStream>) -> Silent {
    let serving = async {
        let mut frames = Frames::begin(soon(pipes.recv()).await.unwrap(), 100).await;
        let stream = frames.head().await;
        frames.answer(stream).await;
        frames
    };
    let (answer, frames) = tokio::join!(fetch(client, get("http://host.test/")), serving);
    answer.unwrap();
    until("it is parked", || client.stats().idle == 1).await;
    frames
}

/// The caller's patience is shorter than the client's, as that of a layer around it may be.
async fn given_up(client: &Piped, patience: Duration) {
    let asking = tokio::time::timeout(patience, client.request(get("http://host.test/")));
    assert!(asking.await.is_err());
}

/// HTTP/2: where nothing came while a caller has waited, the next one does not have to find that out again.
#[tokio::test(start_paused = true)]
async fn a_peer_of_http2_that_says_nothing_until_the_caller_gives_up() {
    let (client, mut pipes) = piped(Client::builder().http2_only(true));
    let mut silent = warm_http2(&client, &mut pipes).await;
    given_up(&client, LIMIT).await;
    silent.head().await;
    let mut next = warm_http2(&client, &mut pipes).await;
    // A short wait says nothing of a peer.
    given_up(&client, Duration::from_millis(500)).await;
    let cancelled = next.head().await;
    assert_eq!(next.next().await, Said::Reset { stream: cancelled, code: CANCEL });
    let asking = tokio::spawn(client.request(get("http://host.test/")));
    let stream = next.head().await;
    next.answer(stream).await;
    text(soon(asking).await.unwrap().unwrap()).await;
    at_rest(&client).await;
}

/// The same while a response is read.
#[tokio::test(start_paused = true)]
async fn a_peer_of_http2_that_says_nothing_more_of_a_body() {
    let (client, mut pipes) = piped(Client::builder().http2_only(true).body_timeout(LIMIT));
    for is_given_up in [false, true] {
        let asking = tokio::spawn(client.request(get("http://host.test/")));
        let mut silent = Frames::begin(soon(pipes.recv()).await.unwrap(), 100).await;
        let stream = silent.head().await;
        silent.begin_answer(stream, "ha").await;
        let mut body = asking.await.unwrap().unwrap().into_body();
        assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "ha");
        // Nobody asks for it yet.
        advance(LIMIT).await;
        if is_given_up {
            assert!(tokio::time::timeout(LIMIT / 2, body.frame()).await.is_err());
            drop(body);
        } else {
            let error = body.frame().await.unwrap().unwrap_err();
            assert!(matches!(error, BodyError::Timeout(LIMIT)), "{error:?}");
        }
        until("it is gone", || client.stats().connections() == 0).await;
    }
    at_rest(&client).await;
}

/// Somebody is on a connection that says nothing, and somebody else has given up on it.
async fn half_given_up(
    builder: Builder,
) -> (Piped, UnboundedReceiver<DuplexStream>, Silent, u32, impl Future<Output = ()>) {
    let (client, mut pipes) = piped(builder.http2_only(true));
    let mut slow = warm_http2(&client, &mut pipes).await;
    let patient = tokio::spawn(client.request(get("http://host.test/")));
    let patient_stream = slow.head().await;
    given_up(&client, LIMIT).await;
    let cancelled = slow.head().await;
    assert_eq!(slow.next().await, Said::Reset { stream: cancelled, code: CANCEL });
    let served = async { assert_eq!(text(patient.await.unwrap().unwrap()).await, "patient") };
    (client, pipes, slow, patient_stream, served)
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_was_given_up_on_goes_on_with_those_who_are_on_it() {
    let (client, mut pipes, mut slow, stream, served) = half_given_up(Client::builder()).await;
    let next = tokio::spawn(client.request(get("http://host.test/")));
    let mut other = Frames::begin(soon(pipes.recv()).await.unwrap(), 100).await;
    let next_stream = other.head().await;
    other.answer(next_stream).await;
    text(soon(next).await.unwrap().unwrap()).await;
    slow.begin_answer(stream, "pa").await;
    slow.end_answer(stream, "tient").await;
    soon(served).await;
    assert_eq!(client.stats().connections(), 2);
    at_rest(&client).await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_was_given_up_on_serves_again_once_its_peer_speaks() {
    let config = Builder::default_config().max_connections_per_key(1);
    let (client, _pipes, mut slow, stream, served) = half_given_up(Client::builder().config(config)).await;
    let next = tokio::spawn(client.request(get("http://host.test/")));
    until("it waits", || client.stats().waiters == 1).await;
    slow.begin_answer(stream, "pa").await;
    let next_stream = slow.head().await;
    slow.answer(next_stream).await;
    text(soon(next).await.unwrap().unwrap()).await;
    slow.end_answer(stream, "tient").await;
    soon(served).await;
    assert_eq!(client.stats().counters.opened, 1);
    at_rest(&client).await;
}
