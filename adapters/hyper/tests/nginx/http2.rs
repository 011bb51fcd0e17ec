//! HTTP/2 over TLS, agreed on by ALPN.

use std::sync::Arc;

use futures_util::future::join_all;

use crate::asking::{ask, at_rest, client, crowd};
use crate::http1::{bodies, worn_out};
use crate::server::{Nginx, Speaks};

pub(crate) async fn many_requests_share_one_connection() {
    let nginx = Nginx::start(Speaks::Http2, "");
    let client = client(&nginx);
    let first = ask(&client, &nginx, "/first").await;
    assert_eq!(first.protocol, "HTTP/2.0");
    let paths: Vec<_> = (0..100).map(|request| format!("/{request}")).collect();
    for said in join_all(paths.iter().map(|path| ask(&client, &nginx, path))).await {
        assert_eq!(said.connection, first.connection);
    }
    assert_eq!(client.stats().counters.dials, 1);
    at_rest(&client).await;
}

pub(crate) async fn bodies_large_small_and_none() {
    bodies(Speaks::Http2).await;
}

/// Cold and warm, nginx allows fewer streams than there are callers.
pub(crate) async fn more_requests_than_streams() {
    let nginx = Arc::new(Nginx::start(Speaks::Http2, "http2_max_concurrent_streams 4;"));
    let client = client(&nginx);
    crowd(&client, &nginx, 40, 20, u64::MAX).await;
    at_rest(&client).await;
}

pub(crate) async fn a_connection_serves_as_many_as_it_may() {
    worn_out(Speaks::Http2).await;
}

/// nginx says goodbye (GOAWAY) with every fifth request, and does not look at those that come after it.
pub(crate) async fn worn_out_under_load() {
    let nginx = Arc::new(Nginx::start(Speaks::Http2, "keepalive_requests 5;"));
    let client = client(&nginx);
    crowd(&client, &nginx, 16, 50, 5).await;
    assert!(client.stats().counters.opened >= 16 * 50 / 5, "{:?}", client.stats());
    at_rest(&client).await;
}
