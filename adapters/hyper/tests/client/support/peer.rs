//! A peer that speaks bytes, as the test has it: for what a server of hyper's would never do.

use std::net::SocketAddr;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::soon;

pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    listener: TcpListener,
}

impl Peer {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self { address: listener.local_addr().unwrap(), listener }
    }

    pub(crate) fn uri(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) async fn accept(&self) -> Line {
        Line(soon(self.listener.accept()).await.unwrap().0)
    }

    /// Nobody may have connected meanwhile.
    pub(crate) async fn assert_idle(&self) {
        let accepted = std::pin::pin!(self.listener.accept());
        assert!(futures_util::future::poll_immediate(accepted).await.is_none(), "somebody has connected");
    }
}

/// One connection, seen from the peer.
pub(crate) struct Line<T = TcpStream>(pub(crate) T);

impl<T: AsyncRead + AsyncWrite + Unpin> Line<T> {
    /// The head of a request, up to and with its empty line.
    pub(crate) async fn head(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let byte = soon(self.0.read_u8()).await.expect("the client closes before its request ends");
            head.push(byte);
        }
        String::from_utf8(head).unwrap()
    }

    pub(crate) async fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        soon(self.0.read_exact(&mut bytes)).await.unwrap();
        bytes
    }

    pub(crate) async fn say(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).await.unwrap();
    }

    /// A request comes, and gets this body.
    pub(crate) async fn answer(&mut self, body: &str) -> String {
        let head = self.head().await;
        self.say(ok(body)).await;
        head
    }

    /// The client closes.
    pub(crate) async fn closed(&mut self) {
        let mut rest = Vec::new();
        // A reset is a close as well.
        let _ = soon(self.0.read_to_end(&mut rest)).await;
        assert!(rest.is_empty(), "the client says {:?} before it closes", String::from_utf8_lossy(&rest));
    }
}

pub(crate) fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}
