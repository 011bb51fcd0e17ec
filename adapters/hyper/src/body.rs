//! The body of a response, which holds on to its connection until its end.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::Sleep;

use crate::BodyError;
use crate::lease::Tail;

/// The body of a response.
///
/// Its connection goes back to the pool when it has been read to its end. Dropped before that, the rest is read in the
/// background if it is short and comes soon, so that the connection can still be used; if not, it is closed.
pub struct ResponseBody {
    /// None once nothing more will come.
    incoming: Option<Incoming>,
    tail: Option<Box<dyn Tail>>,
    timeout: Option<Duration>,
    /// Set while nothing comes.
    patience: Option<Pin<Box<Sleep>>>,
}

impl ResponseBody {
    pub(crate) fn new(incoming: Incoming, tail: Option<Box<dyn Tail>>, timeout: Option<Duration>) -> Self {
        let mut body = Self { incoming: Some(incoming), tail, timeout, patience: None };
        body.notice_end();
        body
    }

    fn notice_end(&mut self) {
        if self.incoming.as_ref().is_some_and(Incoming::is_end_stream) {
            self.end();
        }
    }

    fn end(&mut self) {
        // The end of the stream, before what depends on it.
        self.incoming = None;
        if let Some(tail) = self.tail.take() {
            tail.ended();
        }
    }

    fn fail(&mut self, error: BodyError) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        self.incoming = None;
        self.tail = None;
        Poll::Ready(Some(Err(error)))
    }

    fn poll_patience(&mut self, context: &mut Context<'_>) -> Poll<Duration> {
        let (Some(limit), Some(tail)) = (self.timeout, &mut self.tail) else { return Poll::Pending };
        let patience = self.patience.get_or_insert_with(|| Box::pin(tail.wait(limit)));
        patience.as_mut().poll(context).map(|()| limit)
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let body = self.get_mut();
        let Some(incoming) = &mut body.incoming else { return Poll::Ready(None) };
        let polled = Pin::new(incoming).poll_frame(context);
        if polled.is_ready() {
            body.patience = None;
        }
        match polled {
            Poll::Pending => match body.poll_patience(context) {
                Poll::Pending => Poll::Pending,
                Poll::Ready(limit) => body.fail(BodyError::Timeout(limit)),
            },
            Poll::Ready(None) => {
                body.end();
                Poll::Ready(None)
            }
            Poll::Ready(Some(Ok(frame))) => {
                body.notice_end();
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(error))) => body.fail(BodyError::Exchange(error)),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

impl Drop for ResponseBody {
    fn drop(&mut self) {
        if let (Some(incoming), Some(tail)) = (self.incoming.take(), self.tail.take()) {
            tail.unwanted(incoming);
        }
    }
}

impl fmt::Debug for ResponseBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseBody").field("incoming", &self.incoming).finish_non_exhaustive()
    }
}
