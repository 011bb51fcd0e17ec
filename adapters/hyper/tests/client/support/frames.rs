//! A peer that speaks HTTP/2, frame by frame, as the test has it.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Peer, soon};

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const ACK: u8 = 1;
const MAX_CONCURRENT_STREAMS: u16 = 3;

pub(crate) const NO_ERROR: u32 = 0;
pub(crate) const INTERNAL_ERROR: u32 = 2;
pub(crate) const REFUSED_STREAM: u32 = 7;
pub(crate) const CANCEL: u32 = 8;

/// One connection, seen from the peer.
pub(crate) struct Frames<T = TcpStream>(T);

/// What a client says of its requests.
#[derive(PartialEq, Eq, Debug)]
pub(crate) enum Said {
    /// A request's head, and whether that is all of it.
    Head {
        stream: u32,
        is_all: bool,
    },
    Data {
        stream: u32,
        data: Vec<u8>,
        is_end: bool,
    },
    Reset {
        stream: u32,
        code: u32,
    },
    Goodbye,
    /// It has closed.
    End,
}

impl Frames {
    /// Accepts a connection, and allows so many streams.
    pub(crate) async fn accept(peer: &Peer, max_streams: u32) -> Self {
        Self::begin(peer.accept().await.0, max_streams).await
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> Frames<T> {
    /// Takes a client's preface, and allows so many streams.
    pub(crate) async fn begin(transport: T, max_streams: u32) -> Self {
        let mut frames = Self(transport);
        let mut preface = [0; 24];
        soon(frames.0.read_exact(&mut preface)).await.unwrap();
        assert_eq!(&preface, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        frames.allow(max_streams).await;
        frames
    }

    /// Allows so many streams from now on.
    pub(crate) async fn allow(&mut self, max_streams: u32) {
        let mut setting = MAX_CONCURRENT_STREAMS.to_be_bytes().to_vec();
        setting.extend(max_streams.to_be_bytes());
        self.say(SETTINGS, 0, 0, &setting).await;
    }

    /// `200 OK`, and nothing else.
    pub(crate) async fn answer(&mut self, stream: u32) {
        self.say(HEADERS, END_HEADERS | END_STREAM, stream, &[0x88]).await;
    }

    /// `200 OK`, and a piece of the body.
    pub(crate) async fn begin_answer(&mut self, stream: u32, piece: &str) {
        self.say(HEADERS, END_HEADERS, stream, &[0x88]).await;
        self.say(DATA, 0, stream, piece.as_bytes()).await;
    }

    pub(crate) async fn end_answer(&mut self, stream: u32, piece: &str) {
        self.say(DATA, END_STREAM, stream, piece.as_bytes()).await;
    }

    pub(crate) async fn reset(&mut self, stream: u32, code: u32) {
        self.say(RST_STREAM, 0, stream, &code.to_be_bytes()).await;
    }

    pub(crate) async fn goodbye(&mut self, last_stream: u32, code: u32) {
        let mut payload = last_stream.to_be_bytes().to_vec();
        payload.extend(code.to_be_bytes());
        self.say(GOAWAY, 0, 0, &payload).await;
    }

    /// Bytes that are no frame.
    pub(crate) async fn babble(&mut self) {
        self.0.write_all(&[0xff; 64]).await.unwrap();
    }

    async fn say(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let mut frame = length[1..].to_vec();
        frame.extend([kind, flags]);
        frame.extend(stream.to_be_bytes());
        frame.extend(payload);
        self.0.write_all(&frame).await.unwrap();
    }

    /// The head of the next request, which has no body.
    pub(crate) async fn head(&mut self) -> u32 {
        match self.next().await {
            Said::Head { stream, is_all: true } => stream,
            said => panic!("{said:?} is no request"),
        }
    }

    /// What the client says next of its requests.
    pub(crate) async fn next(&mut self) -> Said {
        loop {
            let mut head = [0; 9];
            if soon(self.0.read_exact(&mut head)).await.is_err() {
                return Said::End;
            }
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            let (kind, flags) = (head[3], head[4]);
            let stream = u32::from_be_bytes(head[5..].try_into().unwrap());
            let mut payload = vec![0; length as usize];
            soon(self.0.read_exact(&mut payload)).await.unwrap();
            let is_end = flags & END_STREAM != 0;
            match kind {
                HEADERS => return Said::Head { stream, is_all: is_end },
                DATA => return Said::Data { stream, data: payload, is_end },
                RST_STREAM => {
                    return Said::Reset { stream, code: u32::from_be_bytes(payload.try_into().unwrap()) };
                }
                GOAWAY => return Said::Goodbye,
                SETTINGS if flags & ACK == 0 => self.say(SETTINGS, ACK, 0, &[]).await,
                _ => {}
            }
        }
    }
}
