//! What a failed exchange says of its request, and of its connection.

use std::error::Error as StdError;

use http::Request;
use hyper::client::conn::TrySendError;

use crate::client::RequestBody;
use crate::connect::Connect;
use crate::lease::Loan;
use crate::outgoing::Outgoing;
use crate::upload::Sent;

/// A request that has failed; with itself, if it was never sent.
pub(crate) type Failed<B> = TrySendError<Request<Sent<B>>>;

/// What to make of a failure.
pub(crate) struct Verdict {
    reach: Reach,
    /// The connection had been closed before: one less of those that seemed to be good.
    pub(crate) was_dead_before: bool,
    /// No other request should be sent on this connection (HTTP/2).
    pub(crate) concerns_all: bool,
}

/// How far the request came.
enum Reach {
    /// Its peer has not looked at it.
    Nowhere,
    /// Its peer may have acted on it.
    Unknown,
    /// There is no use in sending it again.
    Final,
}

impl Verdict {
    pub(crate) fn of<C: Connect, B: RequestBody>(
        failed: &Failed<B>,
        loan: &Loan<C, B>,
        request: &Outgoing<B>,
    ) -> Self {
        let (is_reused, is_http2) = (loan.is_reused(), loan.is_http2());
        if failed.message().is_some() {
            // A new connection of HTTP/1.1 that closes at once belongs to a peer that does so with all.
            let reach = if is_reused || is_http2 { Reach::Nowhere } else { Reach::Final };
            return Self { reach, was_dead_before: is_reused, concerns_all: true };
        }
        if let Some(error) = failed.error().source().and_then(|source| source.downcast_ref::<h2::Error>()) {
            return Self::of_http2(error, is_reused, request);
        }
        if failed.error().is_user() {
            // Its body has failed; if not, the connection ended with the request in its hands.
            let reach = if is_http2 && request.is_whole() { Reach::Unknown } else { Reach::Final };
            return Self { reach, was_dead_before: false, concerns_all: is_http2 };
        }
        // The connection has broken. If it is new, its peer does so with all; if a part of the response has come, it
        // was no accident of the connection's age.
        let reach = if !is_reused {
            Reach::Final
        } else if !is_http2 && loan.is_unsent() {
            Reach::Nowhere
        } else if is_http2 || loan.is_silent() {
            Reach::Unknown
        } else {
            Reach::Final
        };
        Self { reach, was_dead_before: is_reused && !is_http2, concerns_all: true }
    }

    fn of_http2<B: RequestBody>(error: &h2::Error, is_reused: bool, request: &Outgoing<B>) -> Self {
        let reach = if !error.is_remote() {
            Reach::Final
        } else if error.is_go_away() {
            // A goodbye tells by the streams that it names that this one was not looked at. But hyper fails a request
            // in the same words if the goodbye comes while it is handed over, although its head may have been sent: then
            // nothing of its body was read.
            if request.was_read() { Reach::Nowhere } else { Reach::Unknown }
        } else if error.reason() == Some(h2::Reason::REFUSED_STREAM) {
            Reach::Nowhere
        } else {
            Reach::Final
        };
        // A peer that leaves says goodbye on all connections that it has, one after the other. One that complains may
        // do so of this request, each time.
        let is_leaving =
            error.is_remote() && error.is_go_away() && error.reason() == Some(h2::Reason::NO_ERROR);
        let was_dead_before = is_reused && is_leaving;
        Self { reach, was_dead_before, concerns_all: !error.is_reset() }
    }

    /// Whether the request may be sent once more.
    pub(crate) fn permits<B: RequestBody>(&self, request: &Outgoing<B>) -> bool {
        request.is_whole()
            && match self.reach {
                Reach::Nowhere => true,
                Reach::Unknown => request.is_idempotent(),
                Reach::Final => false,
            }
    }
}
