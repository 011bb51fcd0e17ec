//! Waiting without a runtime.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use futures_channel::oneshot;

/// How long anything may take that should happen at once: much longer than it takes on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Runs a future on this thread, which sleeps meanwhile: for platforms that are threads.
pub fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

/// Lets others run until the condition holds.
pub(crate) async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let begun = Instant::now();
    let mut looks = 0;
    while !condition() {
        assert!(begun.elapsed() < PATIENCE, "waited in vain until {what}");
        looks += 1;
        // Mostly it takes a turn or two; what takes longer should not be kept from the processor.
        if looks < 50 { yield_now().await } else { nap(Duration::from_millis(1)).await }
    }
}

/// Lets the others have a turn.
pub(crate) async fn yield_now() {
    let mut is_done = false;
    poll_fn(|context| {
        if is_done {
            return Poll::Ready(());
        }
        is_done = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Waits by real time, without the runtime under test: its timers are among what is tested.
pub(crate) async fn nap(duration: Duration) {
    let (sender, receiver) = oneshot::channel();
    thread::spawn(move || {
        thread::sleep(duration);
        // Nobody waits for it any more: fine.
        let _ = sender.send(());
    });
    let _ = receiver.await;
}
