//! A gate that holds up whoever comes, and tells that somebody came.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};
use std::thread::{self, Thread};

use tokio::sync::watch;

/// Orders events without sleeping: one side waits at the gate, the other knows that it waits, and opens.
#[derive(Debug)]
pub struct Gate {
    is_open: watch::Sender<bool>,
    held: watch::Sender<usize>,
}

impl Gate {
    /// A gate that lets everybody pass until it is [closed](Self::close).
    pub fn open_at_first() -> Self {
        Self::new(true)
    }

    /// A gate that holds everybody up until it is [opened](Self::open).
    pub fn closed_at_first() -> Self {
        Self::new(false)
    }

    fn new(is_open: bool) -> Self {
        Self { is_open: watch::Sender::new(is_open), held: watch::Sender::new(0) }
    }

    /// Goes through, at once if the gate is open.
    pub async fn pass(&self) {
        let mut is_open = self.is_open.subscribe();
        if *is_open.borrow_and_update() {
            return;
        }
        let _held = Held::at(&self.held);
        // It cannot fail: the sender is this gate's.
        let _ = is_open.wait_for(|is_open| *is_open).await;
    }

    /// As [`pass`](Self::pass), for a plain thread: it sleeps until the gate opens.
    pub fn pass_blocking(&self) {
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut pass = pin!(self.pass());
        while pass.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
            thread::park();
        }
    }

    /// Completes when at least `count` are held up.
    pub async fn holds(&self, count: usize) {
        // It cannot fail: the sender is this gate's.
        let _ = self.held.subscribe().wait_for(|held| *held >= count).await;
    }

    /// How many are held up now.
    pub fn held(&self) -> usize {
        *self.held.borrow()
    }

    /// Lets everybody pass, those that are held up first of all.
    pub fn open(&self) {
        self.is_open.send_replace(true);
    }

    /// Holds up whoever comes from now on.
    pub fn close(&self) {
        self.is_open.send_replace(false);
    }
}

/// Wakes a thread that sleeps.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Counts one that is held up, also when it gives up.
struct Held<'a>(&'a watch::Sender<usize>);

impl<'a> Held<'a> {
    fn at(count: &'a watch::Sender<usize>) -> Self {
        count.send_modify(|held| *held += 1);
        Self(count)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|held| *held -= 1);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread;

    use super::Gate;

    #[tokio::test]
    async fn it_holds_until_it_opens_and_forgets_who_gave_up() {
        let gate = Arc::new(Gate::closed_at_first());
        let passes = |gate: &Arc<Gate>| {
            let gate = Arc::clone(gate);
            tokio::spawn(async move { gate.pass().await })
        };
        let patient = passes(&gate);
        let hasty = passes(&gate);
        gate.holds(2).await;

        hasty.abort();
        assert!(hasty.await.unwrap_err().is_cancelled());
        assert_eq!(gate.held(), 1);
        assert!(!patient.is_finished());

        gate.open();
        patient.await.unwrap();
        assert_eq!(gate.held(), 0);
        gate.pass().await;
    }

    #[tokio::test]
    async fn it_holds_a_thread_too() {
        let gate = Arc::new(Gate::closed_at_first());
        let thread = {
            let gate = Arc::clone(&gate);
            thread::spawn(move || gate.pass_blocking())
        };
        gate.holds(1).await;
        assert!(!thread.is_finished());

        gate.open();
        thread.join().unwrap();
        assert_eq!(gate.held(), 0);
        gate.pass_blocking();
    }
}
