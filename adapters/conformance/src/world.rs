//! What a scenario has in its hands.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use futures_channel::oneshot;
use latebind_driver::{Config, Error, Get, Manager, Notice, Runtime};

use crate::net::{Dial, Peer, Trial, net};
use crate::platform::{Answer, Key, Platform, Reply, Setup, Wish};
use crate::wait::until;
use crate::{Net, NetError};

pub(crate) type Pool<P> = latebind_driver::Pool<<P as Platform>::Manager, <P as Platform>::Runtime>;
pub(crate) type Lease<P> = latebind_driver::Lease<<P as Platform>::Manager, <P as Platform>::Runtime>;
pub(crate) type Failure = Error<NetError>;

/// A platform, a network, and one pool between them.
pub(crate) struct World<P> {
    pub(crate) platform: Arc<P>,
    pub(crate) peer: Peer,
    net: Option<Net>,
    told: Arc<Mutex<Vec<String>>>,
    /// Connections that nobody could close, since a panic of the manager's has taken them.
    lost: usize,
}

/// A request that was made in a task or thread of its own. Dropping it calls the request off, where that is possible.
#[must_use = "dropping it calls the request off"]
pub(crate) struct Asked<P: Platform> {
    answer: Option<oneshot::Receiver<Answer<P>>>,
    _wants: oneshot::Receiver<()>,
}

impl<P: Platform> World<P> {
    pub(crate) fn new(platform: Arc<P>) -> Self {
        let (net, peer) = net();
        Self { platform, peer, net: Some(net), told: Arc::default(), lost: 0 }
    }

    /// The scenario's pool.
    pub(crate) fn pool(&mut self, config: Config) -> Pool<P> {
        let net = self.net.take().expect("a scenario has one pool");
        let told = Arc::clone(&self.told);
        let observer = Box::new(move |key: &Key, notice: &Notice<NetError>| {
            told.lock().unwrap_or_else(PoisonError::into_inner).push(line(key, notice));
        });
        self.platform.pool(net, Setup { config, observer })
    }

    /// What the pool's observer was told so far.
    pub(crate) fn told(&self) -> Vec<String> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Asks for a connection of `key`: when this returns, the pool knows of the request.
    pub(crate) async fn ask(&self, pool: &Pool<P>, key: Key) -> Asked<P> {
        self.wish(pool, Wish::of(key)).await
    }

    /// As [`ask`](Self::ask), with more to say.
    pub(crate) async fn wish(&self, pool: &Pool<P>, wish: Wish) -> Asked<P> {
        let requests = pool.stats().counters.requests;
        let asked = self.wish_unseen(pool, wish);
        until("the pool knows of the request", || pool.stats().counters.requests > requests).await;
        asked
    }

    /// Asks without waiting for the pool to know of it.
    pub(crate) fn wish_unseen(&self, pool: &Pool<P>, wish: Wish) -> Asked<P> {
        let (sender, answer) = oneshot::channel();
        // If nobody wants it any more, a lease in it ends here.
        let asked = self.wish_for(pool, wish, move |answer| drop(sender.send(answer)));
        Asked { answer: Some(answer), ..asked }
    }

    /// As [`wish_unseen`](Self::wish_unseen); the requester's own task or thread does `work` with the answer.
    pub(crate) fn wish_for(
        &self,
        pool: &Pool<P>,
        wish: Wish,
        work: impl FnOnce(Answer<P>) + Send + 'static,
    ) -> Asked<P> {
        let (wanted, wants) = oneshot::channel();
        self.platform.ask(pool.clone(), wish, Reply { deliver: Box::new(work), wanted });
        Asked { answer: None, _wants: wants }
    }

    /// Asks for a connection that is there.
    pub(crate) async fn take(&self, pool: &Pool<P>, key: Key) -> Lease<P> {
        self.wish_unseen(pool, Wish::of(key)).served().await
    }

    /// The next dial that the pool starts.
    pub(crate) async fn dial(&mut self) -> Dial {
        self.peer.dial().await
    }

    /// The next check or recycling that the pool starts.
    pub(crate) async fn trial(&mut self) -> Trial {
        self.peer.trial().await
    }

    /// Opens a connection of `key`, and takes it.
    pub(crate) async fn open(&mut self, pool: &Pool<P>, key: Key) -> Lease<P> {
        let asked = self.ask(pool, key).await;
        self.dial().await.connect();
        asked.served().await
    }

    /// Opens so many connections of `key`, and parks them all.
    pub(crate) async fn park(&mut self, pool: &Pool<P>, key: Key, count: usize) {
        let mut leases = Vec::new();
        for _ in 0..count {
            leases.push(self.open(pool, key).await);
        }
        let idle = pool.stats().idle + count as u32;
        drop(leases);
        until("they are parked", || pool.stats().idle == idle).await;
    }

    /// Has a task or a thread of its own wait for something; true once that has come. It waits already when this
    /// returns, or will in a moment.
    pub(crate) async fn listens(&self, what: impl Future<Output = ()> + Send + 'static) -> Arc<AtomicBool> {
        let told = Arc::<AtomicBool>::default();
        let listens = Arc::<AtomicBool>::default();
        let (tells, begins) = (Arc::clone(&told), Arc::clone(&listens));
        self.platform.task(Box::pin(async move {
            begins.store(true, Ordering::SeqCst);
            what.await;
            tells.store(true, Ordering::SeqCst);
        }));
        until("it listens", || listens.load(Ordering::SeqCst)).await;
        told
    }

    /// So many connections will be dropped unclosed, for a panic of the manager's has taken them.
    pub(crate) fn loses(&mut self, connections: usize) {
        self.lost += connections;
    }

    /// The common end: the scenario has dropped its pool, and all that it had of it.
    pub(crate) async fn end(self) {
        let Self { platform, mut peer, net, lost, .. } = self;
        drop(net);
        until("every connection is dropped", || peer.alive() == 0).await;
        until("the manager is dropped, with all that held it", || peer.is_abandoned()).await;
        assert_eq!(peer.closes() + lost, peer.opened(), "each connection was closed, once");
        if let Some(counts) = platform.counts() {
            until("no task of the pool is left", || counts.tasks() == 0).await;
            until("no timer of the pool is left", || counts.sleeps() == 0).await;
        }
    }
}

impl<P: Platform> Asked<P> {
    /// Its answer, when there is one.
    pub(crate) async fn answer(self) -> Answer<P> {
        let answer = self.answer.expect("it was asked for here");
        answer.await.expect("the task of the request has ended without an answer")
    }

    pub(crate) async fn served(self) -> Lease<P> {
        self.answer().await.expect("it should be served")
    }

    pub(crate) async fn failed(self) -> Failure {
        self.answer().await.expect_err("it should fail")
    }
}

/// What a poll of a request comes to.
type Polled<M, R> = Poll<Result<latebind_driver::Lease<M, R>, Error<<M as Manager>::Error>>>;

/// One poll of a request that the scenario holds in its own hands, with a waker that does nothing.
pub(crate) fn poll_once<M: Manager, R: Runtime>(get: &mut Get<'_, M, R>) -> Polled<M, R> {
    Pin::new(get).poll(&mut Context::from_waker(Waker::noop()))
}

/// Polls a request that has to wait.
#[track_caller]
pub(crate) fn waits<M: Manager, R: Runtime>(get: &mut Get<'_, M, R>) {
    assert!(poll_once(get).is_pending(), "it should wait");
}

/// The pool is as it should be.
#[track_caller]
pub(crate) fn sound<M: Manager, R: Runtime>(pool: &latebind_driver::Pool<M, R>) {
    assert_eq!(pool.check_invariants(), Ok(()));
}

fn line(key: &str, notice: &Notice<NetError>) -> String {
    let text = match notice {
        Notice::Delivered { source, .. } => format!("delivered, {source:?}"),
        Notice::Failed { error, .. } => format!("failed, {error:?}"),
        Notice::Cancelled { .. } => "cancelled".into(),
        Notice::DialStarted { .. } => "dial".into(),
        Notice::DialOpened { .. } => "opened".into(),
        Notice::DialFailed { error: Some(error), .. } => error.to_string(),
        Notice::DialFailed { error: None, .. } => "stopped".into(),
        Notice::Checked { alive, .. } => format!("checked, {alive}"),
        Notice::Parked { .. } => "parked".into(),
        Notice::Overdue { .. } => "overdue".into(),
        Notice::Closing { reason, .. } => format!("closing, {reason:?}"),
        Notice::Closed { .. } => "closed".into(),
        other => format!("{other:?}"),
    };
    format!("{key}: {text}")
}
