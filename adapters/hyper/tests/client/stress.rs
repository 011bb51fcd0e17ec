//! Many tasks at once that cancel now and then, and a server that closes now and then: each answer belongs to its own
//! request, nothing is counted wrong, and all is at rest in the end.

use std::sync::Arc;

use http_body_util::BodyExt;
use latebind_hyper::{Builder, Client, Error};

use crate::support::server::answer;
use crate::support::{Plain, Random, Server, at_rest, get, plain, soon, until};

const TASKS: u64 = 200;
const ROUNDS: u64 = 30;
const PER_HOST: u32 = 20;

/// Answers with the path, sometimes at length; every so often it has the connection closed.
async fn server() -> Server {
    Server::start(|request, _| async move {
        let path = request.uri().path().to_owned();
        let mut random = Random::new(path.bytes().map(u64::from).sum());
        let mut response = answer(path.repeat(1 + random.below(2000)));
        if request.version() < http::Version::HTTP_2 && random.below(20) == 0 {
            response.headers_mut().insert("connection", "close".parse().unwrap());
        }
        response
    })
    .await
}

/// One request; whether it was answered.
async fn one(client: &Plain, server: &Server, path: &str, random: &mut Random) -> bool {
    let asking = client.request(get(server.uri(path)));
    let response = match random.below(10) {
        // Cancelled somewhere on its way.
        0 => {
            let patience = random.below(20);
            tokio::select! {
                biased;
                response = asking => response,
                () = turns(patience) => return false,
            }
        }
        _ => soon(asking).await,
    };
    let mut body = match response {
        Ok(response) => response.into_body(),
        Err(error) => {
            // The server has ended a new connection at once, before or after the request was sent.
            assert!(
                matches!(error, Error::Exchange(_) | Error::Connection(latebind_tokio::Error::Dial(_))),
                "{error:?}"
            );
            return false;
        }
    };
    if random.below(10) == 0 {
        // Dropped before its end.
        let _ = soon(body.frame()).await;
        return false;
    }
    match soon(body.collect()).await {
        Ok(read) => {
            let text = String::from_utf8(read.to_bytes().to_vec()).unwrap();
            assert_eq!(text.len() % path.len(), 0);
            assert!(text.starts_with(path) && text.ends_with(path), "{path} was answered with {text}");
            true
        }
        // The server has ended abruptly.
        Err(_) => false,
    }
}

async fn turns(count: usize) {
    for _ in 0..count {
        tokio::task::yield_now().await;
    }
}

async fn storm(builder: Builder, per_host: u32) {
    let server = Arc::new(server().await);
    let client = plain(builder.config(Builder::default_config().max_connections_per_key(per_host)));
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let (client, server) = (client.clone(), Arc::clone(&server));
            tokio::spawn(async move {
                let mut random = Random::new(task + 1);
                let mut answered = 0;
                for round in 0..ROUNDS {
                    answered +=
                        u64::from(one(&client, &server, &format!("/{task}/{round}/"), &mut random).await);
                    assert!(client.stats().connections() <= per_host);
                    if task % 50 == 0 && round % 10 == 5 {
                        if task == 0 { server.end_abruptly() } else { server.end_gracefully() }
                    }
                }
                answered
            })
        })
        .collect();
    let mut answered = 0;
    for task in tasks {
        answered += task.await.unwrap();
    }
    // About one in five was cancelled or dropped; few were lost with their connections.
    assert!(answered > TASKS * ROUNDS / 2, "{answered} answers");
    let counters = client.stats().counters;
    let delivered = counters.delivered.total();
    assert_eq!(counters.requests, delivered + counters.cancelled + counters.failed, "{counters:?}");
    at_rest(&client).await;
    let counters = client.stats().counters;
    // A dial fails if the server closes before the connection is ready. One that was stopped counts as failed as well,
    // and may have come as far as the server or not.
    let dials = counters.opened + counters.dials_failed;
    let accepted = || u64::try_from(server.accepted()).unwrap();
    until("the server has seen each dial that was not stopped", || {
        accepted() >= dials - counters.dials_cancelled
    })
    .await;
    server.open(0).await;
    assert!(accepted() <= dials, "{} accepted, {counters:?}", accepted());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn http1() {
    storm(Client::builder(), PER_HOST).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn http2() {
    storm(Client::builder().http2_only(true), 4).await;
}
