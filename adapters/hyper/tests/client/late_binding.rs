//! Late binding: a request takes whichever connection comes first.

use latebind_hyper::{Client, Source};

use crate::support::connectors::Order;
use crate::support::server::answer;
use crate::support::{Gate, GatedConnector, Server, at_rest, fetch, get, soon, source, text, until};

/// The scene of Go's transport: `/foo` holds the only connection, and `/bar`, whose own dial is held up, is answered
/// on it as soon as `/foo` has ended.
#[tokio::test]
async fn a_request_takes_the_connection_that_comes_back_before_its_own_dial() {
    let foo = Gate::new();
    let server = {
        let foo = foo.clone();
        Server::start(move |request, peer| {
            let foo = foo.clone();
            async move {
                if request.uri().path() == "/foo" {
                    foo.pass().await;
                }
                answer(peer.address.to_string())
            }
        })
        .await
    };
    let dial = Gate::new();
    let connector = GatedConnector::new(server.address, [Order::Connect, Order::Hold(dial.clone())]);
    let client = Client::builder().build(connector.clone()).unwrap();

    let on_foo = tokio::spawn(client.request(get(server.uri("/foo"))));
    foo.arrived(1).await;
    let on_bar = tokio::spawn(client.request(get(server.uri("/bar"))));
    dial.arrived(1).await;

    foo.open();
    let on_foo = on_foo.await.unwrap().unwrap();
    assert_eq!(source(&on_foo), Source::OwnDial);
    let foo_came_from = text(on_foo).await;
    let on_bar = soon(on_bar).await.unwrap().unwrap();
    assert_eq!(source(&on_bar), Source::Returned);
    assert_eq!(text(on_bar).await, foo_came_from);
    assert_eq!(server.accepted(), 1);

    // The dial is not wasted: it is parked for whoever comes next.
    dial.open();
    until("both are parked", || client.stats().idle == 2).await;
    assert_eq!(connector.dials(), 2);
    let responses = [fetch(&client, get(server.uri("/1"))), fetch(&client, get(server.uri("/2")))];
    futures_util::future::try_join_all(responses).await.unwrap();
    assert_eq!(connector.dials(), 2);
    at_rest(&client).await;
    server.open(0).await;
}

#[tokio::test]
async fn a_request_takes_a_dial_of_another_that_was_cancelled() {
    let server = Server::echo().await;
    let dial = Gate::new();
    let connector = GatedConnector::new(server.address, [Order::Hold(dial.clone())]);
    let client = Client::builder().build(connector.clone()).unwrap();
    let first = tokio::spawn(client.request(get(server.uri("/first"))));
    dial.arrived(1).await;
    first.abort();
    until("it is cancelled", || client.stats().waiters == 0).await;
    let second = tokio::spawn(client.request(get(server.uri("/second"))));
    until("it waits", || client.stats().waiters == 1).await;
    dial.open();
    let second = soon(second).await.unwrap().unwrap();
    assert_eq!(source(&second), Source::OtherDial);
    assert_eq!(text(second).await, "/second");
    assert_eq!(connector.dials(), 1);
    assert_eq!(server.paths(), ["/second"]);
    at_rest(&client).await;
    server.open(0).await;
}

/// R7: as long as enough dials are left, nobody fails because of one.
#[tokio::test]
async fn no_request_fails_for_a_dial_that_it_does_not_need() {
    let server = Server::echo().await;
    let (first, second) = (Gate::new(), Gate::new());
    let orders = [Order::HoldAndFail(first.clone()), Order::Hold(second.clone())];
    let connector = GatedConnector::new(server.address, orders);
    let client = Client::builder().build(connector.clone()).unwrap();
    let gone = tokio::spawn(client.request(get(server.uri("/gone"))));
    first.arrived(1).await;
    let stays = tokio::spawn(client.request(get(server.uri("/stays"))));
    second.arrived(1).await;
    gone.abort();
    until("it is cancelled", || client.stats().waiters == 1).await;
    first.open();
    until("the first dial has failed", || client.stats().counters.dials_failed == 1).await;
    assert_eq!(client.stats().waiters, 1);
    second.open();
    assert_eq!(text(soon(stays).await.unwrap().unwrap()).await, "/stays");
    at_rest(&client).await;
    server.open(0).await;
}
