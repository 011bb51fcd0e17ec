//! Requests that nobody could send.

use bytes::Bytes;
use http::{Method, Request, Version};
use http_body_util::Full;
use latebind_hyper::{Error, RequestMisuse};

use crate::support::{Server, at_rest, client, fetch, get, soon};

#[tokio::test]
async fn they_fail_at_once_and_cost_nothing() {
    let client = client();
    let request = |uri: &str| Request::get(uri).body(Full::<Bytes>::default()).unwrap();
    let mut connect = request("http://host.test/");
    *connect.method_mut() = Method::CONNECT;
    let mut version = request("http://host.test/");
    *version.version_mut() = Version::HTTP_3;
    for (request, misuse) in [
        (request("/path"), RequestMisuse::RelativeUri),
        (request("ftp://host.test/"), RequestMisuse::Scheme("ftp".parse().unwrap())),
        (connect, RequestMisuse::Connect),
        (version, RequestMisuse::Version(Version::HTTP_3)),
    ] {
        match soon(client.request(request)).await {
            Err(Error::Request(found)) => assert_eq!(found, misuse),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(client.stats().counters.requests, 0);
    at_rest(&client).await;
}

/// HTTP/2 was asked for, and this connection speaks HTTP/1.1: it serves others.
#[tokio::test]
async fn a_version_that_the_connection_does_not_speak_leaves_it_alone() {
    let server = Server::echo().await;
    let client = client();
    let mut request = get(server.uri("/"));
    *request.version_mut() = Version::HTTP_2;
    let error = soon(client.request(request)).await.unwrap_err();
    assert!(matches!(error, Error::Request(RequestMisuse::Version(Version::HTTP_2))), "{error:?}");
    assert_eq!(fetch(&client, get(server.uri("/next"))).await.unwrap(), "/next");
    assert_eq!((server.accepted(), server.requests()), (1, 1));
    at_rest(&client).await;
    server.open(0).await;
}
