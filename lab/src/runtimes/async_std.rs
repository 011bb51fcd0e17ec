//! On async-std.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use async_std::net::TcpStream;
use async_std::task;
use latebind_async_std::AsyncStdRuntime;
use smol_hyper::rt::FuturesIo;
use tokio::runtime::Handle;

use crate::runtimes::network::Network;

impl Network for AsyncStdRuntime {
    const NAME: &'static str = "async-std";
    type Stream = FuturesIo<TcpStream>;

    async fn connect(server: SocketAddr, handshake: Duration) -> io::Result<(Self::Stream, SocketAddr)> {
        let stream = TcpStream::connect(server).await?;
        stream.set_nodelay(true)?;
        let local = stream.local_addr()?;
        task::sleep(handshake).await;
        Ok((FuturesIo::new(stream), local))
    }

    fn is_here() -> bool {
        task::try_current().is_some() && Handle::try_current().is_err()
    }
}
