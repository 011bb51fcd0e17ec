//! Something that holds up whoever comes, until it is opened.

use std::sync::Arc;

use tokio::sync::watch;

#[derive(Clone)]
pub(crate) struct Gate(Arc<Shared>);

struct Shared {
    arrived: watch::Sender<usize>,
    open: watch::Sender<bool>,
}

impl Gate {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Shared { arrived: watch::Sender::new(0), open: watch::Sender::new(false) }))
    }

    pub(crate) fn open(&self) {
        self.0.open.send_replace(true);
    }

    /// Holds up the caller.
    pub(crate) async fn pass(&self) {
        self.0.arrived.send_modify(|arrived| *arrived += 1);
        let _ = self.0.open.subscribe().wait_for(|is_open| *is_open).await;
    }

    /// Completes when so many have come.
    pub(crate) async fn arrived(&self, count: usize) {
        super::soon(self.0.arrived.subscribe().wait_for(|arrived| *arrived >= count)).await.unwrap();
    }
}
