//! What is known of an HTTP/2 connection while it is in use: how many streams its peer allows, and whether it has
//! ended.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use hyper::client::conn::http2;
use hyper::rt::{Read, Write};

use crate::client::RequestBody;
use crate::handover::{Driven, Handover};
use crate::limits::Limits;
use crate::line::Line;
use crate::upload::Sent;
use crate::{BoxingExecutor, Origin};

/// Shared by the handles of an HTTP/2 connection and the task that drives it.
pub(crate) struct Streams {
    /// What the peer allows at once, as far as is known.
    allowed: AtomicU32,
    /// What the pool was told of it, and how it is told; who lends the connection first knows.
    told: AtomicU32,
    teller: OnceLock<Teller>,
    /// In use by somebody who holds a lease.
    in_use: AtomicUsize,
    /// It is over when it takes no new streams: its peer has closed it, or said goodbye (GOAWAY).
    handover: Arc<Handover>,
    /// Its peer has answered a request.
    has_answered: AtomicBool,
    /// Somebody has waited in vain when so many bytes had been received.
    suspected_at: AtomicU64,
    line: Line,
}

/// Tells the pool how many streams a connection allows.
type Teller = Box<dyn Fn(u32) + Send + Sync>;

/// More bytes than are ever received.
const NEVER: u64 = u64::MAX;

impl Streams {
    pub(crate) fn new(allowed: u32, handover: Arc<Handover>, line: Line) -> Arc<Self> {
        Arc::new(Self {
            allowed: AtomicU32::new(allowed),
            told: AtomicU32::new(allowed),
            teller: OnceLock::new(),
            in_use: AtomicUsize::new(0),
            handover,
            has_answered: AtomicBool::new(false),
            suspected_at: AtomicU64::new(NEVER),
            line,
        })
    }

    /// How many streams there may be at once.
    pub(crate) fn allowed(&self) -> u32 {
        if self.is_suspect() {
            // No more than there are. It is not told that there is no room at all, which would promise some (R18).
            return 1;
        }
        self.allowed.load(Ordering::Acquire)
    }

    /// The peer may be gone: nothing came for as long as somebody has waited. Until it is heard of again, nobody else
    /// is to find that out.
    pub(crate) fn suspect(&self) {
        self.suspected_at.store(self.line.received(), Ordering::Release);
        self.line.be_curious(true);
        self.tell();
    }

    pub(crate) fn is_suspect(&self) -> bool {
        self.suspected_at.load(Ordering::Acquire) == self.line.received()
    }

    /// How the pool is told, from the first lease on.
    pub(crate) fn tell_by(&self, teller: impl FnOnce() -> Teller) {
        self.teller.get_or_init(teller);
    }

    /// Has the pool told how many streams there may be, if that has changed since it was told.
    pub(crate) fn tell(&self) {
        let allowed = self.allowed();
        let Some(set_capacity) = self.teller.get() else { return };
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

    /// Whether that was the last one.
    pub(crate) fn end(&self) -> bool {
        let in_use = self.in_use.fetch_sub(1, Ordering::SeqCst) - 1;
        if in_use < self.allowed() as usize {
            self.line.be_curious(false);
        }
        // If that comes at this very moment, the connection's task tells: either sees what the other has done.
        if in_use == 0 && self.is_over() {
            self.handover.notify();
        }
        in_use == 0
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
    pub(crate) driven: Driven<http2::Connection<T, Sent<B>, BoxingExecutor>>,
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
        // if there is no room for one.
        streams.line.listen(context.waker());
        let polled = Pin::new(&mut *driven).poll(context);
        let Some(connection) = driven.connection() else { return polled };
        let allowed = clamp(connection.current_max_send_streams());
        // As long as it is what hyper assumes, the peer need not have spoken.
        if allowed != word.assumed || streams.line.received() > 0 {
            streams.allowed.store(allowed, Ordering::Release);
            word.is(allowed);
        }
        streams.tell();
        polled
    }
}
