//! HTTP/1.1.

use std::sync::Arc;
use std::time::Duration;

use http::{Method, StatusCode};

use crate::asking::{Said, ask, at_rest, bytes, client, crowd, quiet, said, send, soon, until};
use crate::server::{LARGE, Nginx, Speaks, large};

pub(crate) async fn a_connection_is_reused() {
    let nginx = Nginx::start(Speaks::Http1, "");
    let client = client(&nginx);
    let first = ask(&client, &nginx, "/1").await;
    assert_eq!(
        first,
        Said { generation: 1, protocol: "HTTP/1.1".into(), connection: first.connection, nth: 1 }
    );
    for nth in 2..=20 {
        quiet(&client).await;
        let next = ask(&client, &nginx, &format!("/{nth}")).await;
        assert_eq!((next.connection, next.nth), (first.connection, nth));
    }
    assert_eq!(client.stats().counters.dials, 1);
    at_rest(&client).await;
}

pub(crate) async fn bodies_large_small_and_none() {
    bodies(Speaks::Http1).await;
}

/// Of whatever kind a response is, its connection serves the next request.
pub(crate) async fn bodies(speaks: Speaks) {
    let nginx = Nginx::start(speaks, "");
    let client = client(&nginx);
    let first = ask(&client, &nginx, "/first").await.connection;
    let large = large();
    for round in 0..5 {
        quiet(&client).await;
        let response = send(&client, Method::GET, nginx.uri("/files/large"), "").await;
        assert_eq!(response.status(), StatusCode::OK);
        assert!(bytes(response).await == large, "not what the file holds");

        quiet(&client).await;
        let response = send(&client, Method::HEAD, nginx.uri("/files/large"), "").await;
        assert_eq!(response.headers()["content-length"], LARGE.to_string());
        assert!(bytes(response).await.is_empty());

        quiet(&client).await;
        let response = send(&client, Method::GET, nginx.uri("/files/nothing"), "").await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
        assert!(!bytes(response).await.is_empty());

        quiet(&client).await;
        let path = format!("/posted/{round}");
        let response = send(&client, Method::POST, nginx.uri(&path), "a small body").await;
        assert_eq!(said(response, &path).await.connection, first);
    }
    assert_eq!(client.stats().counters.dials, 1);
    at_rest(&client).await;
}

pub(crate) async fn a_connection_serves_as_many_as_it_may() {
    worn_out(Speaks::Http1).await;
}

/// One request after the other: no connection serves fewer than it may, and none is asked for more.
pub(crate) async fn worn_out(speaks: Speaks) {
    let nginx = Nginx::start(speaks, "keepalive_requests 5;");
    let client = client(&nginx);
    for request in 0..25 {
        let said = ask(&client, &nginx, &format!("/{request}")).await;
        assert_eq!(said.nth, request % 5 + 1);
        quiet(&client).await;
        if said.nth == 5 {
            until("a worn out connection is gone", || client.stats().connections() == 0).await;
        }
    }
    assert_eq!(client.stats().counters.opened, 5);
    at_rest(&client).await;
}

pub(crate) async fn worn_out_under_load() {
    let nginx = Arc::new(Nginx::start(Speaks::Http1, "keepalive_requests 5;"));
    let client = client(&nginx);
    crowd(&client, &nginx, 16, 50, 5).await;
    // More only where a dial was overtaken by a connection that came back.
    assert!(client.stats().counters.opened >= 16 * 50 / 5, "{:?}", client.stats());
    at_rest(&client).await;
}

pub(crate) async fn an_idle_connection_that_nginx_closes() {
    let nginx = Nginx::start(Speaks::Http1, "keepalive_timeout 1s;");
    let client = client(&nginx);
    let first = ask(&client, &nginx, "/first").await;
    until("nginx has closed it, and it is forgotten", || client.stats().connections() == 0).await;
    let second = ask(&client, &nginx, "/second").await;
    assert_ne!(first.connection, second.connection);
    assert_eq!(client.stats().counters.opened, 2);
    at_rest(&client).await;
}

/// Callers come back at the very moment at which nginx closes: the request goes out on a connection that is closed
/// already, or about to be.
pub(crate) async fn requests_that_meet_the_close() {
    const KEPT: Duration = Duration::from_millis(20);
    let nginx = Arc::new(Nginx::start(Speaks::Http1, "keepalive_timeout 20ms;"));
    let client = client(&nginx);
    let callers: Vec<_> = (0..16u32)
        .map(|caller| {
            let (client, nginx) = (client.clone(), Arc::clone(&nginx));
            tokio::spawn(async move {
                for round in 0..100 {
                    ask(&client, &nginx, &format!("/{caller}/{round}")).await;
                    // A little earlier, a little later.
                    tokio::time::sleep(KEPT * (95 + round % 10) / 100).await;
                }
            })
        })
        .collect();
    for caller in callers {
        soon(caller).await.unwrap();
    }
    assert!(client.stats().counters.opened > 16, "{:?}", client.stats());
    at_rest(&client).await;
}
