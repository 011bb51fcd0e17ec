//! Connections for few of those who want one, and for few of the hosts: whatever requests, peers and callers do, nobody
//! waits for ever, and a shutdown in the middle ends.

use std::sync::Arc;
use std::time::Duration;

use http::Request;
use http_body_util::BodyExt;
use latebind_hyper::{Builder, Client, HttpConnector};
use tokio::time::timeout;

use crate::support::server::{ChannelBody, answer, channel};
use crate::support::{LONG, Random, Server, at_rest, soon, until};

const HOSTS: usize = 5;
const TASKS: u64 = 100;
const ROUNDS: u64 = 10;

type Uploading = Client<HttpConnector, ChannelBody>;

/// Answers some requests without reading them.
async fn host() -> Server {
    Server::start(|request, _| async move {
        let number: usize = request.uri().path().bytes().map(usize::from).sum();
        if number.is_multiple_of(7) {
            return answer("early");
        }
        // It may be broken off.
        let _ = request.into_body().collect().await;
        answer("x".repeat(number * 37 % 100_000))
    })
    .await
}

/// One upload in pieces, which may never end by itself; its answer may be read, or not to its end.
async fn one(client: &Uploading, uri: String, random: &mut Random) {
    let (writer, body) = channel();
    let pieces = random.below(4);
    let is_endless = random.below(15) == 0;
    let writing = tokio::spawn(async move {
        for _ in 0..pieces {
            if !writer.send(vec![0; 5000]).await {
                return;
            }
        }
        if is_endless {
            writer.unwanted().await;
        }
    });
    let asking = client.request(Request::post(uri).body(body).unwrap());
    let patience = if is_endless { Duration::from_millis(100) } else { LONG };
    match timeout(patience, asking).await {
        Ok(Ok(response)) => {
            let mut body = response.into_body();
            if random.below(5) == 0 {
                let _ = soon(body.frame()).await;
            } else {
                let _ = soon(body.collect()).await;
            }
        }
        // A server has ended its connection, or the client is shut down.
        Ok(Err(_)) => {}
        Err(_) => assert!(is_endless, "a request hangs"),
    }
    soon(writing).await.unwrap();
}

async fn storm(builder: Builder, is_shut_down: bool) {
    let mut hosts = Vec::new();
    for _ in 0..HOSTS {
        hosts.push(host().await);
    }
    let hosts = Arc::new(hosts);
    let config = Builder::default_config().max_connections(3).max_connections_per_key(2);
    let client: Uploading = builder.config(config).build_http().unwrap();
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let (client, hosts) = (client.clone(), Arc::clone(&hosts));
            tokio::spawn(async move {
                let mut random = Random::new(task + 1);
                for round in 0..ROUNDS {
                    match random.below(100) {
                        0 => client.close_idle(),
                        1 => hosts[random.below(HOSTS)].end_gracefully(),
                        2 => hosts[random.below(HOSTS)].end_abruptly(),
                        _ => {}
                    }
                    let uri = hosts[random.below(HOSTS)].uri(&format!("/{task}/{round}"));
                    one(&client, uri, &mut random).await;
                    assert!(client.stats().connections() <= 3);
                }
            })
        })
        .collect();
    if is_shut_down {
        until("half of it is done", || client.stats().counters.requests >= TASKS * ROUNDS / 2).await;
        soon(client.shutdown()).await;
    }
    for task in tasks {
        task.await.unwrap();
    }
    at_rest(&client).await;
    for host in hosts.iter() {
        host.open(0).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn http1() {
    storm(Client::builder(), false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn http2() {
    storm(Client::builder().http2_only(true), false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn http1_and_a_shutdown() {
    storm(Client::builder(), true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn http2_and_a_shutdown() {
    storm(Client::builder().http2_only(true), true).await;
}
