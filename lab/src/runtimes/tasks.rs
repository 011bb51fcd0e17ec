//! A client whose requests are tasks of an asynchronous runtime.

use std::sync::Arc;
use std::time::Instant;

use anyhow::Context;
use latebind_driver::{Pool, Stats};
use tokio::sync::oneshot;

use crate::client::{Client, Leased, Part, Request};
use crate::connector::Connector;
use crate::manager::HttpManager;
use crate::runtimes::network::Network;

/// The pool and the tasks on `R`.
#[derive(Debug)]
pub struct Tasks<R: Network> {
    runtime: R,
    pool: Pool<HttpManager<R>, R>,
}

impl<R: Network> Client for Tasks<R> {
    const NAME: &'static str = R::NAME;
    const MEANS: &'static str = "its tasks, and hyper on its sockets";

    fn new(connector: &Arc<Connector>) -> anyhow::Result<Self> {
        let runtime = R::current().with_context(|| format!("no {} here", R::NAME))?;
        let manager = HttpManager::new(Arc::clone(connector));
        let pool = Pool::builder(manager).runtime(runtime.clone()).build()?;
        Ok(Self { runtime, pool })
    }

    fn request(&self, path: &'static str) -> Request {
        let (request, part, ended) = Request::new();
        let pool = self.pool.clone();
        self.runtime.spawn(async move {
            // Who does not listen any more has failed already.
            let _ = ended.send(perform(pool, path, part).await);
        });
        request
    }

    fn stats(&self) -> Stats {
        self.pool.stats()
    }

    fn shutdown(self) -> oneshot::Receiver<()> {
        let (ended, end) = oneshot::channel();
        self.runtime.spawn(async move {
            self.pool.shutdown().await;
            let _ = ended.send(());
        });
        end
    }
}

async fn perform<R: Network>(
    pool: Pool<HttpManager<R>, R>,
    path: &'static str,
    part: Part,
) -> anyhow::Result<()> {
    let asked = Instant::now();
    let mut lease = pool.get(&()).await?;
    let _ = part.leased.send(Leased { local: lease.local(), source: lease.source(), wait: asked.elapsed() });
    let seen = lease.fetch(path).await?;
    R::here()?;
    let _ = part.answered.send(seen);
    // It ends by being dropped.
    let _ = part.hold.await;
    drop(lease);
    Ok(())
}
