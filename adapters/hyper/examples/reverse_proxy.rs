//! A small reverse proxy: bodies are streamed both ways, and upgrades (WebSocket and the like) are passed through.

use std::convert::Infallible;
use std::error::Error;
use std::net::SocketAddr;

use bytes::Bytes;
use http::header::{CONNECTION, HeaderMap, HeaderName, HeaderValue, TE, TRAILER, TRANSFER_ENCODING, UPGRADE};
use http::uri::{Authority, Scheme};
use http::{Request, Response, StatusCode, Uri, Version};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use latebind_hyper::{Client, HttpConnector};
use tokio::net::TcpListener;

const HELP: &str = "reverse_proxy [LISTEN BACKEND]

Passes what comes to LISTEN on to BACKEND, such as: reverse_proxy 127.0.0.1:8080 127.0.0.1:3000
Without arguments, has a backend of its own, sends some requests through, and ends.";

type BoxError = Box<dyn Error + Send + Sync>;
type Body = BoxBody<Bytes, BoxError>;
type Backend = Client<HttpConnector, Incoming>;

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [listen, backend] => serve(TcpListener::bind(listen.as_str()).await?, backend.parse()?).await,
        [] => demo().await,
        _ => {
            println!("{HELP}");
            Ok(())
        }
    }
}

async fn serve(listener: TcpListener, backend: Authority) -> Result<(), BoxError> {
    let client = Client::builder().max_connections_per_host(64).build_http()?;
    loop {
        let (stream, peer) = listener.accept().await?;
        let (client, backend) = (client.clone(), backend.clone());
        let service = service_fn(move |request| {
            let (client, backend) = (client.clone(), backend.clone());
            async move { Ok::<_, Infallible>(pass(&client, &backend, peer, request).await) }
        });
        let http = hyper::server::conn::http1::Builder::new();
        let connection = http.serve_connection(TokioIo::new(stream), service).with_upgrades();
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                eprintln!("{peer}: {error}");
            }
        });
    }
}

/// Passes one request on, and its response back.
async fn pass(
    client: &Backend,
    backend: &Authority,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> Response<Body> {
    match try_pass(client, backend, peer, request).await {
        Ok(response) => response,
        Err(error) => {
            let is_late =
                error.downcast_ref::<latebind_hyper::Error>().is_some_and(latebind_hyper::Error::is_timeout);
            let mut response = Response::new(text(format!("{error}\n")));
            *response.status_mut() =
                if is_late { StatusCode::GATEWAY_TIMEOUT } else { StatusCode::BAD_GATEWAY };
            response
        }
    }
}

async fn try_pass(
    client: &Backend,
    backend: &Authority,
    peer: SocketAddr,
    mut request: Request<Incoming>,
) -> Result<Response<Body>, BoxError> {
    let mut parts = std::mem::take(request.uri_mut()).into_parts();
    parts.scheme = Some(Scheme::HTTP);
    parts.authority = Some(backend.clone());
    parts.path_and_query.get_or_insert_with(|| "/".parse().expect("it is a path"));
    *request.uri_mut() = Uri::from_parts(parts)?;
    *request.version_mut() = Version::HTTP_11;

    let protocol = take_hop_by_hop(request.headers_mut());
    request.headers_mut().append("x-forwarded-for", HeaderValue::from_str(&peer.ip().to_string())?);
    let before = protocol.as_ref().map(|_| hyper::upgrade::on(&mut request));
    ask_for(request.headers_mut(), protocol);

    let mut response = client.request(request).await?;
    let protocol = take_hop_by_hop(response.headers_mut());
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        let before = before.ok_or("the backend upgrades what nobody has asked to be")?;
        let behind = hyper::upgrade::on(&mut response);
        ask_for(response.headers_mut(), protocol);
        tokio::spawn(async move {
            if let Err(error) = connect(before, behind).await {
                eprintln!("{peer}: {error}");
            }
        });
    }
    Ok(response.map(|body| body.map_err(Into::into).boxed()))
}

/// Bytes flow both ways until both sides have ended.
async fn connect(
    before: hyper::upgrade::OnUpgrade,
    behind: hyper::upgrade::OnUpgrade,
) -> Result<(), BoxError> {
    let (before, behind) = tokio::try_join!(before, behind)?;
    tokio::io::copy_bidirectional(&mut TokioIo::new(before), &mut TokioIo::new(behind)).await?;
    Ok(())
}

/// Takes away what concerns one connection only (RFC 9110, 7.6.1); the protocol that an upgrade is to, if there is one.
fn take_hop_by_hop(headers: &mut HeaderMap) -> Option<HeaderValue> {
    let named: Vec<_> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse::<HeaderName>().ok())
        .collect();
    let is_upgrade = named.contains(&UPGRADE);
    let protocol = headers.remove(UPGRADE).filter(|_| is_upgrade);
    let fixed = ["keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection"];
    let fixed = fixed.into_iter().map(HeaderName::from_static);
    for name in named.into_iter().chain(fixed).chain([CONNECTION, TE, TRAILER, TRANSFER_ENCODING]) {
        headers.remove(name);
    }
    protocol
}

fn ask_for(headers: &mut HeaderMap, protocol: Option<HeaderValue>) {
    if let Some(protocol) = protocol {
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, protocol);
    }
}

fn text(text: impl Into<Bytes>) -> Body {
    Full::new(text.into()).map_err(|never| match never {}).boxed()
}

/// A backend, the proxy, and somebody who asks.
async fn demo() -> Result<(), BoxError> {
    let backend = TcpListener::bind("127.0.0.1:0").await?;
    let proxy = TcpListener::bind("127.0.0.1:0").await?;
    let (behind, before) = (backend.local_addr()?, proxy.local_addr()?);
    tokio::spawn(async move {
        while let Ok((stream, _)) = backend.accept().await {
            let http = hyper::server::conn::http1::Builder::new();
            tokio::spawn(http.serve_connection(TokioIo::new(stream), service_fn(shout)).with_upgrades());
        }
    });
    let serving = tokio::spawn(serve(proxy, behind.to_string().parse()?));

    let client = Client::builder().build_http::<Body>()?;
    let uri = format!("http://{before}/shout");
    let response = client.request(Request::post(&uri).body(text("hello"))?).await?;
    let answer = response.into_body().collect().await?.to_bytes();
    println!("a body:     hello -> {}", String::from_utf8_lossy(&answer));
    assert_eq!(answer, "HELLO");

    let nothing = Empty::new().map_err(|never| match never {}).boxed();
    let upgrade =
        Request::get(&uri).header(CONNECTION, "upgrade").header(UPGRADE, "shouting").body(nothing)?;
    let response = client.request(upgrade).await?;
    assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
    let mut stream = TokioIo::new(hyper::upgrade::on(response).await?);
    let mut answer = [0; 5];
    tokio::io::AsyncWriteExt::write_all(&mut stream, b"hello").await?;
    tokio::io::AsyncReadExt::read_exact(&mut stream, &mut answer).await?;
    println!("an upgrade: hello -> {}", String::from_utf8_lossy(&answer));
    assert_eq!(&answer, b"HELLO");
    drop(stream);
    client.shutdown().await;
    serving.abort();
    Ok(())
}

/// Gives back in capitals what it gets, in a body or on an upgraded connection.
async fn shout(mut request: Request<Incoming>) -> Result<Response<Body>, hyper::Error> {
    if let Some(protocol) = request.headers().get(UPGRADE).cloned() {
        let upgrading = hyper::upgrade::on(&mut request);
        tokio::spawn(async move {
            let Ok(upgraded) = upgrading.await else { return };
            let (mut stream, mut bytes) = (TokioIo::new(upgraded), [0; 1024]);
            while let Ok(count @ 1..) = tokio::io::AsyncReadExt::read(&mut stream, &mut bytes).await {
                bytes[..count].make_ascii_uppercase();
                if tokio::io::AsyncWriteExt::write_all(&mut stream, &bytes[..count]).await.is_err() {
                    return;
                }
            }
        });
        let mut response = Response::new(text(""));
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        ask_for(response.headers_mut(), Some(protocol));
        return Ok(response);
    }
    let body = request.into_body().collect().await?.to_bytes();
    Ok(Response::new(text(body.to_ascii_uppercase())))
}
