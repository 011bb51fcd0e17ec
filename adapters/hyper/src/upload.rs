//! The body of a request on its way. What was read of it is kept while it is little, so that it can be sent once more.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::client::RequestBody;
use crate::connect::BoxError;

/// How much of a body is kept.
const KEPT_BYTES: usize = 64 << 10;

/// In how many pieces: each costs memory of its own.
const KEPT_PIECES: usize = 1024;

/// How much of a frame is handed out at once: as much as a socket takes in one go.
const PIECE_BYTES: usize = 64 << 10;

/// A request's body, whichever attempt sends it.
pub(crate) struct Upload<B> {
    hint: SizeHint,
    state: Mutex<State<B>>,
    let_go: Notify,
}

struct State<B> {
    body: B,
    has_ended: bool,
    /// What is left of the frame that was read last.
    rest: Bytes,
    /// All that was read of the body, unless some of it is lost.
    kept: Vec<Piece>,
    kept_bytes: usize,
    /// It cannot be sent from its beginning any more.
    is_lost: bool,
    attempt: Attempt,
    /// Since when the peer could have read or answered; `None` while the body has nothing to be sent.
    peers_turn: Option<Instant>,
}

/// The attempt that reads the body now.
#[derive(Default)]
struct Attempt {
    number: u32,
    was_read: bool,
    is_let_go: bool,
}

enum Piece {
    Data(Bytes),
    Trailers(HeaderMap),
}

impl<B: RequestBody> Upload<B> {
    /// `None` for an empty body.
    pub(crate) fn new(body: B) -> Option<Arc<Self>> {
        if body.is_end_stream() {
            return None;
        }
        let hint = body.size_hint();
        let state = State {
            body,
            has_ended: false,
            rest: Bytes::new(),
            kept: Vec::new(),
            kept_bytes: 0,
            is_lost: false,
            attempt: Attempt::default(),
            peers_turn: Some(Instant::now()),
        };
        Some(Arc::new(Self { hint, state: Mutex::new(state), let_go: Notify::new() }))
    }

    /// The body from its beginning, for one more attempt; whoever sends an earlier one finds it broken off.
    pub(crate) fn attempt(self: &Arc<Self>) -> Sent<B> {
        let mut state = self.lock();
        let number = state.attempt.number + 1;
        state.attempt = Attempt { number, ..Attempt::default() };
        state.peers_turn = Some(Instant::now());
        Sent { upload: Some(Arc::clone(self)), attempt: number, place: 0 }
    }

    /// Whether this attempt has read anything of it.
    pub(crate) fn was_read(&self) -> bool {
        self.lock().attempt.was_read
    }

    /// Whether it can be sent from its beginning.
    pub(crate) fn is_whole(&self) -> bool {
        !self.lock().is_lost
    }

    /// Whether this attempt has come to its end: all is written, or nothing more will be.
    pub(crate) fn is_let_go(&self) -> bool {
        self.lock().attempt.is_let_go
    }

    /// Completes when it has; for one caller.
    pub(crate) async fn let_go(&self) {
        while !self.is_let_go() {
            self.let_go.notified().await;
        }
    }

    /// Since when it is the peer's turn; `None` while the body has nothing to be sent.
    pub(crate) fn peers_turn(&self) -> Option<Instant> {
        self.lock().peers_turn
    }
}

impl<B> Upload<B> {
    fn lock(&self) -> MutexGuard<'_, State<B>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<B: RequestBody> State<B> {
    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if !self.rest.is_empty() {
            self.peers_turn = Some(Instant::now());
            return Poll::Ready(Some(Ok(self.next_piece())));
        }
        while !self.has_ended {
            self.peers_turn = None;
            let polled = std::task::ready!(Pin::new(&mut self.body).poll_frame(context));
            self.peers_turn = Some(Instant::now());
            let frame = match polled {
                None => break,
                Some(Ok(frame)) => frame,
                Some(Err(error)) => {
                    self.lose();
                    return Poll::Ready(Some(Err(error.into())));
                }
            };
            match frame.into_data() {
                Ok(mut data) => {
                    self.rest = data.copy_to_bytes(data.remaining());
                    return Poll::Ready(Some(Ok(self.next_piece())));
                }
                // Beside trailers, there is nothing that HTTP knows.
                Err(frame) => {
                    if let Ok(trailers) = frame.into_trailers() {
                        return Poll::Ready(Some(Ok(self.pass_on(Piece::Trailers(trailers)))));
                    }
                }
            }
        }
        self.has_ended = true;
        Poll::Ready(None)
    }

    /// Of a large frame, a part at a time: that one is taken shows that the peer reads.
    fn next_piece(&mut self) -> Frame<Bytes> {
        let piece = self.rest.split_to(self.rest.len().min(PIECE_BYTES));
        self.pass_on(Piece::Data(piece))
    }

    fn pass_on(&mut self, piece: Piece) -> Frame<Bytes> {
        let frame = piece.frame();
        self.keep(piece);
        frame
    }

    fn keep(&mut self, piece: Piece) {
        if let Piece::Data(bytes) = &piece {
            self.kept_bytes += bytes.len();
        }
        if self.kept_bytes > KEPT_BYTES || self.kept.len() == KEPT_PIECES {
            self.lose();
        }
        if !self.is_lost {
            self.kept.push(piece);
        }
    }

    fn lose(&mut self) {
        self.is_lost = true;
        self.kept = Vec::new();
    }
}

impl Piece {
    fn frame(&self) -> Frame<Bytes> {
        match self {
            Self::Data(bytes) => Frame::data(bytes.clone()),
            Self::Trailers(trailers) => Frame::trailers(trailers.clone()),
        }
    }
}

/// One attempt to send a body; or none, for a request without.
pub(crate) struct Sent<B> {
    upload: Option<Arc<Upload<B>>>,
    attempt: u32,
    /// How many of the pieces that were kept it has sent.
    place: usize,
}

impl<B> Sent<B> {
    pub(crate) fn nothing() -> Self {
        Self { upload: None, attempt: 0, place: 0 }
    }
}

impl<B: RequestBody> Body for Sent<B> {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let Self { upload, attempt, place } = self.get_mut();
        let Some(upload) = upload else { return Poll::Ready(None) };
        let mut state = upload.lock();
        if state.attempt.number != *attempt {
            // An end would let half a body pass for a whole one.
            return Poll::Ready(Some(Err("the request is sent on another connection".into())));
        }
        state.attempt.was_read = true;
        let polled = match state.kept.get(*place) {
            Some(piece) => Poll::Ready(Some(Ok(piece.frame()))),
            None => state.poll_piece(context),
        };
        *place += usize::from(polled.is_ready());
        polled
    }

    fn is_end_stream(&self) -> bool {
        let Some(upload) = &self.upload else { return true };
        let state = upload.lock();
        let is_over = state.has_ended || state.body.is_end_stream();
        self.place >= state.kept.len() && state.rest.is_empty() && is_over
    }

    fn size_hint(&self) -> SizeHint {
        self.upload.as_ref().map_or_else(|| SizeHint::with_exact(0), |upload| upload.hint)
    }
}

impl<B> Drop for Sent<B> {
    fn drop(&mut self) {
        let Some(upload) = &self.upload else { return };
        let mut state = upload.lock();
        if state.attempt.number == self.attempt {
            state.attempt.is_let_go = true;
            drop(state);
            upload.let_go.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::{BodyExt, Full, StreamBody};

    use super::*;

    async fn read(sent: Sent<impl RequestBody>) -> Result<Bytes, BoxError> {
        Ok(sent.collect().await?.to_bytes())
    }

    #[tokio::test]
    async fn a_short_body_can_be_sent_again_and_the_attempt_before_breaks_off() {
        let pieces = ["one ", "two"].map(|piece| Ok::<_, BoxError>(Frame::data(Bytes::from(piece))));
        let upload = Upload::new(StreamBody::new(futures_util::stream::iter(pieces))).unwrap();
        let mut first = upload.attempt();
        assert_eq!(first.frame().await.unwrap().unwrap().into_data().unwrap(), "one ");
        let second = upload.attempt();
        assert!(first.frame().await.unwrap().is_err());
        assert_eq!(read(second).await.unwrap(), "one two");
        assert!(upload.is_whole());
        assert_eq!(read(upload.attempt()).await.unwrap(), "one two");
    }

    #[tokio::test]
    async fn a_large_frame_is_handed_out_in_parts() {
        let body: Vec<u8> = (0..=3 * PIECE_BYTES).map(|place| place as u8).collect();
        let upload = Upload::new(Full::new(Bytes::from(body.clone()))).unwrap();
        let mut sent = upload.attempt();
        let mut parts = Vec::new();
        while !sent.is_end_stream() {
            parts.push(sent.frame().await.unwrap().unwrap().into_data().unwrap());
        }
        assert_eq!(
            parts.iter().map(Bytes::len).collect::<Vec<_>>(),
            [PIECE_BYTES, PIECE_BYTES, PIECE_BYTES, 1]
        );
        assert_eq!(parts.concat(), body);
        assert!(sent.frame().await.is_none());
    }

    #[tokio::test]
    async fn a_body_of_many_small_frames_is_not_kept() {
        let frames = |count| {
            let frame = |_| Ok::<_, BoxError>(Frame::data(Bytes::from_static(b"x")));
            Upload::new(StreamBody::new(futures_util::stream::iter((0..count).map(frame)))).unwrap()
        };
        for (count, is_whole) in [(KEPT_PIECES, true), (KEPT_PIECES + 1, false)] {
            let upload = frames(count);
            assert_eq!(read(upload.attempt()).await.unwrap().len(), count);
            assert_eq!(upload.is_whole(), is_whole);
        }
    }

    #[tokio::test]
    async fn the_last_attempt_is_the_one_that_lets_go() {
        let upload = Upload::new(Full::new(Bytes::from("body"))).unwrap();
        let first = upload.attempt();
        let second = upload.attempt();
        drop(first);
        assert!(!upload.is_let_go());
        let (uploaded, ()) = tokio::join!(read(second), upload.let_go());
        assert_eq!(uploaded.unwrap(), "body");
        assert!(upload.is_let_go());
    }

    #[tokio::test]
    async fn a_long_body_cannot_be_sent_again_once_it_was_read() {
        let upload = Upload::new(Full::new(Bytes::from(vec![0; KEPT_BYTES + 1]))).unwrap();
        assert!(upload.is_whole());
        assert_eq!(upload.attempt().size_hint().exact(), Some(KEPT_BYTES as u64 + 1));
        assert_eq!(read(upload.attempt()).await.unwrap().len(), KEPT_BYTES + 1);
        assert!(!upload.is_whole());
    }
}
