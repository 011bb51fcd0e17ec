//! Requests that are dropped, at each point of their way.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use http_body_util::BodyExt;
use latebind_hyper::{Client, Source};

use crate::support::connectors::Order;
use crate::support::server::answer;
use crate::support::{
    Gate, GatedConnector, Peer, Server, at_rest, client, fetch, get, plain, soon, source, text, until,
};

/// Holds up `/held`.
async fn holding(gate: &Gate) -> Server {
    let gate = gate.clone();
    Server::start(move |request, _| {
        let gate = gate.clone();
        async move {
            if request.uri().path() == "/held" {
                gate.pass().await;
            }
            answer(request.uri().path().to_owned())
        }
    })
    .await
}

#[tokio::test]
async fn before_its_first_poll() {
    let client = client();
    drop(client.request(get("http://nonexistent.invalid/")));
    assert_eq!(client.stats().counters.requests, 0);
    at_rest(&client).await;
}

#[tokio::test]
async fn while_it_waits_for_a_connection() {
    let gate = Gate::new();
    let server = holding(&gate).await;
    let client = plain(Client::builder().max_connections_per_host(1));
    let first = tokio::spawn(client.request(get(server.uri("/held"))));
    gate.arrived(1).await;
    let second = tokio::spawn(client.request(get(server.uri("/dropped"))));
    until("it waits", || client.stats().waiters == 1).await;
    let third = tokio::spawn(client.request(get(server.uri("/third"))));
    until("it waits", || client.stats().waiters == 2).await;
    second.abort();
    until("it is gone", || client.stats().waiters == 1).await;
    gate.open();
    text(soon(first).await.unwrap().unwrap()).await;
    let third = soon(third).await.unwrap().unwrap();
    assert_eq!(source(&third), Source::Returned);
    assert_eq!(text(third).await, "/third");
    assert_eq!(server.paths(), ["/held", "/third"]);
    at_rest(&client).await;
    server.open(0).await;
}

#[tokio::test]
async fn while_its_dial_goes_on() {
    let server = Server::echo().await;
    let gate = Gate::new();
    let connector = GatedConnector::new(server.address, [Order::Hold(gate.clone())]);
    let client = Client::builder().build(connector.clone()).unwrap();
    let dropped = tokio::spawn(client.request(get(server.uri("/dropped"))));
    gate.arrived(1).await;
    dropped.abort();
    gate.open();
    until("its connection is parked", || client.stats().idle == 1).await;
    let next = soon(client.request(get(server.uri("/next")))).await.unwrap();
    assert_eq!(source(&next), Source::Idle);
    assert_eq!(text(next).await, "/next");
    assert_eq!(connector.dials(), 1);
    at_rest(&client).await;
    server.open(0).await;
}

#[tokio::test]
async fn while_it_waits_for_the_response_which_costs_the_connection() {
    let gate = Gate::new();
    let server = holding(&gate).await;
    let client = plain(Client::builder().max_connections_per_host(1));
    let dropped = tokio::spawn(client.request(get(server.uri("/held"))));
    gate.arrived(1).await;
    let next = tokio::spawn(client.request(get(server.uri("/next"))));
    until("it waits", || client.stats().waiters == 1).await;
    dropped.abort();
    assert_eq!(text(soon(next).await.unwrap().unwrap()).await, "/next");
    assert_eq!(server.accepted(), 2);
    gate.open();
    server.open(1).await;
    at_rest(&client).await;
    server.open(0).await;
}

#[tokio::test]
async fn while_it_reads_the_body_which_costs_the_connection_if_that_is_slow() {
    let peer = Peer::start().await;
    let client = plain(Client::builder().max_connections_per_host(1));
    let asking = tokio::spawn(client.request(get(peer.uri("/slow"))));
    let mut line = peer.accept().await;
    line.head().await;
    line.say("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nha").await;
    let mut body = soon(asking).await.unwrap().unwrap().into_body();
    assert_eq!(soon(body.frame()).await.unwrap().unwrap().into_data().unwrap(), "ha");
    let next = tokio::spawn(fetch_owned(&client, peer.uri("/next")));
    until("it waits", || client.stats().waiters == 1).await;
    drop(body);
    line.closed().await;
    peer.accept().await.answer("next").await;
    assert_eq!(soon(next).await.unwrap(), "next");
    at_rest(&client).await;
}

fn fetch_owned(client: &crate::support::Plain, uri: String) -> impl Future<Output = String> + use<> {
    let client = client.clone();
    async move { fetch(&client, get(uri)).await.unwrap() }
}

#[tokio::test]
async fn with_the_last_handle_of_the_client_while_a_response_is_read() {
    let peer = Peer::start().await;
    let client = client();
    let asking = tokio::spawn(client.request(get(peer.uri("/"))));
    let mut line = peer.accept().await;
    line.head().await;
    line.say("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nha").await;
    let body = soon(asking).await.unwrap().unwrap().into_body();
    // A5: the response goes on, and its connection closes after it.
    drop(client);
    line.say("lf").await;
    assert_eq!(soon(body.collect()).await.unwrap().to_bytes(), "half");
    line.closed().await;
}

/// Bodies may be read, timed out and dropped outside of any runtime.
#[test]
fn on_a_thread_without_a_runtime() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (server, client) = runtime.block_on(async {
        let server = Server::start(|request, _| async move {
            answer(if request.uri().path() == "/long" { vec![b'x'; 1 << 20] } else { b"short".to_vec() })
        })
        .await;
        (server, client())
    });
    block_on(async {
        for (path, length) in [("/short", 5), ("/long", 1 << 20)] {
            let response = client.request(get(server.uri(path))).await.unwrap();
            assert_eq!(response.into_body().collect().await.unwrap().to_bytes().len(), length);
            drop(client.request(get(server.uri(path))).await.unwrap());
        }
    });
    runtime.block_on(async {
        at_rest(&client).await;
        server.open(0).await;
    });
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(std::thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => std::thread::park(),
        }
    }
}
