//! HTTP/2, frame by frame: what a peer says, and what becomes of the requests.

use http_body_util::BodyExt;
use latebind_hyper::{BodyError, Builder, Client, Error};

use crate::support::frames::{CANCEL, INTERNAL_ERROR, NO_ERROR, REFUSED_STREAM, Said};
use crate::support::server::channel;
use crate::support::{Frames, Peer, Plain, at_rest, fetch, get, plain, post, soon, text, until};

fn client() -> Plain {
    plain(Client::builder().http2_only(true))
}

/// A connection that has served one request.
async fn warm(client: &Plain, peer: &Peer, max_streams: u32) -> Frames {
    let serving = async {
        let mut frames = Frames::accept(peer, max_streams).await;
        let stream = frames.head().await;
        frames.answer(stream).await;
        frames
    };
    let (answer, frames) = tokio::join!(fetch(client, get(peer.uri("/warm"))), serving);
    answer.unwrap();
    frames
}

type Asking = tokio::task::JoinHandle<Result<http::Response<latebind_hyper::ResponseBody>, Error>>;

fn ask(client: &Plain, peer: &Peer) -> Asking {
    tokio::spawn(client.request(get(peer.uri("/"))))
}

async fn answered(asking: Asking) {
    assert_eq!(text(soon(asking).await.unwrap().unwrap()).await, "");
}

#[tokio::test]
async fn fewer_streams_that_are_allowed_later_count() {
    let peer = Peer::start().await;
    let client = client();
    let mut frames = warm(&client, &peer, 100).await;
    frames.allow(1).await;
    // The client sees it at the latest with the next answer.
    let asking = ask(&client, &peer);
    let stream = frames.head().await;
    frames.answer(stream).await;
    answered(asking).await;
    let first = ask(&client, &peer);
    let stream = frames.head().await;
    let second = ask(&client, &peer);
    let mut other = Frames::accept(&peer, 1).await;
    let other_stream = other.head().await;
    other.answer(other_stream).await;
    answered(second).await;
    frames.answer(stream).await;
    answered(first).await;
    at_rest(&client).await;
}

#[tokio::test]
async fn more_streams_that_are_allowed_later_count() {
    let peer = Peer::start().await;
    let client = client();
    let mut frames = warm(&client, &peer, 1).await;
    frames.allow(100).await;
    let asking = ask(&client, &peer);
    let stream = frames.head().await;
    frames.answer(stream).await;
    answered(asking).await;
    let many: Vec<_> = (0..10).map(|_| ask(&client, &peer)).collect();
    let mut streams = Vec::new();
    for _ in 0..10 {
        streams.push(frames.head().await);
    }
    for stream in streams {
        frames.answer(stream).await;
    }
    for asking in many {
        answered(asking).await;
    }
    peer.assert_idle().await;
    at_rest(&client).await;
}

/// Those who wait hear of it at once, and not only with the next end of a request.
#[tokio::test]
async fn more_streams_that_are_allowed_serve_those_who_wait() {
    let peer = Peer::start().await;
    let config = Builder::default_config().max_connections_per_key(1);
    let client = plain(Client::builder().http2_only(true).config(config));
    let mut frames = warm(&client, &peer, 1).await;
    let first = ask(&client, &peer);
    let first_stream = frames.head().await;
    let others: Vec<_> = (0..3).map(|_| ask(&client, &peer)).collect();
    until("they wait", || client.stats().waiters == 3).await;
    frames.allow(3).await;
    for _ in 0..2 {
        let stream = frames.head().await;
        frames.answer(stream).await;
    }
    let stream = frames.head().await;
    frames.answer(stream).await;
    for other in others {
        answered(other).await;
    }
    frames.answer(first_stream).await;
    answered(first).await;
    at_rest(&client).await;
}

/// Its stream counts for the peer until then: a request in its place would have to wait on the connection.
#[tokio::test]
async fn a_stream_is_free_only_when_the_request_is_written_as_well() {
    let peer = Peer::start().await;
    let client = Client::builder().http2_only(true).build_http().unwrap();
    let request = |body| http::Request::post(peer.uri("/")).body(body).unwrap();
    let (writer, body) = channel();
    let asking = tokio::spawn(client.request(request(body)));
    let mut frames = Frames::accept(&peer, 1).await;
    let Said::Head { stream, is_all: false } = frames.next().await else { panic!("no request") };
    // The whole response, while the request is still being written.
    frames.answer(stream).await;
    assert_eq!(text(soon(asking).await.unwrap().unwrap()).await, "");
    let (other_writer, body) = channel();
    drop(other_writer);
    let second = tokio::spawn(client.request(request(body)));
    let mut other = Frames::accept(&peer, 1).await;
    let Said::Head { stream: other_stream, .. } = other.next().await else { panic!("no request") };
    other.answer(other_stream).await;
    text(soon(second).await.unwrap().unwrap()).await;
    writer.send("late").await;
    drop(writer);
    assert_eq!(frames.next().await, Said::Data { stream, data: b"late".to_vec(), is_end: false });
    assert_eq!(frames.next().await, Said::Data { stream, data: vec![], is_end: true });
    at_rest(&client).await;
}

/// As with HTTP/1.1: nobody else is given such a connection, and nothing waits for its upload in the end.
#[tokio::test]
async fn an_upload_that_goes_on_after_its_response_costs_the_connection() {
    let peer = Peer::start().await;
    let client = Client::builder().http2_only(true).build_http().unwrap();
    let (writer, body) = channel();
    let asking = tokio::spawn(client.request(http::Request::post(peer.uri("/")).body(body).unwrap()));
    let mut frames = Frames::accept(&peer, 100).await;
    let Said::Head { stream, is_all: false } = frames.next().await else { panic!("no request") };
    frames.answer(stream).await;
    assert_eq!(text(soon(asking).await.unwrap().unwrap()).await, "");
    until("it is gone", || client.stats().connections() == 0).await;
    while frames.next().await != Said::End {}
    writer.unwanted().await;
    at_rest(&client).await;
}

#[tokio::test]
async fn a_refused_stream_is_sent_again_whatever_it_is() {
    let peer = Peer::start().await;
    let client = client();
    let mut frames = warm(&client, &peer, 100).await;
    let asking = tokio::spawn(client.request(post(peer.uri("/"), "the body")));
    for round in 0..3 {
        let Said::Head { stream, is_all: false } = frames.next().await else { panic!("no request") };
        let said = frames.next().await;
        assert_eq!(said, Said::Data { stream, data: b"the body".to_vec(), is_end: true });
        if round < 2 {
            frames.reset(stream, REFUSED_STREAM).await;
        } else {
            frames.answer(stream).await;
        }
    }
    answered(asking).await;
    peer.assert_idle().await;
    at_rest(&client).await;
}

#[tokio::test]
async fn a_stream_that_is_refused_for_ever_fails() {
    let peer = Peer::start().await;
    let client = client();
    let mut frames = warm(&client, &peer, 100).await;
    let asking = ask(&client, &peer);
    for _ in 0..5 {
        let stream = frames.head().await;
        frames.reset(stream, REFUSED_STREAM).await;
    }
    let error = soon(asking).await.unwrap().unwrap_err();
    assert!(matches!(error, Error::Exchange(_)), "{error:?}");
    let next = ask(&client, &peer);
    let stream = frames.head().await;
    frames.answer(stream).await;
    answered(next).await;
    at_rest(&client).await;
}

#[tokio::test]
async fn a_reset_concerns_its_stream_alone() {
    let peer = Peer::start().await;
    let client = client();
    let mut frames = warm(&client, &peer, 100).await;
    let (failing, half, other) = (ask(&client, &peer), ask(&client, &peer), ask(&client, &peer));
    let streams = [frames.head().await, frames.head().await, frames.head().await];
    frames.reset(streams[0], INTERNAL_ERROR).await;
    let error = soon(failing).await.unwrap().unwrap_err();
    assert!(matches!(error, Error::Exchange(_)), "{error:?}");
    frames.begin_answer(streams[1], "ha").await;
    let mut body = soon(half).await.unwrap().unwrap().into_body();
    assert_eq!(soon(body.frame()).await.unwrap().unwrap().into_data().unwrap(), "ha");
    frames.reset(streams[1], INTERNAL_ERROR).await;
    let error = soon(body.frame()).await.unwrap().unwrap_err();
    assert!(matches!(error, BodyError::Exchange(_)), "{error:?}");
    frames.answer(streams[2]).await;
    answered(other).await;
    let next = ask(&client, &peer);
    let stream = frames.head().await;
    frames.answer(stream).await;
    answered(next).await;
    peer.assert_idle().await;
    at_rest(&client).await;
}

#[tokio::test]
async fn a_goodbye_lets_finish_what_it_names_and_has_the_rest_sent_again() {
    let peer = Peer::start().await;
    let client = client();
    let mut frames = warm(&client, &peer, 100).await;
    let named = ask(&client, &peer);
    let last = frames.head().await;
    // Not idempotent, but its peer has not looked at it.
    let unnamed = tokio::spawn(client.request(post(peer.uri("/"), "the body")));
    assert!(matches!(frames.next().await, Said::Head { .. }));
    frames.goodbye(last, NO_ERROR).await;
    let mut other = Frames::accept(&peer, 100).await;
    let Said::Head { stream, .. } = other.next().await else { panic!("no request") };
    assert_eq!(other.next().await, Said::Data { stream, data: b"the body".to_vec(), is_end: true });
    other.answer(stream).await;
    answered(unnamed).await;
    let later = ask(&client, &peer);
    let stream = other.head().await;
    other.answer(stream).await;
    answered(later).await;
    // Nobody was given the old connection any more.
    assert_eq!(client.stats().counters.requests, 5);
    frames.begin_answer(last, "na").await;
    frames.end_answer(last, "med").await;
    assert_eq!(text(soon(named).await.unwrap().unwrap()).await, "named");
    peer.assert_idle().await;
    at_rest(&client).await;
}

/// A connection that has answered others before it died is no sign of a peer that swallows all.
#[tokio::test]
async fn the_first_request_on_a_connection_is_sent_again_if_others_were_answered() {
    let peer = Peer::start().await;
    let client = client();
    let first = ask(&client, &peer);
    let mut frames = Frames::accept(&peer, 100).await;
    frames.head().await;
    let second = ask(&client, &peer);
    let stream = frames.head().await;
    frames.answer(stream).await;
    answered(second).await;
    drop(frames);
    let mut frames = Frames::accept(&peer, 100).await;
    let stream = frames.head().await;
    frames.answer(stream).await;
    answered(first).await;
    at_rest(&client).await;
}

#[tokio::test]
async fn a_goodbye_on_an_idle_connection_ends_it() {
    let peer = Peer::start().await;
    let client = client();
    let mut frames = warm(&client, &peer, 100).await;
    until("it is parked", || client.stats().idle == 1).await;
    frames.goodbye(1, NO_ERROR).await;
    until("it is gone", || client.stats().connections() == 0).await;
    while frames.next().await != Said::End {}
    at_rest(&client).await;
}

#[tokio::test]
async fn a_cancelled_request_resets_its_stream_and_no_other() {
    let peer = Peer::start().await;
    let client = client();
    let mut frames = warm(&client, &peer, 100).await;
    let (cancelled, dropped, other) = (ask(&client, &peer), ask(&client, &peer), ask(&client, &peer));
    let streams = [frames.head().await, frames.head().await, frames.head().await];
    cancelled.abort();
    assert_eq!(frames.next().await, Said::Reset { stream: streams[0], code: CANCEL });
    frames.begin_answer(streams[1], "ha").await;
    drop(soon(dropped).await.unwrap().unwrap());
    assert_eq!(frames.next().await, Said::Reset { stream: streams[1], code: CANCEL });
    assert_eq!(client.stats().leased, 1);
    frames.answer(streams[2]).await;
    answered(other).await;
    peer.assert_idle().await;
    at_rest(&client).await;
}

#[tokio::test]
async fn a_cancelled_upload_resets_its_stream() {
    let peer = Peer::start().await;
    let client = Client::builder().http2_only(true).build_http().unwrap();
    let (writer, body) = channel();
    let asking = tokio::spawn(client.request(http::Request::post(peer.uri("/")).body(body).unwrap()));
    let mut frames = Frames::accept(&peer, 100).await;
    let Said::Head { stream, is_all: false } = frames.next().await else { panic!("no request") };
    writer.send("piece").await;
    assert_eq!(frames.next().await, Said::Data { stream, data: b"piece".to_vec(), is_end: false });
    asking.abort();
    assert_eq!(frames.next().await, Said::Reset { stream, code: CANCEL });
    writer.unwanted().await;
    at_rest(&client).await;
    while frames.next().await != Said::End {}
}

#[tokio::test]
async fn garbage_fails_in_bounded_time() {
    let peer = Peer::start().await;
    let client = client();
    let asking = ask(&client, &peer);
    let babbling = async {
        let mut frames = Frames::accept(&peer, 100).await;
        frames.head().await;
        frames.babble().await;
        while frames.next().await != Said::End {}
    };
    babbling.await;
    let error = soon(asking).await.unwrap().unwrap_err();
    assert!(matches!(error, Error::Exchange(_)), "{error:?}");
    let mut frames = warm(&client, &peer, 100).await;
    at_rest(&client).await;
    while frames.next().await != Said::End {}
}

#[tokio::test]
async fn a_shutdown_says_goodbye() {
    let peer = Peer::start().await;
    let client = client();
    let mut frames = warm(&client, &peer, 100).await;
    soon(client.shutdown()).await;
    assert_eq!(frames.next().await, Said::Goodbye);
    assert_eq!(frames.next().await, Said::End);
}
