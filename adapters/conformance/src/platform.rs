//! What the suite needs of an adapter.

use std::pin::pin;
use std::thread;
use std::time::Duration;

use futures_channel::oneshot;
use futures_util::future::{BoxFuture, Either, select};
use latebind_driver::{Builder, Config, Error, Get, Lease, Manager, Notice, Pool, Priority, Runtime};

use crate::{Conn, Counting, Counts, Net, NetError, block_on};

/// The keys of the scenarios: names of hosts.
pub type Key = &'static str;

/// What a request comes to.
pub type Answer<P> = Result<Lease<<P as Platform>::Manager, <P as Platform>::Runtime>, Error<NetError>>;

/// One adapter on one runtime, for the length of one scenario. [`Async`] is it for whatever polls futures.
pub trait Platform: Sized + Send + Sync + 'static {
    /// What the pool runs on.
    type Runtime: Runtime;
    /// What makes the connections: the [`Net`], or what an adapter puts around it.
    type Manager: Manager<Key = Key, Connection = Conn, Error = NetError>;

    /// Builds a pool on this runtime, as the adapter's users do.
    fn pool(&self, net: Net, setup: Setup) -> Pool<Self::Manager, Self::Runtime>;

    /// Asks for a connection as the adapter's users do, in a task or a thread of its own that may wait, and gives the
    /// answer to `reply`. Where a request can be called off, it is when the reply is not [wanted](Reply::unwanted).
    fn ask(&self, pool: Pool<Self::Manager, Self::Runtime>, wish: Wish, reply: Reply<Self>);

    /// Runs a user's own work: a task or a thread, not the pool's.
    fn task(&self, work: BoxFuture<'static, ()>);

    /// How many requesters make a crowd: thousands of tasks, or a thousand threads.
    fn crowd(&self) -> usize;

    /// What the pool has on its runtime, if that is a [`Counting`] one.
    fn counts(&self) -> Option<&Counts>;
}

/// How a scenario wants its pool.
pub struct Setup {
    pub(crate) config: Config,
    pub(crate) observer: Observer,
}

pub(crate) type Observer = Box<dyn Fn(&Key, &Notice<NetError>) + Send + Sync>;

impl Setup {
    /// Builds it.
    ///
    /// # Panics
    ///
    /// Where the runtime has no timer: the suite cannot run there.
    pub fn build<M, R, P>(self, builder: Builder<M, R, P>) -> P
    where
        M: Manager<Key = Key, Error = NetError>,
        R: Runtime,
        P: From<Pool<M, R>>,
    {
        let Self { config, observer } = self;
        let observed = builder.config(config).seed(1).observe(observer);
        observed.build().expect("the config is sound, and the runtime has a timer")
    }
}

/// What a scenario asks for.
#[derive(Clone, Copy, Debug)]
pub struct Wish {
    /// Of which key.
    pub key: Key,
    /// How urgent it is.
    pub priority: Priority,
    /// How long it waits; `None`: as the pool's config says.
    pub timeout: Option<Duration>,
}

impl Wish {
    pub(crate) fn of(key: Key) -> Self {
        Self { key, priority: Priority::default(), timeout: None }
    }

    pub(crate) fn level(mut self, level: u8) -> Self {
        self.priority = Priority::new(level).expect("there are eight levels");
        self
    }

    pub(crate) fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// The request for it, as a future that holds no handle of the pool.
    pub fn get<M: Manager<Key = Key>, R: Runtime>(&self, pool: &Pool<M, R>) -> Get<'static, M, R> {
        let get = pool.get_owned(self.key).priority(self.priority);
        match self.timeout {
            Some(timeout) => get.timeout(timeout),
            None => get,
        }
    }
}

/// Where the answer to a request goes.
pub struct Reply<P: Platform> {
    pub(crate) deliver: Box<dyn FnOnce(Answer<P>) + Send>,
    pub(crate) wanted: oneshot::Sender<()>,
}

impl<P: Platform> Reply<P> {
    /// Gives the answer, to be called where the request was made: what its requester does with a lease happens here.
    pub fn give(self, answer: Answer<P>) {
        (self.deliver)(answer);
    }

    /// Completes when nobody wants the answer any more: the request should be dropped.
    pub async fn unwanted(&mut self) {
        self.wanted.cancellation().await;
    }
}

/// Any runtime that polls futures; pools run on it [counted](Counting).
pub struct Async<R> {
    runtime: Counting<R>,
    task: fn(&R, BoxFuture<'static, ()>),
    crowd: usize,
}

impl<R: Runtime> Async<R> {
    /// Pools and their users are tasks of this runtime.
    pub fn new(runtime: R) -> Self {
        Self { runtime: Counting::new(runtime), task: |runtime, work| runtime.spawn(work), crowd: 3000 }
    }

    /// The pools' users are threads: where the runtime is not meant for tasks that wait.
    pub fn with_threads(runtime: R) -> Self {
        let task = |_: &R, work| drop(thread::spawn(|| block_on(work)));
        Self { runtime: Counting::new(runtime), task, crowd: 1000 }
    }
}

impl<R: Runtime> Platform for Async<R> {
    type Runtime = Counting<R>;
    type Manager = Net;

    fn pool(&self, net: Net, setup: Setup) -> Pool<Net, Counting<R>> {
        setup.build(Pool::builder(net).runtime(self.runtime.clone()))
    }

    fn ask(&self, pool: Pool<Net, Counting<R>>, wish: Wish, mut reply: Reply<Self>) {
        // The future alone: a request keeps no handle of its pool.
        let get = wish.get(&pool);
        drop(pool);
        self.task(Box::pin(async move {
            let answer = match select(get, pin!(reply.unwanted())).await {
                Either::Left((answer, _)) => answer,
                Either::Right(((), _)) => return,
            };
            reply.give(answer);
        }));
    }

    fn task(&self, work: BoxFuture<'static, ()>) {
        (self.task)(self.runtime.uncounted(), work);
    }

    fn crowd(&self) -> usize {
        self.crowd
    }

    fn counts(&self) -> Option<&Counts> {
        Some(self.runtime.counts())
    }
}
