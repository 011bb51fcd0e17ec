//! A network under the scenarios' control: what a manager does ends when and how a scenario says.

mod conn;
mod peer;

use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures_channel::{mpsc, oneshot};
use latebind_driver::{Capacity, DialError, Manager};

pub use conn::Conn;
pub(crate) use peer::{Dial, Peer, Trial};

use crate::Key;

/// The manager of all scenarios: it asks the scenario what becomes of each dial, check and recycling.
///
/// Any executor can poll its futures, or block on them.
#[derive(Debug)]
pub struct Net {
    dials: mpsc::UnboundedSender<Dial>,
    trials: mpsc::UnboundedSender<Trial>,
    state: Arc<NetState>,
}

/// How a dial or a recycling failed.
#[derive(Debug, PartialEq, Eq)]
pub struct NetError {
    pub(crate) text: &'static str,
    pub(crate) is_fatal: bool,
}

/// What the scenario has said of the network, and what it has seen.
#[derive(Default, Debug)]
struct NetState {
    /// Leases of each connection; 0: it is exclusive.
    leases: AtomicU32,
    watches: AtomicBool,
    recycles: AtomicBool,
    hold_closes: AtomicBool,
    /// What happens while a watch is being polled, once.
    when_watched: Mutex<Option<Intruder>>,
    /// The manager's function that panics.
    panicking: Mutex<Option<Part>>,
    /// Connections that are being watched at the moment.
    watched: AtomicUsize,
    /// Connections, and handles to shared ones, that were not dropped yet.
    alive: AtomicUsize,
    names: AtomicU32,
    opened: AtomicUsize,
    closes: AtomicUsize,
    /// Dials whose future was dropped before it ended.
    dropped_dials: AtomicUsize,
}

/// Something that a scenario does in the middle of something else.
struct Intruder(Box<dyn FnOnce() + Send>);

impl fmt::Debug for Intruder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Intruder")
    }
}

/// A function of the manager's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Part {
    Connect,
    Capacity,
    IsReusable,
    Close,
    Closed,
    Classify,
}

/// How something ends that the scenario decides.
enum Outcome {
    Connected(Conn),
    Failed(NetError),
    Panicked,
}

enum Verdict {
    Good,
    Bad,
    Panics,
}

/// What panics here begin with, so that the suite's output can leave them out.
pub(crate) const ON_PURPOSE: &str = "on purpose: ";

pub(crate) fn net() -> (Net, Peer) {
    let (dials, dialed) = mpsc::unbounded();
    let (trials, tried) = mpsc::unbounded();
    let state = Arc::<NetState>::default();
    let peer = Peer::new(dialed, tried, Arc::clone(&state));
    (Net { dials, trials, state }, peer)
}

impl Net {
    async fn undergo(&self, name: u32) -> bool {
        let (end, ended) = oneshot::channel();
        // If the scenario is over, that is the end of it.
        let _ = self.trials.unbounded_send(Trial { name, end });
        match ended.await {
            Ok(Verdict::Good) => true,
            Ok(Verdict::Bad) | Err(_) => false,
            Ok(Verdict::Panics) => panic!("{ON_PURPOSE}a trial"),
        }
    }
}

impl NetState {
    fn may_panic(&self, part: Part) {
        let panicking = *self.panicking.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(panicking != Some(part), "{ON_PURPOSE}{part:?}");
    }
}

impl Manager for Net {
    type Key = Key;
    type Connection = Conn;
    type Error = NetError;

    fn connect(&self, key: &Key) -> impl Future<Output = Result<Conn, NetError>> + Send {
        self.state.may_panic(Part::Connect);
        let key = *key;
        let dropped = CountDrop { state: Arc::clone(&self.state), is_armed: true };
        async move {
            // All of it moves in, to be dropped with this future.
            let mut dropped = dropped;
            let (end, ended) = oneshot::channel();
            let _ = self.dials.unbounded_send(Dial { key, end, state: Arc::clone(&self.state) });
            // A dial that the scenario has dropped has failed: a call that blocks has to end, too.
            let outcome = ended.await.unwrap_or(Outcome::Failed(NetError::transient("the peer has gone")));
            dropped.is_armed = false;
            match outcome {
                Outcome::Connected(conn) => {
                    self.state.opened.fetch_add(1, Ordering::SeqCst);
                    Ok(conn)
                }
                Outcome::Failed(error) => Err(error),
                Outcome::Panicked => panic!("{ON_PURPOSE}a dial"),
            }
        }
    }

    fn capacity(&self, connection: &Conn) -> Capacity<Conn> {
        self.state.may_panic(Part::Capacity);
        match self.state.leases.load(Ordering::SeqCst) {
            0 => Capacity::exclusive(),
            leases => Capacity::shared(leases, connection.clone()),
        }
    }

    fn is_reusable(&self, connection: &mut Conn) -> bool {
        self.state.may_panic(Part::IsReusable);
        connection.is_reusable
    }

    fn watches_closed(&self) -> bool {
        self.state.watches.load(Ordering::SeqCst)
    }

    async fn closed(&self, connection: &mut Conn) {
        self.state.may_panic(Part::Closed);
        self.state.watched.fetch_add(1, Ordering::SeqCst);
        let _unwatched = OnDrop(&self.state.watched);
        let intruder = self.state.when_watched.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Intruder(intrude)) = intruder {
            intrude();
        }
        connection.peer_closed().await;
    }

    async fn check(&self, connection: &mut Conn) -> bool {
        self.undergo(connection.name()).await
    }

    fn recycles(&self) -> bool {
        self.state.recycles.load(Ordering::SeqCst)
    }

    async fn recycle(&self, connection: &mut Conn) -> Result<(), NetError> {
        if self.undergo(connection.name()).await {
            Ok(())
        } else {
            Err(NetError::transient("not to be reset"))
        }
    }

    async fn close(&self, connection: Conn) {
        self.state.closes.fetch_add(1, Ordering::SeqCst);
        self.state.may_panic(Part::Close);
        let state = Arc::clone(&self.state);
        crate::wait::until("the scenario lets connections close", || {
            !state.hold_closes.load(Ordering::SeqCst)
        })
        .await;
        drop(connection);
    }

    fn classify(&self, error: &NetError) -> DialError {
        self.state.may_panic(Part::Classify);
        if error.is_fatal { DialError::Fatal } else { DialError::Transient }
    }
}

impl NetError {
    pub(crate) fn transient(text: &'static str) -> Self {
        Self { text, is_fatal: false }
    }
}

impl fmt::Display for NetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text)
    }
}

impl std::error::Error for NetError {}

/// Counts down, however the future ends that it is part of.
struct OnDrop<'s>(&'s AtomicUsize);

impl Drop for OnDrop<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

struct CountDrop {
    state: Arc<NetState>,
    is_armed: bool,
}

impl Drop for CountDrop {
    fn drop(&mut self) {
        if self.is_armed {
            self.state.dropped_dials.fetch_add(1, Ordering::SeqCst);
        }
    }
}
