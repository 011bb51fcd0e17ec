//! A client whose requests are threads: no asynchronous runtime at all.

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use latebind_driver::Stats;
use latebind_std::{Manager, Pool};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::client::{Client, Leased, Part, Request};
use crate::connector::Connector;
use crate::runtimes::blocking::BlockingConnection;

/// The pool of `latebind-std`, and a thread for each request.
#[derive(Debug)]
pub struct Threads {
    pool: Pool<BlockingManager>,
}

/// How the threads of requests are called.
const REQUEST: &str = "demo-request";

/// How `latebind-std` calls those that dial.
const WORKER: &str = "latebind-worker";

impl Client for Threads {
    const NAME: &'static str = "std";
    const MEANS: &'static str = "a thread for each request, and sockets that block";

    fn new(connector: &Arc<Connector>) -> anyhow::Result<Self> {
        let manager = BlockingManager { connector: Arc::clone(connector) };
        Ok(Self { pool: Pool::builder(manager).build()? })
    }

    fn request(&self, path: &'static str) -> Request {
        let (request, part, ended) = Request::new();
        let pool = self.pool.clone();
        start(move || {
            // Who does not listen any more has failed already.
            let _ = ended.send(perform(&pool, path, part));
        });
        request
    }

    fn stats(&self) -> Stats {
        self.pool.stats()
    }

    fn shutdown(self) -> oneshot::Receiver<()> {
        let (ended, end) = oneshot::channel();
        start(move || {
            self.pool.shutdown();
            let _ = ended.send(());
        });
        end
    }
}

/// If the system gives no thread, `work` is dropped, which whoever waits for it notices.
fn start(work: impl FnOnce() + Send + 'static) {
    let _ = thread::Builder::new().name(REQUEST.into()).spawn(work);
}

fn perform(pool: &Pool<BlockingManager>, path: &str, part: Part) -> anyhow::Result<()> {
    let asked = Instant::now();
    let mut lease = pool.get(&())?;
    let _ = part.leased.send(Leased { local: lease.local(), source: lease.source(), wait: asked.elapsed() });
    on_thread(REQUEST)?;
    let seen = lease.fetch(path)?;
    let _ = part.answered.send(seen);
    // It ends by being dropped.
    let _ = part.hold.blocking_recv();
    drop(lease);
    Ok(())
}

/// The demo's proof that it shows what it says.
fn on_thread(name: &str) -> io::Result<()> {
    let thread = thread::current();
    if thread.name() == Some(name) && Handle::try_current().is_err() {
        return Ok(());
    }
    Err(io::Error::other(format!(
        "this should run on a thread {name:?} without tokio, but runs on {thread:?}"
    )))
}

/// Makes blocking connections to one server.
#[derive(Debug)]
struct BlockingManager {
    connector: Arc<Connector>,
}

impl Manager for BlockingManager {
    type Key = ();
    type Connection = BlockingConnection;
    type Error = io::Error;

    fn connect(&self, (): &()) -> io::Result<BlockingConnection> {
        on_thread(WORKER)?;
        BlockingConnection::dial(&self.connector)
    }

    fn is_reusable(&self, connection: &mut BlockingConnection) -> bool {
        connection.is_ready()
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::{REQUEST, on_thread, start};
    use tokio::sync::oneshot;

    #[tokio::test]
    async fn only_the_thread_of_that_name_passes_for_it() {
        assert!(on_thread(REQUEST).is_err());
        let (told, answer) = oneshot::channel();
        start(move || told.send((on_thread(REQUEST).is_ok(), on_thread("another").is_ok())).unwrap());
        assert_eq!(answer.await.unwrap(), (true, false));
    }

    #[tokio::test]
    async fn a_thread_of_that_name_on_tokio_does_not() {
        let tokio = tokio::runtime::Handle::current();
        let thread = thread::Builder::new().name(REQUEST.into());
        let refused = thread.spawn(move || {
            let _entered = tokio.enter();
            on_thread(REQUEST).is_err()
        });
        assert!(refused.unwrap().join().unwrap());
    }
}
