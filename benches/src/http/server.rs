//! The server that all clients talk to: hyper's, in a process of its own.

use std::convert::Infallible;
use std::io::{self, BufRead, Write};
use std::net::Ipv4Addr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use bytes::Bytes;
use http::header::CONNECTION;
use http::{HeaderValue, Request, Response, Version};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::rt::{Read, Write as WriteIo};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio_rustls::TlsAcceptor;

use super::protocol::{Census, Listening};

/// What each answer's body is.
const BODY: Bytes = Bytes::from_static(&[b'x'; 128]);

/// How many streams of HTTP/2 a connection takes at once: hyper's default.
const MANY_STREAMS: u32 = 200;

/// The same where they are scarce.
pub(crate) const FEW_STREAMS: u32 = 4;

/// Counts connections, all so far and those that are open.
#[derive(Default)]
struct Counts {
    accepted: AtomicU64,
    ended: AtomicU64,
    /// The most that were open at once since the last census.
    peak: AtomicU64,
}

impl Counts {
    fn census(&self) -> Census {
        // This one first, so that none seems to have ended before it was accepted.
        let ended = self.ended.load(Ordering::Acquire);
        let accepted = self.accepted.load(Ordering::Acquire);
        let open = accepted - ended;
        Census { accepted, open, peak: self.peak.swap(open, Ordering::AcqRel).max(open) }
    }

    fn accept(&self) {
        let accepted = self.accepted.fetch_add(1, Ordering::AcqRel) + 1;
        self.peak.fetch_max(accepted.saturating_sub(self.ended.load(Ordering::Acquire)), Ordering::AcqRel);
    }
}

/// Serves until nobody asks any more. Says first where it listens; then, for every line that it reads, its [`Census`].
pub(crate) fn serve(threads: usize) -> io::Result<()> {
    let runtime = super::runtime(threads)?;
    let counts = Arc::new(Counts::default());
    let (acceptor, certificate) = tls();
    let listening = runtime.block_on(async {
        let listen = async |acceptor: Option<&TlsAcceptor>, streams| {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
            let port = listener.local_addr()?.port();
            tokio::spawn(accept(listener, acceptor.cloned(), streams, Arc::clone(&counts)));
            io::Result::Ok(port)
        };
        io::Result::Ok(Listening {
            plain_port: listen(None, MANY_STREAMS).await?,
            tls_port: listen(Some(&acceptor), MANY_STREAMS).await?,
            few_plain_port: listen(None, FEW_STREAMS).await?,
            few_tls_port: listen(Some(&acceptor), FEW_STREAMS).await?,
            certificate,
        })
    })?;
    tell(&serde_json::to_string(&listening)?)?;
    // A runtime of one thread runs only while it is blocked on.
    let (asked, mut questions) = tokio::sync::mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in io::stdin().lock().lines() {
            if line.is_err() || asked.send(()).is_err() {
                break;
            }
        }
    });
    runtime.block_on(async {
        while let Some(()) = questions.recv().await {
            tell(&serde_json::to_string(&counts.census())?)?;
        }
        Ok(())
    })
}

fn tell(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

/// A certificate for this machine, made anew, and what proves it.
fn tls() -> (TlsAcceptor, String) {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("it is a name");
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.expect("ring has them").with_no_client_auth();
    let mut config = config.with_single_cert(vec![made.cert.der().clone()], key).expect("they fit together");
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    (TlsAcceptor::from(Arc::new(config)), made.cert.pem())
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, streams: u32, counts: Arc<Counts>) {
    loop {
        // It fails when there are too many: some will end.
        let Ok((stream, _)) = listener.accept().await else {
            tokio::task::yield_now().await;
            continue;
        };
        counts.accept();
        let _ = stream.set_nodelay(true);
        let (tls, counts) = (tls.clone(), Arc::clone(&counts));
        tokio::spawn(async move {
            serve_stream(stream, tls, streams).await;
            counts.ended.fetch_add(1, Ordering::Release);
        });
    }
}

/// A client that goes away is no concern of the server's.
async fn serve_stream(stream: TcpStream, tls: Option<TlsAcceptor>, streams: u32) {
    match tls {
        None => serve_connection(TokioIo::new(stream), streams).await,
        Some(tls) => {
            if let Ok(stream) = tls.accept(stream).await {
                serve_connection(TokioIo::new(stream), streams).await;
            }
        }
    }
}

async fn serve_connection(stream: impl Read + WriteIo + Unpin + Send + 'static, streams: u32) {
    let (served, worn_out) = (AtomicU32::new(0), Notify::new());
    let service = service_fn(|request: Request<Incoming>| {
        let served = served.fetch_add(1, Ordering::Relaxed) + 1;
        let is_last = renew_after(request.uri().path()).is_some_and(|limit| served >= limit);
        let mut response = Response::new(Full::new(BODY));
        if is_last && request.version() == Version::HTTP_2 {
            worn_out.notify_one();
        } else if is_last {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        async { Ok::<_, Infallible>(response) }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http2().max_concurrent_streams(streams);
    let mut connection = pin!(builder.serve_connection(stream, service));
    tokio::select! {
        _ = connection.as_mut() => return,
        () = worn_out.notified() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

/// How many requests a connection takes, as the path says.
fn renew_after(path: &str) -> Option<u32> {
    path.strip_prefix("/renew/")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_that_since_the_last_census() {
        let counts = Counts::default();
        counts.accept();
        counts.accept();
        counts.ended.fetch_add(1, Ordering::Release);
        assert_eq!(counts.census(), Census { accepted: 2, open: 1, peak: 2 });
        assert_eq!(counts.census(), Census { accepted: 2, open: 1, peak: 1 });
    }

    #[test]
    fn only_a_path_that_says_so_wears_a_connection_out() {
        assert_eq!(renew_after("/"), None);
        assert_eq!(renew_after("/renew/100"), Some(100));
        assert_eq!(renew_after("/renew/"), None);
    }
}
