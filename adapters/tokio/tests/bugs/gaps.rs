//! What another thread does in the gaps of this one's work: between two looks under the lock.
//!
//! The driver asks for the time before each step, outside of its lock, and starts tasks after it. So a clock and a spawn
//! that call back put another's move into these gaps in turn, without a thread and without chance. The gaps that have
//! neither (between a request and the place of its waker, if it dials nothing) are those of the driver's interleavings.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use latebind_driver::{Get, Lease, Pool};
use latebind_tokio::{Config, Error, Runtime, Time, TokioRuntime};

use crate::alone::alone;
use crate::support::{Net, NetError, Peer, config, net};

type Answer = Result<Lease<Net, Gaps>, Error<NetError>>;

/// Tokio's runtime, with a clock and a spawn that call back.
#[derive(Clone)]
pub(crate) struct Gaps {
    tokio: TokioRuntime,
    intruder: Arc<Mutex<Option<Intruder>>>,
}

struct Intruder {
    gaps_before: u32,
    act: Box<dyn FnOnce() + Send>,
}

impl Gaps {
    /// Does the `work`, and in its gap of that number the `act`; whether there was such a gap.
    pub(crate) fn intrude<T>(
        &self,
        gap: u32,
        act: impl FnOnce() + Send + 'static,
        work: impl FnOnce() -> T,
    ) -> (T, bool) {
        self.wait_for(gap, act);
        let done = work();
        let not_called = self.replace(None);
        (done, not_called.is_none())
    }

    /// Has the `act` done in the gap of that number from now on.
    pub(crate) fn wait_for(&self, gap: u32, act: impl FnOnce() + Send + 'static) {
        self.replace(Some(Intruder { gaps_before: gap, act: Box::new(act) }));
    }

    /// Whether that gap has come.
    pub(crate) fn is_over(&self) -> bool {
        self.intruder.lock().expect("no panic").is_none()
    }

    fn replace(&self, intruder: Option<Intruder>) -> Option<Intruder> {
        std::mem::replace(&mut *self.intruder.lock().expect("no panic"), intruder)
    }

    /// Here is a gap.
    fn let_in(&self) {
        if let Some(intruder) = self.take_due() {
            (intruder.act)();
        }
    }

    /// Its turn has come. Taken out first: what it does asks for the time as well.
    fn take_due(&self) -> Option<Intruder> {
        let mut intruder = self.intruder.lock().expect("no panic");
        if intruder.as_ref().is_some_and(|intruder| intruder.gaps_before == 0) {
            return intruder.take();
        }
        if let Some(intruder) = intruder.as_mut() {
            intruder.gaps_before -= 1;
        }
        None
    }
}

impl Runtime for Gaps {
    fn current() -> Option<Self> {
        None
    }

    fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        self.tokio.spawn(future);
        self.let_in();
    }

    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send + 'static {
        self.tokio.sleep(duration)
    }

    fn now(&self) -> Time {
        let now = self.tokio.now();
        self.let_in();
        now
    }
}

pub(crate) struct Scene {
    pub(crate) pool: Pool<Net, Gaps>,
    pub(crate) peer: Peer,
    pub(crate) gaps: Gaps,
}

impl Scene {
    pub(crate) fn of(net: Net, peer: Peer, config: Config) -> Self {
        let gaps =
            Gaps { tokio: TokioRuntime::new(tokio::runtime::Handle::current()), intruder: Arc::default() };
        let pool = Pool::builder(net).config(config).seed(1).runtime(gaps.clone()).build().expect("sound");
        Self { pool, peer, gaps }
    }

    /// A pool of that many connections for each key.
    pub(crate) fn new(connections: u32) -> Self {
        let (net, peer) = net();
        Self::of(net, peer, config().max_connections_per_key(connections))
    }

    /// The same, and what comes back is recycled first, which never ends by itself.
    pub(crate) fn recycling(connections: u32) -> Self {
        let (net, peer) = net();
        Self::of(net.recycling(), peer, config().max_connections_per_key(connections))
    }

    /// A pool of one connection, which carries so many leases.
    pub(crate) fn shared(leases: u32) -> Self {
        let (net, peer) = net();
        Self::of(net.shared(leases), peer, config().max_connections_per_key(1))
    }

    pub(crate) async fn lease(&mut self) -> Lease<Net, Gaps> {
        let mut get = self.pool.get(&"host");
        assert!(poll(&mut get, &Bell::new()).is_pending());
        self.peer.dial().await.connect();
        get.await.expect("served")
    }

    /// The connection that is there, on one more lease.
    pub(crate) fn one_more(&self) -> Lease<Net, Gaps> {
        ready(poll(&mut self.pool.get(&"host"), &Bell::new()))
    }

    pub(crate) fn waiter(&self) -> (Get<'static, Net, Gaps>, Arc<Bell>) {
        let (mut get, bell) = (self.pool.get_owned("host"), Bell::new());
        assert!(poll(&mut get, &bell).is_pending());
        (get, bell)
    }

    /// A request, and what polls it first: it has to wait then.
    pub(crate) fn newcomer(&self) -> (Arc<Mutex<Get<'static, Net, Gaps>>>, impl FnOnce() + Send + 'static) {
        let newcomer = Arc::new(Mutex::new(self.pool.get_owned("host")));
        let asking = Arc::clone(&newcomer);
        let ask = move || assert!(poll(&mut asking.lock().expect("no panic"), &Bell::new()).is_pending());
        (newcomer, ask)
    }

    #[track_caller]
    pub(crate) fn is_sound(&self) {
        assert_eq!(self.pool.check_invariants(), Ok(()));
    }
}

/// Whether a waiter was woken.
pub(crate) struct Bell(AtomicBool);

impl Bell {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(AtomicBool::new(false)))
    }

    pub(crate) fn has_rung(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

pub(crate) fn poll(get: &mut Get<'_, Net, Gaps>, bell: &Arc<Bell>) -> Poll<Answer> {
    Pin::new(get).poll(&mut Context::from_waker(&Waker::from(Arc::clone(bell))))
}

#[track_caller]
pub(crate) fn ready(answer: Poll<Answer>) -> Lease<Net, Gaps> {
    match answer {
        Poll::Ready(Ok(lease)) => lease,
        other => panic!("it should be served, but got {other:?}"),
    }
}

/// Plays the scene for the first gap, the second one, and so on, as long as it tells that there was one.
pub(crate) fn in_every_gap(at_least: u32, scene: impl AsyncFn(u32) -> bool + Send + 'static) {
    alone(async move || {
        let mut gap = 0;
        while scene(gap).await {
            gap += 1;
        }
        assert!(gap >= at_least, "only {gap} gaps were tried");
    });
}
