//! On tokio.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use hyper_util::rt::TokioIo;
use latebind_tokio::TokioRuntime;
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::time::sleep;

use crate::runtimes::network::Network;

impl Network for TokioRuntime {
    const NAME: &'static str = "tokio";
    type Stream = TokioIo<TcpStream>;

    async fn connect(server: SocketAddr, handshake: Duration) -> io::Result<(Self::Stream, SocketAddr)> {
        let stream = TcpStream::connect(server).await?;
        stream.set_nodelay(true)?;
        let local = stream.local_addr()?;
        sleep(handshake).await;
        Ok((TokioIo::new(stream), local))
    }

    fn is_here() -> bool {
        Handle::try_current().is_ok()
    }
}
