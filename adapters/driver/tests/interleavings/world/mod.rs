//! What a scenario is played in: a pool on a runtime and a network made for the model checker.

mod explore;
mod gate;
mod net;
mod runtime;

use std::sync::Arc;
use std::time::Duration;

use latebind_driver::{Config, Error, Get, Lease, Pool};

pub(crate) use self::explore::{explore, spawn};
use self::gate::Gate;
pub(crate) use self::net::Net;
pub(crate) use self::runtime::{Model, poll_once};

pub(crate) type ModelPool = Pool<Net, Model>;
pub(crate) type ModelGet = Get<'static, Net, Model>;
pub(crate) type ModelLease = Lease<Net, Model>;
pub(crate) type Got = Result<ModelLease, Error<&'static str>>;

/// Made anew for each interleaving.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) runtime: Model,
    pub(crate) net: Net,
    /// Of the pool.
    limit: u32,
}

impl World {
    pub(crate) fn new() -> Self {
        Self { runtime: Model::new(), net: Net::new(), limit: 0 }
    }

    /// A pool of this world's connections; no more than `connections` of them.
    pub(crate) fn pool(&mut self, connections: u32, config: Config) -> ModelPool {
        self.limit = connections;
        Pool::builder(self.net.clone())
            .runtime(self.runtime.clone())
            .config(config.max_connections_per_key(connections))
            .seed(1)
            .build()
            .expect("the config is sound")
    }

    /// A lease, in the set-up of a scenario, while there is one thread.
    pub(crate) fn lease(&self, pool: &ModelPool) -> ModelLease {
        self.runtime.block_on(pool.get(&())).expect("nothing is in its way")
    }

    /// Everything comes to its end: to be called when the other threads have ended and the leases are dropped.
    ///
    /// Nobody waits any more, and the tables agree. Then the pool goes, and with it everything of it.
    pub(crate) fn end(self, pool: ModelPool) {
        self.rests(&pool);
        drop(pool);
        self.nothing_is_left();
    }

    /// What is ready has run, nobody waits any more, and the tables agree.
    pub(crate) fn rests(&self, pool: &ModelPool) {
        self.runtime.run();
        pool.check_invariants().expect("the invariants hold");
        let stats = pool.stats();
        assert_eq!(
            (stats.waiters, stats.leased, stats.dialing, stats.checking, stats.closing),
            (0, 0, 0, 0, 0)
        );
        assert_eq!(stats.idle as usize, self.net.alive(), "what is parked is there, and nothing else");
    }

    /// A5: the pool has gone, so there is no connection, task, timer or waker of it.
    pub(crate) fn nothing_is_left(self) {
        self.runtime.run();
        assert_eq!(self.net.alive(), 0, "every connection was dropped");
        assert_eq!(self.net.closes(), self.net.opened(), "each was closed once");
        self.nothing_runs();
    }

    /// No task, timer or waker of the pool is left; connections may have been lost with their runtime.
    pub(crate) fn nothing_runs(self) {
        assert_eq!(self.net.alive(), 0, "every connection was dropped");
        assert!(self.net.most() <= self.limit as usize, "{} connections at once", self.net.most());
        assert_eq!(self.runtime.tasks(), 0, "every task has ended");
        assert_eq!(self.runtime.sleepers(), 0, "nobody sleeps");
        assert_eq!(Arc::strong_count(&self.runtime.0), 1, "nobody else holds the runtime: the pool has gone");
    }
}

/// A request that was polled once, by somebody who is not there any more.
pub(crate) fn waiter(pool: &ModelPool) -> ModelGet {
    let mut get = pool.get_owned(());
    assert!(poll_once(&mut get).is_none(), "it waits");
    get
}

/// Nothing expires, unless a scenario says so.
pub(crate) fn timeless() -> Config {
    Config::default().request_timeout(None).dial_timeout(None).check_timeout(None).idle_timeout(None)
}

/// A span of the model's time.
pub(crate) fn span(ticks: u64) -> Duration {
    Duration::from_nanos(ticks)
}
