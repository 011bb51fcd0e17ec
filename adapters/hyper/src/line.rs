//! A transport under observation: what came in and went out on it, whether it is still there, and a way to cut it off.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};

use futures_util::task::AtomicWaker;
use hyper::rt::{Read, Write};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::oneshot;

/// What is known of a transport, and what can be done to it from afar.
#[derive(Clone, Default)]
pub(crate) struct Line(Arc<Known>);

#[derive(Default)]
struct Known {
    received: AtomicU64,
    sent: AtomicU64,
    is_cut: AtomicBool,
    /// Who reads, to be told of a cut.
    reader: AtomicWaker,
    /// Who wants to know what the peer says of the connection.
    listener: AtomicWaker,
    /// It wants to know all, and not only what the peer says first.
    is_curious: AtomicBool,
}

impl Line {
    /// Bytes read so far: what decides whether a request may be sent once more.
    pub(crate) fn received(&self) -> u64 {
        self.0.received.load(Ordering::Acquire)
    }

    /// Bytes written so far.
    pub(crate) fn sent(&self) -> u64 {
        self.0.sent.load(Ordering::Acquire)
    }

    fn note_sent(&self, written: &Poll<io::Result<usize>>) {
        if let Poll::Ready(Ok(count)) = written {
            self.0.sent.fetch_add(*count as u64, Ordering::Release);
        }
    }

    /// Wakes `listener` when what the peer said first has been read and understood, and each time while it
    /// [is curious](Self::be_curious).
    pub(crate) fn listen(&self, listener: &Waker) {
        self.0.listener.register(listener);
    }

    pub(crate) fn be_curious(&self, is_curious: bool) {
        self.0.is_curious.store(is_curious, Ordering::Release);
    }

    /// Ends the transport: whoever reads it gets an error.
    pub(crate) fn cut(&self) {
        self.0.is_cut.store(true, Ordering::Release);
        self.0.reader.wake();
    }

    fn check(&self) -> io::Result<()> {
        if self.0.is_cut.load(Ordering::Acquire) {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        Ok(())
    }
}

/// Completes, with an error, when the transport has been dropped.
pub(crate) type Gone = oneshot::Receiver<Infallible>;

/// A transport under observation. In tokio's terms, whose buffers tell without unsafe code how full they are.
pub(crate) struct Observed<T> {
    transport: TokioIo<T>,
    line: Line,
    /// Something has come that the listener has not been woken for.
    is_news: bool,
    /// The listener has been woken once.
    has_told: bool,
    _gone: oneshot::Sender<Infallible>,
}

/// The transport, what tells of it, and what tells of its end.
pub(crate) fn observed<T: Read + Write + Unpin>(transport: T) -> (TokioIo<Observed<T>>, Line, Gone) {
    let line = Line::default();
    let (sender, gone) = oneshot::channel();
    let transport = TokioIo::new(transport);
    let observed = Observed { transport, line: line.clone(), is_news: false, has_told: false, _gone: sender };
    (TokioIo::new(observed), line, gone)
}

impl<T: Read + Unpin> AsyncRead for Observed<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { transport, line, is_news, has_told, .. } = self.get_mut();
        let before = buffer.filled().len();
        let polled = Pin::new(transport).poll_read(context, buffer);
        let came = buffer.filled().len() - before;
        if came > 0 {
            line.0.received.fetch_add(came as u64, Ordering::Release);
            *is_news = true;
        }
        if polled.is_pending() {
            line.0.reader.register(context.waker());
            line.check()?;
            // Only who has dealt with all that was read asks for more in vain.
            if std::mem::take(is_news) && (!*has_told || line.0.is_curious.load(Ordering::Acquire)) {
                *has_told = true;
                line.0.listener.wake();
            }
        }
        polled
    }
}

impl<T: Write + Unpin> AsyncWrite for Observed<T> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let Self { transport, line, .. } = self.get_mut();
        line.check()?;
        let written = Pin::new(transport).poll_write(context, bytes);
        line.note_sent(&written);
        written
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.line.check()?;
        Pin::new(&mut self.get_mut().transport).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.line.check()?;
        Pin::new(&mut self.get_mut().transport).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.transport.is_write_vectored()
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let Self { transport, line, .. } = self.get_mut();
        line.check()?;
        let written = Pin::new(transport).poll_write_vectored(context, bytes);
        line.note_sent(&written);
        written
    }
}
