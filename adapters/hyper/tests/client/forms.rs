//! What requests and responses look like on the wire.

use bytes::Bytes;
use http::{Method, Request, Uri, Version};
use http_body_util::{BodyExt, Full};
use latebind_hyper::{Client, Error};

use crate::support::server::channel;
use crate::support::{Peer, at_rest, client, fetch, get, plain, post, soon, source, text, until};

#[tokio::test]
async fn the_host_is_told_and_the_user_is_not() {
    let peer = Peer::start().await;
    let client = client();
    let asking = async {
        fetch(&client, get(format!("http://me:secret@{}/a?b=c", peer.address))).await.unwrap();
        let mut request = get(peer.uri(""));
        request.headers_mut().insert("host", "virtual.test".parse().unwrap());
        fetch(&client, request).await.unwrap();
    };
    let serving = async {
        let mut line = peer.accept().await;
        let head = line.answer("1").await;
        assert_eq!(head, format!("GET /a?b=c HTTP/1.1\r\nhost: {}\r\n\r\n", peer.address));
        assert_eq!(line.answer("2").await, "GET / HTTP/1.1\r\nhost: virtual.test\r\n\r\n");
    };
    tokio::join!(asking, serving);
    at_rest(&client).await;
}

#[tokio::test]
async fn a_forward_proxy_serves_all_hosts_on_its_connections() {
    let peer = Peer::start().await;
    let proxy: Uri = peer.uri("/").parse().unwrap();
    let client =
        plain(Client::builder().proxy(move |uri| (uri.host() != Some("direct.test")).then(|| proxy.clone())));
    let asking = async {
        fetch(&client, get("http://one.test/a")).await.unwrap();
        fetch(&client, get("http://me:secret@two.test:81/b?c")).await.unwrap();
    };
    let serving = async {
        let mut line = peer.accept().await;
        let head = line.answer("1").await;
        assert_eq!(head, "GET http://one.test/a HTTP/1.1\r\nhost: one.test\r\n\r\n");
        let head = line.answer("2").await;
        assert_eq!(head, "GET http://two.test:81/b?c HTTP/1.1\r\nhost: two.test:81\r\n\r\n");
    };
    tokio::join!(asking, serving);
    assert_eq!(client.stats().counters.opened, 1);
    peer.assert_idle().await;
    at_rest(&client).await;
}

/// A proxy and a server of the same name have nothing in common.
#[tokio::test]
async fn a_proxys_connections_are_not_those_of_its_own_origin() {
    let peer = Peer::start().await;
    let proxy: Uri = peer.uri("/").parse().unwrap();
    let client =
        plain(Client::builder().proxy(move |uri| (uri.host() == Some("far.test")).then(|| proxy.clone())));
    let asking = async {
        fetch(&client, get("http://far.test/")).await.unwrap();
        fetch(&client, get(peer.uri("/"))).await.unwrap();
    };
    let serving = async {
        let mut proxied = peer.accept().await;
        assert!(proxied.answer("1").await.starts_with("GET http://far.test/ "));
        let mut direct = peer.accept().await;
        assert!(direct.answer("2").await.starts_with("GET / "));
        (proxied, direct)
    };
    let ((), _lines) = tokio::join!(asking, serving);
    at_rest(&client).await;
}

/// Each of these responses ends with its head, so that the next request comes on the same connection.
#[tokio::test]
async fn responses_without_a_body() {
    let peer = Peer::start().await;
    let client = client();
    let responses = [
        (Method::HEAD, "200 OK", "content-length: 1000\r\n"),
        (Method::GET, "204 No Content", ""),
        (Method::GET, "304 Not Modified", "content-length: 1000\r\n"),
        (Method::GET, "200 OK", "content-length: 0\r\n"),
    ];
    let asking = async {
        for (method, ..) in &responses {
            let mut request = get(peer.uri("/"));
            *request.method_mut() = method.clone();
            let response = soon(client.request(request)).await.unwrap();
            // It is back before anybody has looked at the body.
            until("it is parked", || client.stats().idle == 1).await;
            assert_eq!(text(response).await, "");
        }
    };
    let serving = async {
        let mut line = peer.accept().await;
        for (_, status, headers) in &responses {
            line.head().await;
            line.say(format!("HTTP/1.1 {status}\r\n{headers}\r\n")).await;
        }
        line
    };
    let ((), _line) = tokio::join!(asking, serving);
    assert_eq!(client.stats().counters.opened, 1);
    at_rest(&client).await;
}

#[tokio::test]
async fn answers_on_the_way_come_before_the_answer() {
    let peer = Peer::start().await;
    let client = client();
    let asking = async {
        let mut request = post(peer.uri("/"), "body");
        request.headers_mut().insert("expect", "100-continue".parse().unwrap());
        assert_eq!(fetch(&client, request).await.unwrap(), "final");
    };
    let serving = async {
        let mut line = peer.accept().await;
        line.head().await;
        line.say("HTTP/1.1 100 Continue\r\n\r\n").await;
        line.say("HTTP/1.1 103 Early Hints\r\nlink: </style.css>\r\n\r\n").await;
        assert_eq!(line.bytes(4).await, b"body");
        line.say("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nfinal").await;
        line
    };
    let ((), _line) = tokio::join!(asking, serving);
    until("it is parked", || client.stats().idle == 1).await;
    at_rest(&client).await;
}

#[tokio::test]
async fn chunks_and_trailers_both_ways() {
    let peer = Peer::start().await;
    let client = Client::builder().build_http().unwrap();
    let (writer, body) = channel();
    let asking = tokio::spawn(client.request(Request::post(peer.uri("/")).body(body).unwrap()));
    let mut line = peer.accept().await;
    assert!(line.head().await.contains("transfer-encoding: chunked\r\n"));
    writer.send("one").await;
    writer.send("two!").await;
    drop(writer);
    assert_eq!(line.bytes(22).await, b"3\r\none\r\n4\r\ntwo!\r\n0\r\n\r\n"[..22].to_vec());
    line.say("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: sum\r\n\r\n2\r\nha\r\n2\r\nlf\r\n0\r\nsum: 42\r\n\r\n")
        .await;
    let response = soon(asking).await.unwrap().unwrap();
    let read = soon(response.into_body().collect()).await.unwrap();
    assert_eq!(read.trailers().unwrap()["sum"], "42");
    assert_eq!(read.to_bytes(), "half");
    until("it is parked", || client.stats().idle == 1).await;
    at_rest(&client).await;
}

#[tokio::test]
async fn a_server_of_http_1_0() {
    let peer = Peer::start().await;
    let client = client();
    let asking = async {
        assert_eq!(fetch(&client, get(peer.uri("/"))).await.unwrap(), "until the end");
        assert_eq!(fetch(&client, get(peer.uri("/"))).await.unwrap(), "kept");
        let response = soon(client.request(get(peer.uri("/")))).await.unwrap();
        assert_eq!(source(&response), latebind_hyper::Source::Idle);
        assert_eq!(response.version(), Version::HTTP_10);
        assert_eq!(text(response).await, "kept");
    };
    let serving = async {
        let mut line = peer.accept().await;
        line.head().await;
        line.say("HTTP/1.0 200 OK\r\n\r\nuntil the end").await;
        drop(line);
        let mut line = peer.accept().await;
        for _ in 0..2 {
            line.head().await;
            line.say("HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 4\r\n\r\nkept").await;
        }
        line
    };
    let ((), _line) = tokio::join!(asking, serving);
    at_rest(&client).await;
}

#[tokio::test]
async fn a_body_that_fails_costs_its_connection_and_nothing_else() {
    let peer = Peer::start().await;
    let client = Client::builder().build_http().unwrap();
    let (writer, body) = channel();
    let asking = tokio::spawn(client.request(Request::post(peer.uri("/")).body(body).unwrap()));
    let mut line = peer.accept().await;
    line.head().await;
    writer.fail().await;
    let error = soon(asking).await.unwrap().unwrap_err();
    assert!(matches!(&error, Error::Exchange(error) if error.is_user()), "{error:?}");
    line.closed().await;
    let (writer, body) = channel();
    drop(writer);
    let next = async { peer.accept().await.answer("next").await };
    let request = Request::get(peer.uri("/")).body(body).unwrap();
    assert_eq!(tokio::join!(fetch(&client, request), next).0.unwrap(), "next");
    at_rest(&client).await;
}

/// As tower sees it.
#[tokio::test]
async fn the_client_is_a_service_that_layers_go_around() {
    use tower::{Service, ServiceBuilder, ServiceExt};

    let peer = Peer::start().await;
    let client = client();
    let mut service = ServiceBuilder::new()
        .concurrency_limit(1)
        .map_request(|mut request: Request<Full<Bytes>>| {
            request.headers_mut().insert("user-agent", "layered".parse().unwrap());
            request
        })
        .service(client.clone());
    let asking = async {
        let response = service.ready().await.unwrap().call(get(peer.uri("/"))).await.unwrap();
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "done");
    };
    let serving =
        async { assert!(peer.accept().await.answer("done").await.contains("user-agent: layered\r\n")) };
    tokio::join!(asking, serving);
    at_rest(&client).await;
}
