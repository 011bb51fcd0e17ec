//! Limits of connections, in use and idle.

use std::time::Duration;

use futures_util::future::join_all;
use latebind_hyper::{Builder, Client, Error, Source};
use tokio::sync::mpsc;
use tokio::time::{Instant, advance};

use crate::support::connectors::Pipes;
use crate::support::peer::Line;
use crate::support::server::answer;
use crate::support::{Gate, Plain, Server, at_rest, fetch, get, plain, soon, source, text, until};

/// Answers with the number of the connection, once the gate is open.
async fn gated(gate: &Gate) -> Server {
    let gate = gate.clone();
    Server::start(move |_, peer| {
        let gate = gate.clone();
        async move {
            gate.pass().await;
            answer(peer.connection.to_string())
        }
    })
    .await
}

/// So many connections, all idle.
async fn warmed(client: &Plain, server: &Server, gate: &Gate, count: usize) {
    let uri = server.uri("/");
    let all = tokio::spawn(join_all((0..count).map(|_| client.request(get(&uri)))));
    gate.arrived(count).await;
    gate.open();
    let responses = soon(all).await.unwrap();
    join_all(responses.into_iter().map(|response| text(response.unwrap()))).await;
}

#[tokio::test]
async fn requests_beyond_the_connections_of_a_host_are_served_in_their_order() {
    let gate = Gate::new();
    let server = gated(&gate).await;
    let client = plain(Client::builder().max_connections_per_host(1));
    let (sender, mut order) = mpsc::unbounded_channel();
    for number in 0..10 {
        let asking = client.request(get(server.uri(&format!("/{number}"))));
        let sender = sender.clone();
        tokio::spawn(async move {
            let response = asking.await.unwrap();
            let source = source(&response);
            text(response).await;
            sender.send((number, source)).unwrap();
        });
        until("it has asked", || client.stats().counters.requests == number + 1).await;
    }
    gate.open();
    for number in 0..10 {
        let (next, source) = soon(order.recv()).await.unwrap();
        assert_eq!(next, number);
        assert_eq!(source, if number == 0 { Source::OwnDial } else { Source::Returned });
    }
    assert_eq!(server.accepted(), 1);
    assert_eq!(server.paths(), (0..10).map(|number| format!("/{number}")).collect::<Vec<_>>());
    at_rest(&client).await;
    server.open(0).await;
}

#[tokio::test]
async fn no_more_are_kept_idle_for_a_host_than_the_limit_says() {
    let gate = Gate::new();
    let server = gated(&gate).await;
    let client = plain(Client::builder().max_idle_per_host(2));
    warmed(&client, &server, &gate, 5).await;
    server.open(2).await;
    assert_eq!(client.stats().idle, 2);
    assert_eq!(server.accepted(), 5);
    at_rest(&client).await;
    server.open(0).await;
}

#[tokio::test]
async fn no_more_are_kept_idle_in_all_than_the_limit_says() {
    let (one, other) = (Gate::new(), Gate::new());
    let (first, second) = (gated(&one).await, gated(&other).await);
    let client = plain(Client::builder().config(Builder::default_config().max_idle(3)));
    warmed(&client, &first, &one, 2).await;
    warmed(&client, &second, &other, 2).await;
    // The longest idle one goes.
    first.open(1).await;
    second.open(2).await;
    assert_eq!(client.stats().idle, 3);
    at_rest(&client).await;
    first.open(0).await;
    second.open(0).await;
}

#[tokio::test]
async fn an_idle_connection_gives_way_to_another_host() {
    let (first, second) = (Server::echo().await, Server::echo().await);
    let client = plain(Client::builder().config(Builder::default_config().max_connections(1)));
    for server in [&first, &second, &first] {
        assert_eq!(fetch(&client, get(server.uri("/in-turn"))).await.unwrap(), "/in-turn");
    }
    assert_eq!((first.accepted(), second.accepted()), (2, 1));
    at_rest(&client).await;
    first.open(0).await;
}

#[tokio::test]
async fn close_idle_closes_those_and_leaves_the_others() {
    let gate = Gate::new();
    let held = Gate::new();
    let server = {
        let (gate, held) = (gate.clone(), held.clone());
        Server::start(move |request, _| {
            let (gate, held) = (gate.clone(), held.clone());
            async move {
                let is_held = request.uri().path() == "/held";
                if is_held {
                    held.pass().await;
                } else {
                    gate.pass().await;
                }
                answer("done")
            }
        })
        .await
    };
    let client = plain(Client::builder());
    let in_use = tokio::spawn(client.request(get(server.uri("/held"))));
    held.arrived(1).await;
    warmed(&client, &server, &gate, 2).await;
    server.open(3).await;
    client.close_idle();
    server.open(1).await;
    held.open();
    assert_eq!(text(soon(in_use).await.unwrap().unwrap()).await, "done");
    server.open(1).await;
    at_rest(&client).await;
    server.open(0).await;
}

#[tokio::test]
async fn preconnected_connections_are_there_for_a_burst() {
    let gate = Gate::new();
    let server = gated(&gate).await;
    let client = plain(Client::builder());
    let origin = latebind_hyper::Origin::of(&server.uri("/").parse().unwrap()).unwrap();
    client.preconnect(&origin, 3);
    server.open(3).await;
    until("they are parked", || client.origin_stats(&origin).idle == 3).await;
    warmed(&client, &server, &gate, 3).await;
    assert_eq!(server.accepted(), 3);
    at_rest(&client).await;
    server.open(0).await;
}

#[tokio::test]
async fn a_floor_is_kept_beside_what_is_in_use_until_it_is_taken_back() {
    let gate = Gate::new();
    let server = gated(&gate).await;
    let client = plain(Client::builder());
    let origin = latebind_hyper::Origin::of(&server.uri("/").parse().unwrap()).unwrap();
    client.keep(&origin, 1);
    until("one is parked", || client.origin_stats(&origin).idle == 1).await;
    warmed(&client, &server, &gate, 2).await;
    until("one is parked beside the two", || client.origin_stats(&origin).idle == 3).await;
    client.close_idle();
    until("it is dialed anew", || server.accepted() == 4 && client.origin_stats(&origin).idle == 1).await;
    client.keep(&origin, 0);
    client.close_idle();
    server.open(0).await;
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_closes_after_its_timeout() {
    let (connector, mut pipes) = Pipes::new();
    let config = Builder::default_config().idle_timeout(Duration::from_secs(90));
    let client: Client<_, _> = Client::builder().config(config).build(connector).unwrap();
    let asking = tokio::spawn(client.request(get("http://host.test/")));
    let mut line = Line(soon(pipes.recv()).await.unwrap());
    line.answer("done").await;
    assert_eq!(text(asking.await.unwrap().unwrap()).await, "done");
    let parked = Instant::now();
    advance(Duration::from_secs(89)).await;
    assert_eq!(client.stats().idle, 1);
    line.closed().await;
    assert!(parked.elapsed() < Duration::from_secs(91), "{:?}", parked.elapsed());
    until("it is gone", || client.stats().connections() == 0).await;
    at_rest(&client).await;
}

#[tokio::test]
async fn a_request_fails_that_would_be_one_waiter_too_many() {
    let gate = Gate::new();
    let server = gated(&gate).await;
    let config = Builder::default_config().max_connections(1).max_waiters(1);
    let client = plain(Client::builder().config(config));
    let first = tokio::spawn(client.request(get(server.uri("/"))));
    gate.arrived(1).await;
    let second = tokio::spawn(client.request(get(server.uri("/"))));
    until("it waits", || client.stats().waiters == 1).await;
    let error = soon(client.request(get(server.uri("/")))).await.unwrap_err();
    assert!(matches!(&error, Error::Connection(latebind_tokio::Error::TooManyWaiters(_))), "{error:?}");
    gate.open();
    text(soon(first).await.unwrap().unwrap()).await;
    text(soon(second).await.unwrap().unwrap()).await;
    at_rest(&client).await;
    server.open(0).await;
}
