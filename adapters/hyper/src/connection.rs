//! One connection, as the pool keeps it.

use std::sync::Arc;
use std::time::Duration;

use hyper::client::conn::{http1, http2};
use hyper_util::client::legacy::connect::Connected;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::handover::Handover;
use crate::line::{Gone, Line};
use crate::streams::Streams;
use crate::upload::Sent;

/// How long a connection may take to say goodbye (TLS, GOAWAY) before it is dropped. Its place in the limits is taken
/// until then (R9): Go gives a TLS close five seconds, but does not count it.
const GOODBYE: Duration = Duration::from_secs(1);

/// A connection, or one handle to an HTTP/2 one.
pub(crate) struct Connection<B> {
    pub(crate) sender: Sender<B>,
    pub(crate) about: Arc<About>,
    /// Of the pool's own handle.
    tasks: Option<Tasks>,
}

/// What is known of a connection.
pub(crate) struct About {
    pub(crate) connected: Connected,
    pub(crate) line: Line,
}

/// What ends with a connection.
pub(crate) struct Tasks {
    /// Of HTTP/2, hands requests over only: the streams have tasks of their own.
    pub(crate) driver: JoinHandle<()>,
    /// The transport, which an upgraded connection goes on using.
    pub(crate) gone: Gone,
}

pub(crate) enum Sender<B> {
    Http1(http1::SendRequest<Sent<B>>, Arc<Handover>),
    Http2(http2::SendRequest<Sent<B>>, Arc<Streams>),
}

impl<B: 'static> Connection<B> {
    pub(crate) fn new(sender: Sender<B>, about: About, tasks: Tasks) -> Self {
        Self { sender, about: Arc::new(about), tasks: Some(tasks) }
    }

    /// One more handle, if it can be shared.
    pub(crate) fn share(&self) -> Option<Self> {
        let Sender::Http2(sender, streams) = &self.sender else { return None };
        let sender = Sender::Http2(sender.clone(), Arc::clone(streams));
        Some(Self { sender, about: Arc::clone(&self.about), tasks: None })
    }

    /// Whether it can take a request now.
    pub(crate) fn is_ready(&self) -> bool {
        match &self.sender {
            Sender::Http1(sender, _) => sender.is_ready(),
            Sender::Http2(sender, streams) => sender.is_ready() && !streams.is_over(),
        }
    }

    /// Completes when it can take a request, or never will.
    pub(crate) async fn settled(&mut self) {
        if let Sender::Http1(sender, _) = &mut self.sender {
            let _ = sender.ready().await;
        }
    }

    /// Completes when it is of no use any more; loses nothing when it is dropped.
    pub(crate) async fn closed(&mut self) {
        match (&self.sender, &mut self.tasks) {
            (Sender::Http2(_, streams), _) => streams.ended().await,
            // A finished task must not be polled again.
            (Sender::Http1(..), Some(tasks)) if !tasks.driver.is_finished() => {
                let _ = (&mut tasks.driver).await;
            }
            (Sender::Http1(..), _) => {}
        }
    }

    /// Says goodbye, and completes when it is gone.
    pub(crate) async fn close(self) {
        let Self { sender, about, tasks } = self;
        let is_http2 = matches!(sender, Sender::Http2(..));
        drop(sender);
        let Some(Tasks { mut driver, mut gone }) = tasks else { return };
        if is_http2 {
            // A task of hyper's own says goodbye, which nobody but the transport can stop.
            if timeout(GOODBYE, &mut gone).await.is_err() {
                about.line.cut();
                let _ = gone.await;
            }
        } else if !driver.is_finished() && timeout(GOODBYE, &mut driver).await.is_err() {
            driver.abort();
            let _ = driver.await;
        }
    }
}
