//! Checks and recyclings that end when and how a test says.

use tokio::sync::{mpsc, oneshot};

/// A check or a recycling in progress; dropping it leaves it hanging.
pub(crate) struct Trial {
    /// Of which connection.
    pub(crate) name: u32,
    end: oneshot::Sender<Verdict>,
}

enum Verdict {
    Good,
    Bad,
    Panics,
}

impl Trial {
    pub(crate) fn pass(self) {
        let _ = self.end.send(Verdict::Good);
    }

    pub(crate) fn fail(self) {
        let _ = self.end.send(Verdict::Bad);
    }

    pub(crate) fn panic(self) {
        let _ = self.end.send(Verdict::Panics);
    }

    /// Completes when the pool drops it.
    pub(crate) async fn dropped(&mut self) {
        self.end.closed().await;
    }
}

/// Asks the test how it ends.
pub(super) async fn undergo(trials: &mpsc::UnboundedSender<Trial>, name: u32) -> bool {
    let (end, ended) = oneshot::channel();
    let _ = trials.send(Trial { name, end });
    match ended.await {
        Ok(Verdict::Good) => true,
        Ok(Verdict::Bad) => false,
        Ok(Verdict::Panics) => panic!("the trial panicked"),
        Err(_) => std::future::pending().await,
    }
}
