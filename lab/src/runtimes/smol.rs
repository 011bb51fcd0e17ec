//! On smol.

use std::io;
use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use latebind_smol::SmolRuntime;
use smol::Timer;
use smol::net::TcpStream;
use smol_hyper::rt::FuturesIo;
use tokio::runtime::Handle;

use crate::runtimes::network::Network;

impl Network for SmolRuntime {
    const NAME: &'static str = "smol";
    type Stream = FuturesIo<TcpStream>;

    async fn connect(server: SocketAddr, handshake: Duration) -> io::Result<(Self::Stream, SocketAddr)> {
        let stream = TcpStream::connect(server).await?;
        stream.set_nodelay(true)?;
        let local = stream.local_addr()?;
        Timer::after(handshake).await;
        Ok((FuturesIo::new(stream), local))
    }

    /// smol has no other way to tell than the names of the threads of its executor.
    fn is_here() -> bool {
        let thread = thread::current();
        thread.name().is_some_and(|name| name.starts_with("smol-")) && Handle::try_current().is_err()
    }
}
