//! A connection on loan for one request, from its sending to the end of the response's body.

use std::time::Duration;

use http_body::Body;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use latebind_tokio::{Lease, Source};
use tokio::runtime::Handle;
use tokio::time::{Sleep, sleep, timeout};

use crate::client::RequestBody;
use crate::connect::{Connect, Connector};
use crate::connection::{Connection, Sender};
use crate::streams::Streams;

/// How long a connection whose response has ended may take until it is ready for the next request: the rest of the
/// request's body has to be written first. The time that Go's transport grants a lingering close.
const SETTLING: Duration = Duration::from_millis(500);

/// How much of a response that nobody wants is read, so that its connection can be used again, and for how long:
/// what Go's transport allows.
const DRAINED_BYTES: usize = 256 << 10;
const DRAINING: Duration = Duration::from_millis(50);

/// A lease that keeps its connection's books.
pub(crate) struct Loan<C: Connect, B: RequestBody> {
    lease: Option<Lease<Connector<C, B>>>,
    runtime: Handle,
    /// Bytes that had been received on the connection before.
    received: u64,
}

impl<C: Connect, B: RequestBody> Loan<C, B> {
    /// `None` if the connection takes no request now: the pool has been told.
    pub(crate) fn new(lease: Lease<Connector<C, B>>, runtime: Handle) -> Option<Self> {
        let received = lease.about.line.received();
        let loan = Self { lease: Some(lease), runtime, received };
        if let Some(streams) = loan.streams() {
            streams.begin();
            if streams.is_over() {
                loan.drain();
                return None;
            }
            streams.tell(|allowed| loan.lease().set_capacity(allowed));
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

    /// Whether nothing has come since it was lent.
    pub(crate) fn is_silent(&self) -> bool {
        self.connection().about.line.received() == self.received
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
            streams.tell(|allowed| lease.set_capacity(allowed));
            streams.end();
        }
        Some(lease)
    }
}

impl<C: Connect, B: RequestBody> Drop for Loan<C, B> {
    fn drop(&mut self) {
        drop(self.take());
    }
}

/// What a response's body does with its connection, whatever connector and request's body that has.
pub(crate) trait Tail: Send + Sync {
    /// The body has ended.
    fn ended(self: Box<Self>);

    /// Nobody wants the rest.
    fn unwanted(self: Box<Self>, rest: Incoming);

    /// On the pool's runtime, wherever the body is read.
    fn sleep(&self, duration: Duration) -> Sleep;
}

impl<C: Connect, B: RequestBody> Tail for Loan<C, B> {
    fn ended(mut self: Box<Self>) {
        if self.is_http2() || self.connection().is_ready() {
            return;
        }
        let runtime = self.runtime.clone();
        runtime.spawn(async move {
            // The pool asks whether it is ready.
            let _ = timeout(SETTLING, self.connection_mut().settled()).await;
        });
    }

    fn unwanted(self: Box<Self>, rest: Incoming) {
        // A stream ends with its body.
        if self.is_http2() || rest.size_hint().lower() > DRAINED_BYTES as u64 {
            return;
        }
        let runtime = self.runtime.clone();
        runtime.spawn(async move {
            if timeout(DRAINING, drained(rest)).await == Ok(true) {
                self.ended();
            }
        });
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        let _entered = self.runtime.enter();
        sleep(duration)
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
