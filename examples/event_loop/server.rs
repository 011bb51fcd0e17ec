//! The other side: a plain server, in a process of its own.
//!
//! It greets who connects, and answers each line after a while. It has a thread for each connection, since here nobody
//! cares how a server works.

use std::error::Error;
use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

/// A dial has ended well when this line has come, not when TCP is connected: no protocol is ready earlier.
pub const GREETING: &str = "welcome";
/// Answered by the rest of the line.
pub const ASK: &str = "ask";
/// Answered by a close.
pub const BREAK: &str = "break";
pub const PING: &str = "ping";
pub const PONG: &str = "pong";

/// How long an answer takes.
const SERVICE: Duration = Duration::from_millis(5);
/// How long a server that closes what is idle keeps it open.
const KEEP_ALIVE: Duration = Duration::from_millis(100);

/// How a server treats who connects.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Manners {
    Steady,
    /// Closes connections that have been used, and then idle for [`KEEP_ALIVE`].
    Closing,
    /// Accepts, and never says a word.
    Mute,
}

/// The server's process, as the one who started it sees it.
pub struct Server {
    process: Child,
    pub steady: SocketAddr,
    pub closing: SocketAddr,
    pub mute: SocketAddr,
}

impl Server {
    /// Starts this program once more, as the server, and reads where it listens.
    pub fn start() -> Result<Self, Box<dyn Error>> {
        let mut process = Command::new(std::env::current_exe()?)
            .arg("serve")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut lines = BufReader::new(process.stdout.take().ok_or("the server has no stdout")?).lines();
        let mut address = || -> Result<SocketAddr, Box<dyn Error>> {
            Ok(lines.next().ok_or("the server did not start")??.parse()?)
        };
        Ok(Self { steady: address()?, closing: address()?, mute: address()?, process })
    }

    /// Ends it and waits for its end. (It ends as well if we do without a word.)
    pub fn stop(mut self) -> Result<(), Box<dyn Error>> {
        drop(self.process.stdin.take());
        let status = self.process.wait()?;
        if status.success() { Ok(()) } else { Err(format!("the server ended with {status}").into()) }
    }
}

/// The server itself: lives as long as its stdin, which closes when its parent ends, however it ends.
pub fn serve() -> Result<(), Box<dyn Error>> {
    for manners in [Manners::Steady, Manners::Closing, Manners::Mute] {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        println!("{}", listener.local_addr()?);
        thread::spawn(move || accept(&listener, manners));
    }
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(())
}

fn accept(listener: &TcpListener, manners: Manners) {
    static ACCEPTED: AtomicU64 = AtomicU64::new(0);
    for stream in listener.incoming().flatten() {
        // Some handshakes take longer than others, so that dials overtake each other.
        let handshake = Duration::from_millis(10 + ACCEPTED.fetch_add(1, Ordering::Relaxed) % 4 * 5);
        // A client that goes is no error.
        thread::spawn(move || attend(&stream, manners, handshake));
    }
}

fn attend(stream: &TcpStream, manners: Manners, handshake: Duration) -> io::Result<()> {
    if manners == Manners::Mute {
        return io::copy(&mut &*stream, &mut io::sink()).map(drop);
    }
    stream.set_nodelay(true)?;
    thread::sleep(handshake);
    say(stream, GREETING)?;
    for line in BufReader::new(stream).lines() {
        let line = line?;
        match line.split_once(' ') {
            _ if line == BREAK => break,
            _ if line == PING => say(stream, PONG)?,
            Some((ASK, what)) => {
                thread::sleep(SERVICE);
                say(stream, what)?;
                // Who never asked has all the time to do so.
                stream.set_read_timeout((manners == Manners::Closing).then_some(KEEP_ALIVE))?;
            }
            _ => return Err(ErrorKind::InvalidData.into()),
        }
    }
    Ok(())
}

fn say(mut stream: &TcpStream, line: &str) -> io::Result<()> {
    stream.write_all(format!("{line}\n").as_bytes())
}
