//! A connection on loan for one request, from its sending to the end of the response's body.

use std::sync::Arc;
use std::time::Duration;

use http_body::Body;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use latebind_tokio::{Lease, Source};
use tokio::runtime::Handle;
use tokio::time::{Instant, Sleep, sleep, timeout};

use crate::client::{Inner, RequestBody};
use crate::connect::{Connect, Connector};
use crate::connection::{Connection, Sender};
use crate::line::Line;
use crate::streams::Streams;
use crate::upload::Upload;

/// How long a connection whose response has ended may take until it is ready for the next request: the rest of the
/// request's body has to be written first. The time that Go's transport grants a lingering close.
const SETTLING: Duration = Duration::from_millis(500);

/// How much of a response that nobody wants is read, so that its connection can be used again, and for how long:
/// what Go's transport allows.
const DRAINED_BYTES: usize = 256 << 10;
const DRAINING: Duration = Duration::from_millis(50);

/// An HTTP/2 connection on which nothing came for so long, while somebody has waited, may have lost its peer: longer than
/// any round trip. A peer that was only slow costs a new connection, as with HTTP/1.1.
const QUIET: Duration = Duration::from_secs(1);

/// A lease that keeps its connection's books.
pub(crate) struct Loan<C: Connect, B: RequestBody> {
    lease: Option<Lease<Connector<C, B>>>,
    runtime: Handle,
    /// Since somebody waits for the peer.
    mark: Mark,
    /// The request's body, if there is one, from the response on.
    upload: Option<Arc<Upload<B>>>,
}

/// How much had gone over a connection at a time.
struct Mark {
    at: Instant,
    received: u64,
    sent: u64,
}

impl Mark {
    fn new(at: Instant, line: &Line) -> Self {
        Self { at, received: line.received(), sent: line.sent() }
    }
}

impl<C: Connect, B: RequestBody> Loan<C, B> {
    /// `None` if the connection takes no request now: the pool has been told.
    pub(crate) fn new(
        client: &Arc<Inner<C, B>>,
        lease: Lease<Connector<C, B>>,
        lent: Instant,
    ) -> Option<Self> {
        let mark = Mark::new(lent, &lease.about.line);
        let loan = Self { lease: Some(lease), runtime: client.runtime.clone(), mark, upload: None };
        if let Some(streams) = loan.streams() {
            streams.tell_by(|| {
                let (client, conn) = (Arc::downgrade(client), loan.lease().id());
                Box::new(move |allowed| {
                    if let Some(client) = client.upgrade() {
                        client.pool.set_capacity(conn, allowed);
                    }
                })
            });
            streams.begin();
            if streams.is_over() {
                loan.drain();
                return None;
            }
            streams.tell();
            if streams.is_overfull() {
                return None;
            }
        }
        Some(loan)
    }

    pub(crate) fn connection(&self) -> &Connection<B> {
        self.lease()
    }

    pub(crate) fn connection_mut(&mut self) -> &mut Connection<B> {
        self.lease.as_mut().expect("it is taken at the end only")
    }

    /// How the connection came.
    pub(crate) fn source(&self) -> Source {
        self.lease().source()
    }

    /// Whether it was there before, so that its peer may have closed it meanwhile.
    pub(crate) fn is_reused(&self) -> bool {
        !matches!(self.source(), Source::OwnDial | Source::OtherDial)
            || self.streams().is_some_and(Streams::has_answered)
    }

    pub(crate) fn is_http2(&self) -> bool {
        self.streams().is_some()
    }

    /// When it was lent; later, since when the response's body is waited for.
    pub(crate) fn lent(&self) -> Instant {
        self.mark.at
    }

    /// Whether nothing has come since somebody waits for it.
    pub(crate) fn is_silent(&self) -> bool {
        self.connection().about.line.received() == self.mark.received
    }

    /// Whether nothing has been written since it was lent.
    pub(crate) fn is_unsent(&self) -> bool {
        self.connection().about.line.sent() == self.mark.sent
    }

    /// Somebody has waited in vain: on a silent connection of HTTP/2, nobody else should.
    pub(crate) fn waited_in_vain(&self) {
        if let Some(streams) = self.streams()
            && self.is_silent()
        {
            streams.suspect();
        }
    }

    /// The response has come; of the request, some may still be under way.
    pub(crate) fn answered(&mut self, upload: Option<&Arc<Upload<B>>>) {
        self.upload = upload.map(Arc::clone);
    }

    /// Nobody gets it any more (R18); does nothing to HTTP/1.1, where it tells by itself.
    pub(crate) fn drain(&self) {
        if self.is_http2() {
            self.lease().drain();
        }
    }

    /// The connection is not HTTP any more: it leaves the pool.
    pub(crate) fn upgraded(mut self) {
        if let Some(lease) = self.take() {
            lease.discard();
        }
    }

    fn lease(&self) -> &Lease<Connector<C, B>> {
        self.lease.as_ref().expect("it is taken at the end only")
    }

    fn streams(&self) -> Option<&Streams> {
        match &self.connection().sender {
            Sender::Http1(..) => None,
            Sender::Http2(_, streams) => Some(streams),
        }
    }

    fn take(&mut self) -> Option<Lease<Connector<C, B>>> {
        let lease = self.lease.take()?;
        if let Sender::Http2(_, streams) = &lease.sender {
            streams.tell();
            if streams.end() && streams.is_suspect() {
                lease.drain();
            }
        }
        Some(lease)
    }

    /// Whether the connection takes the next request.
    fn is_settled(&self) -> bool {
        match &self.upload {
            Some(upload) if self.is_http2() => upload.is_let_go(),
            _ => self.is_http2() || self.connection().is_ready(),
        }
    }

    async fn settled(&mut self) {
        match &self.upload {
            Some(upload) if self.is_http2() => upload.let_go().await,
            _ => self.connection_mut().settled().await,
        }
    }
}

impl<C: Connect, B: RequestBody> Drop for Loan<C, B> {
    fn drop(&mut self) {
        if self.lease.is_none() {
            return;
        }
        if self.is_http2() && self.is_silent() && self.mark.at.elapsed() >= QUIET {
            self.waited_in_vain();
        }
        drop(self.take());
    }
}

/// What a response's body does with its connection, whatever connector and request's body that has.
pub(crate) trait Tail: Send + Sync {
    /// The body has ended.
    fn ended(self: Box<Self>);

    /// Nobody wants the rest.
    fn unwanted(self: Box<Self>, rest: Incoming);

    /// Somebody waits for more of it, for so long: on the pool's runtime, wherever the body is read.
    fn wait(&mut self, limit: Duration) -> Sleep;
}

impl<C: Connect, B: RequestBody> Tail for Loan<C, B> {
    fn ended(mut self: Box<Self>) {
        if self.is_settled() {
            return;
        }
        let runtime = self.runtime.clone();
        runtime.spawn(async move {
            // Of HTTP/1.1, the pool asks whether it is ready.
            if timeout(SETTLING, self.settled()).await.is_err() {
                self.drain();
            }
        });
    }

    fn unwanted(self: Box<Self>, rest: Incoming) {
        if self.is_http2() {
            // A stream ends with its bodies.
            drop(rest);
            return self.ended();
        }
        if rest.size_hint().lower() > DRAINED_BYTES as u64 {
            return;
        }
        let runtime = self.runtime.clone();
        runtime.spawn(async move {
            if timeout(DRAINING, drained(rest)).await == Ok(true) {
                self.ended();
            }
        });
    }

    fn wait(&mut self, limit: Duration) -> Sleep {
        let _entered = self.runtime.enter();
        self.mark = Mark::new(Instant::now(), &self.connection().about.line);
        sleep(limit)
    }
}

/// Reads what is left; whether that was all.
async fn drained(mut rest: Incoming) -> bool {
    let mut bytes = 0;
    while let Some(frame) = rest.frame().await {
        match frame {
            Ok(frame) => bytes += frame.data_ref().map_or(0, bytes::Bytes::len),
            Err(_) => return false,
        }
        if bytes > DRAINED_BYTES {
            return false;
        }
    }
    true
}
