//! Scenes on a thread of their own, so that a deadlock fails the test instead of hanging it.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// Plays the scene to its end on a runtime of one thread.
pub(crate) fn alone<F: Future<Output = ()>>(scene: impl FnOnce() -> F + Send + 'static) {
    let (done, is_done) = mpsc::channel();
    let thread = thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        runtime.expect("a runtime").block_on(scene());
        // Nobody listens any more if it took too long.
        let _ = done.send(());
    });
    if let Err(mpsc::RecvTimeoutError::Timeout) = is_done.recv_timeout(Duration::from_secs(60)) {
        panic!("it hangs: a deadlock, or somebody was forgotten");
    }
    if let Err(panicked) = thread.join() {
        std::panic::resume_unwind(panicked);
    }
}
