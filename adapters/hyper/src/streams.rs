//! What is known of an HTTP/2 connection while it is in use: how many streams its peer allows, and whether it has
//! ended.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::task::{Context, Poll};

use hyper::client::conn::http2;
use hyper::rt::{Read, Write};
use hyper_util::rt::TokioExecutor;

use crate::Origin;
use crate::client::RequestBody;
use crate::handover::{Driven, Handover};
use crate::limits::Limits;
use crate::line::Line;
use crate::upload::Sent;

/// Shared by the handles of an HTTP/2 connection and the task that drives it.
pub(crate) struct Streams {
    /// What the peer allows at once, as far as is known.
    allowed: AtomicU32,
    /// What the pool was told of it.
    told: AtomicU32,
    /// In use by somebody who holds a lease.
    in_use: AtomicUsize,
    /// It is over when it takes no new streams: its peer has closed it, or said goodbye (GOAWAY).
    handover: Arc<Handover>,
    /// Its peer has answered a request.
    has_answered: AtomicBool,
    line: Line,
}

impl Streams {
    pub(crate) fn new(allowed: u32, handover: Arc<Handover>, line: Line) -> Arc<Self> {
        Arc::new(Self {
            allowed: AtomicU32::new(allowed),
            told: AtomicU32::new(allowed),
            in_use: AtomicUsize::new(0),
            handover,
            has_answered: AtomicBool::new(false),
            line,
        })
    }

    /// How many streams the peer allows at once.
    pub(crate) fn allowed(&self) -> u32 {
        self.allowed.load(Ordering::Acquire)
    }

    /// Has the pool told what the peer allows, if that has changed since it was told.
    pub(crate) fn tell(&self, set_capacity: impl Fn(u32)) {
        let allowed = self.allowed();
        if self.told.swap(allowed, Ordering::AcqRel) == allowed {
            return;
        }
        set_capacity(allowed);
        // Who told at the same time may have been overtaken: the last word must be the last one said.
        let mut said = allowed;
        loop {
            let told = self.told.load(Ordering::Acquire);
            if told == said {
                return;
            }
            set_capacity(told);
            said = told;
        }
    }

    /// Whether more use it than the peer allows.
    pub(crate) fn is_overfull(&self) -> bool {
        self.in_use.load(Ordering::Acquire) > self.allowed() as usize
    }

    pub(crate) fn is_over(&self) -> bool {
        self.handover.is_over()
    }

    pub(crate) fn begin(&self) {
        let in_use = self.in_use.fetch_add(1, Ordering::AcqRel) + 1;
        if in_use >= self.allowed() as usize {
            self.line.be_curious(true);
        }
    }

    pub(crate) fn end(&self) {
        let in_use = self.in_use.fetch_sub(1, Ordering::SeqCst) - 1;
        if in_use < self.allowed() as usize {
            self.line.be_curious(false);
        }
        // If that comes at this very moment, the connection's task tells: either sees what the other has done.
        if in_use == 0 && self.is_over() {
            self.handover.notify();
        }
    }

    pub(crate) fn answered(&self) {
        self.has_answered.store(true, Ordering::Relaxed);
    }

    pub(crate) fn has_answered(&self) -> bool {
        self.has_answered.load(Ordering::Relaxed)
    }

    pub(crate) fn handover(&self) -> &Handover {
        &self.handover
    }

    /// Completes when it is over, and nobody uses it any more.
    pub(crate) async fn ended(&self) {
        self.handover.until(|| self.is_over() && self.in_use.load(Ordering::SeqCst) == 0).await;
    }
}

/// A peer that allows none for now may allow some later: a stream waits for that. Nobody would hear of it if the
/// pool were told of zero.
pub(crate) fn clamp(allowed: usize) -> u32 {
    u32::try_from(allowed).unwrap_or(u32::MAX).max(1)
}

/// Drives an HTTP/2 connection, and notes what its peer says.
pub(crate) struct Driver<T, B>
where
    T: Read + Write + Unpin + Send + 'static,
    B: RequestBody,
{
    pub(crate) driven: Driven<http2::Connection<T, Sent<B>, TokioExecutor>>,
    pub(crate) streams: Arc<Streams>,
    pub(crate) word: Word,
}

/// What the peer has said of its streams, compared with what was assumed.
pub(crate) struct Word {
    pub(crate) origin: Origin,
    pub(crate) limits: Limits,
    pub(crate) assumed: u32,
    pub(crate) last: u32,
}

impl Word {
    fn is(&mut self, allowed: u32) {
        if allowed != self.last {
            self.last = allowed;
            self.limits.learn(&self.origin, self.assumed, allowed);
        }
    }
}

impl<T, B> Future for Driver<T, B>
where
    T: Read + Write + Unpin + Send + 'static,
    B: RequestBody,
{
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let Self { driven, streams, word } = self.get_mut();
        // What it says first is how many streams it allows. What it says later is seen with the next request, or at once
        // if there can be none.
        streams.line.listen(context.waker());
        let polled = Pin::new(&mut *driven).poll(context);
        let Some(connection) = driven.connection() else { return polled };
        let allowed = clamp(connection.current_max_send_streams());
        // As long as it is what hyper assumes, the peer need not have spoken.
        if allowed != word.assumed || streams.line.received() > 0 {
            streams.allowed.store(allowed, Ordering::Release);
            word.is(allowed);
        }
        polled
    }
}
