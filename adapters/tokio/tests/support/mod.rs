//! A network under the tests' control: dials end when and how a test says, and connections count themselves.

#![expect(dead_code, reason = "each test file uses its part of it")]

mod trial;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use latebind_tokio::{Capacity, Config, DialError, Get, Lease, Manager, Pool};
use tokio::sync::{mpsc, oneshot, watch};
pub(crate) use trial::Trial;

/// Makes connections by asking the test.
pub(crate) struct Net {
    dials: mpsc::UnboundedSender<Dial>,
    shared: Arc<NetState>,
    leases: Option<u32>,
    watches: bool,
    trials: mpsc::UnboundedSender<Trial>,
    recycles: bool,
}

#[derive(Default)]
struct NetState {
    alive: AtomicUsize,
    dropped_dials: AtomicUsize,
    closes: AtomicUsize,
    names: AtomicU32,
    closing_panics: AtomicBool,
    reusing_panics: AtomicBool,
    cloning_panics: AtomicBool,
    watching_panics: AtomicBool,
    hold_closes: AtomicBool,
}

/// The test's end of the network.
pub(crate) struct Peer {
    dials: mpsc::UnboundedReceiver<Dial>,
    trials: mpsc::UnboundedReceiver<Trial>,
    shared: Arc<NetState>,
}

/// A dial in progress; dropping it leaves it hanging.
pub(crate) struct Dial {
    pub(crate) key: &'static str,
    end: oneshot::Sender<Outcome>,
    shared: Arc<NetState>,
}

enum Outcome {
    Connected(Conn),
    Failed(NetError),
    Panicked(&'static str),
}

/// A connection, or one handle to a shared one.
pub(crate) struct Conn {
    /// In the order of dialing, from 0.
    pub(crate) name: u32,
    /// What `is_reusable` answers.
    pub(crate) reusable: bool,
    /// True once the peer has closed it.
    peer_closed: watch::Receiver<bool>,
    peer: Arc<watch::Sender<bool>>,
    shared: Arc<NetState>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NetError {
    pub(crate) text: &'static str,
    fatal: bool,
}

pub(crate) fn net() -> (Net, Peer) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let shared = Arc::<NetState>::default();
    let (trials, tried) = mpsc::unbounded_channel();
    let net = Net {
        dials: sender,
        shared: Arc::clone(&shared),
        leases: None,
        watches: false,
        trials,
        recycles: false,
    };
    (net, Peer { dials: receiver, trials: tried, shared })
}

impl Net {
    /// Its connections carry so many leases at once.
    pub(crate) fn shared(mut self, leases: u32) -> Self {
        self.leases = Some(leases);
        self
    }

    pub(crate) fn watching(mut self) -> Self {
        self.watches = true;
        self
    }

    pub(crate) fn recycling(mut self) -> Self {
        self.recycles = true;
        self
    }

    pub(crate) fn pool(self, config: Config) -> Pool<Self> {
        Pool::builder(self)
            .config(config)
            .seed(1)
            .build()
            .expect("the config is sound, and this is a runtime")
    }
}

impl Manager for Net {
    type Key = &'static str;
    type Connection = Conn;
    type Error = NetError;

    fn connect(&self, key: &&'static str) -> impl Future<Output = Result<Conn, NetError>> + Send {
        assert_ne!(*key, "panics at once", "connect panicked before it returned a future");
        let dropped = CountDrop { shared: Arc::clone(&self.shared), armed: true };
        async move {
            let mut dropped = dropped;
            let (end, ended) = oneshot::channel();
            let _ = self.dials.send(Dial { key, end, shared: Arc::clone(&self.shared) });
            let Ok(outcome) = ended.await else { std::future::pending().await };
            dropped.armed = false;
            match outcome {
                Outcome::Connected(conn) => Ok(conn),
                Outcome::Failed(error) => Err(error),
                Outcome::Panicked(text) => panic!("{text}"),
            }
        }
    }

    fn capacity(&self, connection: &Conn) -> Capacity<Conn> {
        self.leases.map_or_else(Capacity::exclusive, |leases| Capacity::shared(leases, connection.clone()))
    }

    fn is_reusable(&self, connection: &mut Conn) -> bool {
        assert!(!self.shared.reusing_panics.load(Ordering::SeqCst), "is_reusable panicked");
        connection.reusable
    }

    fn watches_closed(&self) -> bool {
        self.watches
    }

    async fn closed(&self, connection: &mut Conn) {
        assert!(!self.shared.watching_panics.load(Ordering::SeqCst), "closed panicked");
        let _ = connection.peer_closed.wait_for(|closed| *closed).await;
    }

    async fn check(&self, connection: &mut Conn) -> bool {
        trial::undergo(&self.trials, connection.name).await
    }

    fn recycles(&self) -> bool {
        self.recycles
    }

    async fn recycle(&self, connection: &mut Conn) -> Result<(), NetError> {
        let is_good = trial::undergo(&self.trials, connection.name).await;
        if is_good { Ok(()) } else { Err(NetError { text: "not to be reset", fatal: false }) }
    }

    async fn close(&self, connection: Conn) {
        self.shared.closes.fetch_add(1, Ordering::SeqCst);
        assert!(!self.shared.closing_panics.load(Ordering::SeqCst), "close panicked");
        if self.shared.hold_closes.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        drop(connection);
    }

    fn classify(&self, error: &NetError) -> DialError {
        if error.fatal { DialError::Fatal } else { DialError::Transient }
    }
}

impl Peer {
    /// The next dial that the pool starts.
    pub(crate) async fn dial(&mut self) -> Dial {
        self.dials.recv().await.expect("the pool is there")
    }

    /// The next check or recycling that the pool starts.
    pub(crate) async fn trial(&mut self) -> Trial {
        self.trials.recv().await.expect("the pool is there")
    }

    /// Whether the pool has started no check and no recycling that was not taken yet.
    pub(crate) fn is_untried(&mut self) -> bool {
        self.trials.try_recv().is_err()
    }

    /// Whether the pool has started no dial that was not taken yet.
    pub(crate) fn is_quiet(&mut self) -> bool {
        self.dials.try_recv().is_err()
    }

    /// Whether the manager is gone, with everything that held it.
    pub(crate) fn is_abandoned(&mut self) -> bool {
        matches!(self.dials.try_recv(), Err(mpsc::error::TryRecvError::Disconnected))
    }

    /// Connections, and handles to shared ones, that were not dropped yet.
    pub(crate) fn alive(&self) -> usize {
        self.shared.alive.load(Ordering::SeqCst)
    }

    /// Dials whose future was dropped before it ended.
    pub(crate) fn dropped_dials(&self) -> usize {
        self.shared.dropped_dials.load(Ordering::SeqCst)
    }

    /// How often `close` was called.
    pub(crate) fn closes(&self) -> usize {
        self.shared.closes.load(Ordering::SeqCst)
    }

    pub(crate) fn panic_in_close(&self) {
        self.shared.closing_panics.store(true, Ordering::SeqCst);
    }

    pub(crate) fn panic_in_is_reusable(&self) {
        self.shared.reusing_panics.store(true, Ordering::SeqCst);
    }

    pub(crate) fn panic_in_clone(&self) {
        self.shared.cloning_panics.store(true, Ordering::SeqCst);
    }

    pub(crate) fn panic_in_closed(&self) {
        self.shared.watching_panics.store(true, Ordering::SeqCst);
    }

    /// No `close` completes from now on.
    pub(crate) fn hold_closes(&self) {
        self.shared.hold_closes.store(true, Ordering::SeqCst);
    }
}

impl Dial {
    /// It succeeds; the returned switch closes the connection from the peer's side.
    pub(crate) fn connect(self) -> PeerSwitch {
        let (peer, peer_closed) = watch::channel(false);
        let peer = Arc::new(peer);
        let switch = PeerSwitch(Arc::clone(&peer));
        let name = self.shared.names.fetch_add(1, Ordering::SeqCst);
        self.shared.alive.fetch_add(1, Ordering::SeqCst);
        let conn = Conn { name, reusable: true, peer_closed, peer, shared: self.shared };
        let _ = self.end.send(Outcome::Connected(conn));
        switch
    }

    pub(crate) fn fail(self, text: &'static str) {
        let _ = self.end.send(Outcome::Failed(NetError { text, fatal: false }));
    }

    pub(crate) fn fail_fatally(self, text: &'static str) {
        let _ = self.end.send(Outcome::Failed(NetError { text, fatal: true }));
    }

    pub(crate) fn panic(self, text: &'static str) {
        let _ = self.end.send(Outcome::Panicked(text));
    }

    /// Whether the pool has dropped it.
    pub(crate) fn is_dropped(&self) -> bool {
        self.end.is_closed()
    }

    /// Completes when the pool drops it.
    pub(crate) async fn dropped(&mut self) {
        self.end.closed().await;
    }
}

pub(crate) struct PeerSwitch(Arc<watch::Sender<bool>>);

impl PeerSwitch {
    pub(crate) fn close(&self) {
        self.0.send_replace(true);
    }
}

impl Clone for Conn {
    fn clone(&self) -> Self {
        assert!(!self.shared.cloning_panics.load(Ordering::SeqCst), "clone panicked");
        self.shared.alive.fetch_add(1, Ordering::SeqCst);
        Self {
            name: self.name,
            reusable: self.reusable,
            peer_closed: self.peer_closed.clone(),
            peer: Arc::clone(&self.peer),
            shared: Arc::clone(&self.shared),
        }
    }
}

impl Drop for Conn {
    fn drop(&mut self) {
        self.shared.alive.fetch_sub(1, Ordering::SeqCst);
    }
}

impl fmt::Debug for Conn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Conn({})", self.name)
    }
}

impl fmt::Display for NetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text)
    }
}

impl std::error::Error for NetError {}

struct CountDrop {
    shared: Arc<NetState>,
    armed: bool,
}

impl Drop for CountDrop {
    fn drop(&mut self) {
        if self.armed {
            self.shared.dropped_dials.fetch_add(1, Ordering::SeqCst);
        }
    }
}

pub(crate) type Answer = Result<Lease<Net>, latebind_tokio::Error<NetError>>;

/// One poll of a request, with a waker that does nothing.
pub(crate) fn poll_once(get: &mut Get<'_, Net>) -> Poll<Answer> {
    Pin::new(get).poll(&mut Context::from_waker(Waker::noop()))
}

/// Polls a request that has to wait.
pub(crate) fn waits(get: &mut Get<'_, Net>) {
    if let Poll::Ready(answer) = poll_once(get) {
        panic!("it should wait, but got {answer:?}");
    }
}

/// Polls a request that has to be served by now.
pub(crate) fn served(get: &mut Get<'_, Net>) -> Lease<Net> {
    match poll_once(get) {
        Poll::Ready(Ok(lease)) => lease,
        other => panic!("it should be served, but got {other:?}"),
    }
}

/// Lets the other tasks run until the condition holds. Sets no clock in motion, not even a paused one.
pub(crate) async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < Duration::from_secs(20), "waited in vain until {what}");
        tokio::task::yield_now().await;
    }
}

/// The tasks of this runtime, without the test's own.
pub(crate) fn tasks() -> usize {
    tokio::runtime::Handle::current().metrics().num_alive_tasks()
}

pub(crate) fn config() -> Config {
    Config::default()
}

/// Opens a connection of `"host"`, and takes it.
pub(crate) async fn leased(pool: &Pool<Net>, peer: &mut Peer) -> Lease<Net> {
    let mut get = pool.get(&"host");
    waits(&mut get);
    peer.dial().await.connect();
    get.await.expect("served")
}

#[track_caller]
pub(crate) fn sound(pool: &Pool<Net>) {
    assert_eq!(pool.check_invariants(), Ok(()));
}
