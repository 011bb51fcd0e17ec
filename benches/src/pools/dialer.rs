//! The dials that all pools make, and what is seen of them.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

/// What is lent: as large as the handle of a socket and its buffer.
pub(crate) type Connection = [u64; 2];

/// Why a dial failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Refused;

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::TEXT)
    }
}

impl Error for Refused {}

impl Refused {
    /// What is looked for in the errors of the pools.
    pub(crate) const TEXT: &str = "the password is wrong";
}

/// How the dials go, in the order in which they start.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Plan {
    AtOnce,
    /// All take so long.
    After(Duration),
    /// So many succeed at once, the others take so long; `None`: for ever.
    First(u32, Option<Duration>),
    /// All fail after so long.
    Refused(Duration),
}

/// Dials as planned, and counts; each clone is the same one.
#[derive(Clone, Debug)]
pub(crate) struct Dialer(Arc<Dials>);

#[derive(Debug)]
struct Dials {
    plan: Plan,
    seen: Seen<AtomicU32>,
    in_progress: AtomicU32,
    waiting: AtomicU32,
}

/// What was seen of the dials.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) struct Seen<N = u32> {
    pub(crate) started: N,
    /// In progress at once, at most.
    pub(crate) peak: N,
    /// Started while as many others were in progress as requests waited.
    pub(crate) without_waiter: N,
    /// Not ended by themselves.
    pub(crate) aborted: N,
}

impl Dialer {
    pub(crate) fn new(plan: Plan) -> Self {
        let (in_progress, waiting) = (AtomicU32::new(0), AtomicU32::new(0));
        Self(Arc::new(Dials { plan, seen: Seen::default(), in_progress, waiting }))
    }

    /// Opens a connection.
    pub(crate) async fn dial(&self) -> Result<Connection, Refused> {
        let (dial, outcome) = self.start();
        match outcome {
            (Some(Duration::ZERO), _) => {}
            (Some(duration), _) => tokio::time::sleep(duration).await,
            (None, _) => std::future::pending().await,
        }
        dial.finish();
        outcome.1
    }

    /// Opens a connection, on a thread that may block.
    pub(crate) fn dial_blocking(&self) -> Result<Connection, Refused> {
        let (dial, outcome) = self.start();
        match outcome {
            (Some(Duration::ZERO), _) => {}
            (Some(duration), _) => thread::sleep(duration),
            (None, _) => unreachable!("on threads, no dial hangs"),
        }
        dial.finish();
        outcome.1
    }

    /// How long the dial takes, and what comes of it.
    fn start(&self) -> (Dial<'_>, (Option<Duration>, Result<Connection, Refused>)) {
        let dials = &*self.0;
        let number = dials.seen.started.fetch_add(1, Relaxed);
        let in_progress = dials.in_progress.fetch_add(1, Relaxed) + 1;
        dials.seen.peak.fetch_max(in_progress, Relaxed);
        if in_progress > dials.waiting.load(Relaxed) {
            dials.seen.without_waiter.fetch_add(1, Relaxed);
        }
        let opened = Ok(Connection::default());
        let outcome = match dials.plan {
            Plan::AtOnce => (Some(Duration::ZERO), opened),
            Plan::After(duration) => (Some(duration), opened),
            Plan::First(count, _) if number < count => (Some(Duration::ZERO), opened),
            Plan::First(_, then) => (then, opened),
            Plan::Refused(duration) => (Some(duration), Err(Refused)),
        };
        (Dial { dials, is_finished: false }, outcome)
    }

    /// One request more that waits, until what is returned is dropped.
    pub(crate) fn waiting(&self) -> Waiting<'_> {
        self.0.waiting.fetch_add(1, Relaxed);
        Waiting(&self.0)
    }

    pub(crate) fn seen(&self) -> Seen {
        let Seen { started, peak, without_waiter, aborted } = &self.0.seen;
        let [started, peak, without_waiter, aborted] =
            [started, peak, without_waiter, aborted].map(|number| number.load(Relaxed));
        Seen { started, peak, without_waiter, aborted }
    }
}

/// A dial in progress.
struct Dial<'a> {
    dials: &'a Dials,
    is_finished: bool,
}

impl Dial<'_> {
    fn finish(mut self) {
        self.is_finished = true;
    }
}

impl Drop for Dial<'_> {
    fn drop(&mut self) {
        self.dials.in_progress.fetch_sub(1, Relaxed);
        if !self.is_finished {
            self.dials.seen.aborted.fetch_add(1, Relaxed);
        }
    }
}

/// A request that waits.
pub(crate) struct Waiting<'a>(&'a Dials);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn dials_go_as_planned_and_are_counted() {
        let dialer = Dialer::new(Plan::First(1, Some(Duration::from_secs(1))));
        let waiting = dialer.waiting();
        dialer.dial().await.unwrap();
        {
            let (one, two) = (dialer.dial(), dialer.dial());
            tokio::pin!(one, two);
            let both = async { tokio::join!(&mut one, &mut two) };
            assert!(tokio::time::timeout(Duration::from_millis(900), both).await.is_err());
        }
        drop(waiting);
        dialer.dial().await.unwrap();
        assert_eq!(dialer.seen(), Seen { started: 4, peak: 2, without_waiter: 2, aborted: 2 });
        assert_eq!(Dialer::new(Plan::Refused(Duration::ZERO)).dial_blocking(), Err(Refused));
    }
}
