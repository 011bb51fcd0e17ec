//! The client's side of the scene, as the one who directs it sees it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use latebind_driver::{Source, Stats};
use tokio::sync::oneshot;

use crate::connector::Connector;

/// A pool on some runtime, and requests that use it: everything that it does, it does there.
pub trait Client: Sized {
    /// The runtime's name.
    const NAME: &'static str;

    /// What of it the client uses.
    const MEANS: &'static str;

    /// Makes the pool, whose dials go through `connector`.
    ///
    /// # Errors
    ///
    /// The runtime is not there.
    fn new(connector: &Arc<Connector>) -> anyhow::Result<Self>;

    /// Begins `GET path` in a task or a thread of its own.
    fn request(&self, path: &'static str) -> Request;

    /// What the pool holds now.
    fn stats(&self) -> Stats;

    /// Shuts the pool down; the answer comes when nothing is left of it.
    fn shutdown(self) -> oneshot::Receiver<()>;
}

/// A request that is under way on a [`Client`]: it asks for a connection, uses it, and holds it until it is
/// [told](Self::give_back) to give it back.
#[derive(Debug)]
pub struct Request {
    leased: oneshot::Receiver<Leased>,
    answered: oneshot::Receiver<SocketAddr>,
    hold: oneshot::Sender<()>,
    ended: oneshot::Receiver<anyhow::Result<()>>,
}

/// The connection that a request was given.
#[derive(Clone, Copy, Debug)]
pub struct Leased {
    /// The client's end.
    pub local: SocketAddr,
    /// How it came.
    pub source: Source,
    /// How long the request waited for it.
    pub wait: Duration,
}

/// The same request as its task or thread sees it: whom to tell what.
#[derive(Debug)]
pub struct Part {
    /// Told of the connection.
    pub leased: oneshot::Sender<Leased>,
    /// Told where the server saw the request come from.
    pub answered: oneshot::Sender<SocketAddr>,
    /// Ends when the connection is to be given back.
    pub hold: oneshot::Receiver<()>,
}

/// Told how a [`Part`] has ended.
pub type Ended = oneshot::Sender<anyhow::Result<()>>;

impl Request {
    /// A request, for the director; its part, and whom to tell of its end.
    pub fn new() -> (Self, Part, Ended) {
        let (leased_to, leased) = oneshot::channel();
        let (answered_to, answered) = oneshot::channel();
        let (hold, end_of_hold) = oneshot::channel();
        let (ended_to, ended) = oneshot::channel();
        let part = Part { leased: leased_to, answered: answered_to, hold: end_of_hold };
        (Self { leased, answered, hold, ended }, part, ended_to)
    }

    /// Completes when it has a connection; to be asked once.
    ///
    /// # Errors
    ///
    /// Why it got none.
    pub async fn leased(&mut self) -> anyhow::Result<Leased> {
        match (&mut self.leased).await {
            Ok(leased) => Ok(leased),
            Err(_) => Err(self.failure().await),
        }
    }

    /// Completes when it is answered, with the client address that the server saw; to be asked once.
    ///
    /// # Errors
    ///
    /// Why it was not answered.
    pub async fn answered(&mut self) -> anyhow::Result<SocketAddr> {
        match (&mut self.answered).await {
            Ok(seen) => Ok(seen),
            Err(_) => Err(self.failure().await),
        }
    }

    /// Has it give its connection back as soon as it is answered, and completes when it has.
    ///
    /// # Errors
    ///
    /// Why it has failed, if it has.
    pub async fn give_back(self) -> anyhow::Result<()> {
        drop(self.hold);
        self.ended.await?
    }

    async fn failure(&mut self) -> anyhow::Error {
        match (&mut self.ended).await {
            Ok(Err(error)) => error,
            Ok(Ok(())) | Err(_) => anyhow!("the request has ended without a word"),
        }
    }
}
