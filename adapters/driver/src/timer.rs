//! The one timer of a pool (A6).

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use latebind::Time;

use crate::engine::Engine;
use crate::{Manager, Runtime};

/// The state of the timer task; kept under the lock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Timer {
    /// Nothing can expire: there is no task.
    Off,
    /// A task sleeps until then. A deadline that moved to later does not wake it; it goes on sleeping when it
    /// has found nothing to do.
    Armed(Time),
    /// The runtime dropped the task, so it has ended, or had no thread for it: nothing expires, and nobody waits. The
    /// next request tries again.
    Dead,
}

/// Runs the timer; to be called when the state has just become [`Timer::Armed`].
pub(crate) fn start<M: Manager, R: Runtime>(engine: &Arc<Engine<M, R>>) {
    let watchdog = Watchdog { engine: Arc::clone(engine), is_done: false };
    engine.runtime.spawn_timer(run(watchdog));
}

async fn run<M: Manager, R: Runtime>(mut watchdog: Watchdog<M, R>) {
    let engine = &watchdog.engine;
    // Only this task turns the timer off, in the step that finds nothing left to expire.
    while let Some(due) = engine.armed() {
        if engine.now() < due {
            sleep_until(engine, due).await;
        } else if !engine.tick() {
            break;
        }
    }
    watchdog.is_done = true;
}

/// Sleeps until `due`, or until the timer is armed for an earlier time.
async fn sleep_until<M: Manager, R: Runtime>(engine: &Engine<M, R>, due: Time) {
    let mut sleep = pin!(engine.runtime.sleep(due.since(engine.now())));
    poll_fn(|context| {
        // Registered before the look, so that no change slips in between.
        engine.timer.register(context.waker());
        if engine.armed() == Some(due) { sleep.as_mut().poll(context) } else { Poll::Ready(()) }
    })
    .await;
}

/// Notices when the runtime drops the timer task unfinished.
struct Watchdog<M: Manager, R: Runtime> {
    engine: Arc<Engine<M, R>>,
    is_done: bool,
}

impl<M: Manager, R: Runtime> Drop for Watchdog<M, R> {
    fn drop(&mut self) {
        if !self.is_done {
            self.engine.timer_died();
        }
    }
}
