//! One client connection that blocks: a socket of the standard library, and as much of HTTP/1.1 as the demo needs.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::str;
use std::thread;

use anyhow::{Context, ensure};

use crate::connector::{Connector, Counted};

/// An HTTP/1.1 connection; dropping it closes its socket.
#[derive(Debug)]
pub struct BlockingConnection {
    // Before what counts it: so it is closed before.
    stream: TcpStream,
    local: SocketAddr,
    /// No answer, or rest of an answer, is outstanding.
    is_ready: bool,
    _counted: Counted,
}

impl BlockingConnection {
    /// Opens a connection: what [`Connector::dial`] does, on this thread.
    ///
    /// # Errors
    ///
    /// If the server cannot be reached.
    pub fn dial(connector: &Connector) -> io::Result<Self> {
        let counted = connector.count();
        connector.gate().pass_blocking();
        let stream = TcpStream::connect(connector.server())?;
        stream.set_nodelay(true)?;
        let local = stream.local_addr()?;
        thread::sleep(connector.handshake());
        connector.opened();
        Ok(Self { stream, local, is_ready: true, _counted: counted })
    }

    /// The client's end: what the server sees as its peer.
    pub fn local(&self) -> SocketAddr {
        self.local
    }

    /// Whether it can take a request now: no answer is outstanding.
    pub fn is_ready(&self) -> bool {
        self.is_ready
    }

    /// Sends `GET path`, and returns the client address that the server saw.
    ///
    /// # Errors
    ///
    /// If the connection breaks, or the answer is not an address.
    pub fn fetch(&mut self, path: &str) -> anyhow::Result<SocketAddr> {
        self.is_ready = false;
        let request = format!("GET {path} HTTP/1.1\r\nhost: latebind.test\r\n\r\n");
        self.stream.write_all(request.as_bytes())?;
        let body = self.answer().with_context(|| format!("GET {path}"))?;
        self.is_ready = true;
        body.parse().with_context(|| format!("GET {path}: {body:?} is not an address"))
    }

    /// Reads one answer, whose length its head must tell, and not a byte more.
    fn answer(&mut self) -> anyhow::Result<String> {
        let mut answer = Vec::new();
        loop {
            let mut chunk = [0; 1024];
            let count = self.stream.read(&mut chunk)?;
            ensure!(count > 0, "the server closed the connection in the middle of an answer");
            answer.extend_from_slice(&chunk[..count]);
            if let Some(body) = body(&answer)? {
                return Ok(body);
            }
        }
    }
}

/// The body of an answer; `None` if there is more to come.
fn body(answer: &[u8]) -> anyhow::Result<Option<String>> {
    let mut headers = [httparse::EMPTY_HEADER; 16];
    let mut head = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(begin) = head.parse(answer)? else { return Ok(None) };
    let code = head.code.unwrap_or_default();
    ensure!(code == 200, "the server answered {code}");
    let length = head.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let length: usize = str::from_utf8(length.context("an answer of unknown length")?.value)?.parse()?;
    let body = &answer[begin..];
    ensure!(body.len() <= length, "the server said more than it announced");
    Ok(if body.len() == length { Some(String::from_utf8(body.to_vec())?) } else { None })
}

#[cfg(test)]
mod tests {
    use super::body;

    const ANSWER: &str = "HTTP/1.1 200 OK\r\ncontent-length: 11\r\ndate: now\r\n\r\n127.0.0.1:9";

    #[test]
    fn an_answer_is_read_to_its_last_byte_and_no_further() {
        for end in 0..ANSWER.len() {
            assert_eq!(body(&ANSWER.as_bytes()[..end]).unwrap(), None, "{end} bytes");
        }
        assert_eq!(body(ANSWER.as_bytes()).unwrap().as_deref(), Some("127.0.0.1:9"));
        let more = format!("{ANSWER}9");
        assert!(body(more.as_bytes()).unwrap_err().to_string().contains("more than it announced"));
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        for (answer, why) in [
            (ANSWER.replace("200 OK", "404 Not Found"), "404"),
            (ANSWER.replace("content-length: 11", "connection: close"), "unknown length"),
            (ANSWER.replace("11", "eleven"), "digit"),
            ("SSH-2.0-latebind\r\n".to_owned(), "version"),
        ] {
            let error = body(answer.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(why), "{answer:?}: {error}");
        }
    }
}
