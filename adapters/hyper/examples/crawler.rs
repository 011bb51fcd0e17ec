//! Crawls many hosts at once, with a limit of connections for each host and one for all.
//!
//! The hosts are servers in this process, so it runs anywhere: `cargo run --example crawler -- [HOSTS] [PAGES]`.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::error::Error;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use latebind_hyper::{Builder, Client, ConnectFailure, HttpConnector, Notice, Source};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

const HELP: &str = "crawler [HOSTS [PAGES]]

Fetches PAGES (40) of each of HOSTS (12), which are servers in this process.";

const PER_HOST: u32 = 4;
const IN_ALL: u32 = 24;

type Crawler = Client<HttpConnector, Empty<Bytes>>;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let numbers: Result<Vec<usize>, _> = std::env::args().skip(1).map(|number| number.parse()).collect();
    let (hosts, pages) = match numbers.as_deref() {
        Ok([]) => (12, 40),
        Ok([hosts]) => (*hosts, 40),
        Ok([hosts, pages]) => (*hosts, *pages),
        _ => {
            println!("{HELP}");
            return Ok(());
        }
    };

    // No request waits for ever: there are more of them than connections, and they are served in their order.
    let config = Builder::default_config().max_connections(IN_ALL).request_timeout(Duration::from_secs(60));
    let seen = Arc::new(Mutex::new(BTreeMap::<String, Seen>::new()));
    let observer = Arc::clone(&seen);
    let client = Client::builder()
        .config(config)
        .max_connections_per_host(PER_HOST)
        .observe(move |origin, notice| {
            let mut seen = observer.lock().expect("nobody panics with it");
            seen.entry(origin.to_string()).or_default().note(notice);
        })
        .build_http()?;

    let mut addresses = Vec::new();
    for _ in 0..hosts {
        addresses.push(host().await?);
    }
    let began = Instant::now();
    let mut crawls = JoinSet::new();
    for address in &addresses {
        for page in 0..pages {
            crawls.spawn(fetch(client.clone(), format!("http://{address}/page/{page}").parse()?));
        }
    }
    let (mut bytes, mut failed) = (0, 0);
    while let Some(fetched) = crawls.join_next().await {
        match fetched? {
            Ok(length) => bytes += length,
            Err(error) => {
                eprintln!("{error}");
                failed += 1;
            }
        }
    }
    report(&seen.lock().expect("nobody panics with it"));
    println!(
        "\n{bytes} bytes in {} ms, {failed} failed; where their connections came from:",
        began.elapsed().as_millis()
    );
    for (source, count) in client.stats().counters.delivered.iter().filter(|(_, count)| *count > 0) {
        println!("{count:>8}  {}", whence(source));
    }
    client.shutdown().await;
    Ok(())
}

/// What has happened to one host.
#[derive(Default)]
struct Seen {
    requests: u32,
    connections: u32,
    waited: Duration,
}

impl Seen {
    fn note(&mut self, notice: &Notice<ConnectFailure>) {
        match notice {
            Notice::Delivered { waited, .. } => {
                self.requests += 1;
                self.waited = self.waited.max(*waited);
            }
            Notice::DialOpened { .. } => self.connections += 1,
            _ => {}
        }
    }
}

fn report(seen: &BTreeMap<String, Seen>) {
    println!("{:<24} {:>8} {:>11} {:>12}", "host", "requests", "connections", "longest wait");
    for (host, Seen { requests, connections, waited }) in seen {
        println!("{host:<24} {requests:>8} {connections:>11} {:>9} ms", waited.as_millis());
    }
}

fn whence(source: Source) -> &'static str {
    match source {
        Source::Idle => "were idle",
        Source::Returned => "came back from another request while this one waited",
        Source::OwnDial => "were dialed for the request",
        Source::OtherDial => "were dialed for another request, which was served before",
        _ => "came otherwise",
    }
}

async fn fetch(client: Crawler, uri: Uri) -> Result<usize, Box<dyn Error + Send + Sync>> {
    let response = client.get(uri).await?;
    Ok(response.into_body().collect().await?.to_bytes().len())
}

/// A host with pages that take a moment each.
async fn host() -> Result<SocketAddr, Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        let page: Arc<str> = "All work and no play makes a dull page. ".repeat(100).into();
        while let Ok((stream, _)) = listener.accept().await {
            let page = Arc::clone(&page);
            let service = service_fn(move |_: Request<Incoming>| {
                let page = Full::new(Bytes::copy_from_slice(page.as_bytes()));
                async move {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                    Ok::<_, Infallible>(Response::new(page))
                }
            });
            let http = hyper::server::conn::http1::Builder::new();
            tokio::spawn(http.serve_connection(TokioIo::new(stream), service));
        }
    });
    Ok(address)
}
