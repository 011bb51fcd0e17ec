//! A future that workers run: one that waits holds none of them.

use std::future::Future;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Wake, Waker};

use crate::workers::Workers;

type Job = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A future on its way through the workers. Between two polls, those who are to wake it keep it alive.
pub(crate) struct Task {
    workers: Arc<Workers>,
    stage: Mutex<Stage>,
}

/// ```text
/// Queued ⇄ Running → Over
///    ↑        ↓
///    └──── Resting
/// ```
enum Stage {
    /// Waits for a worker.
    Queued(Job),
    /// A worker polls it.
    Running {
        is_woken: bool,
    },
    /// Waits to be woken.
    Resting(Job),
    Over,
}

impl Task {
    /// Runs the future to its end.
    pub(crate) fn start(workers: &Arc<Workers>, future: impl Future<Output = ()> + Send + 'static) {
        let stage = Mutex::new(Stage::Queued(Box::pin(future)));
        workers.run(Arc::new(Self { workers: Arc::clone(workers), stage }));
    }

    /// Polls it once, on a worker.
    pub(crate) fn run(self: Arc<Self>) {
        let Stage::Queued(mut job) = mem::replace(&mut *self.lock(), Stage::Running { is_woken: false })
        else {
            unreachable!("only what is queued is taken out of the queue")
        };
        let waker = Waker::from(Arc::clone(&self));
        let poll = move || job.as_mut().poll(&mut Context::from_waker(&waker)).is_pending().then_some(job);
        let rest = catch_unwind(AssertUnwindSafe(poll)).unwrap_or_else(|payload| {
            // A panic concerns none of the other tasks; the panic hook has told of it. Its `Drop` may panic in turn.
            mem::forget(payload);
            None
        });
        let mut stage = self.lock();
        let is_woken = matches!(*stage, Stage::Running { is_woken: true });
        *stage = match rest {
            None => Stage::Over,
            Some(job) if is_woken => Stage::Queued(job),
            Some(job) => Stage::Resting(job),
        };
        let is_queued = matches!(*stage, Stage::Queued(_));
        drop(stage);
        if is_queued {
            self.queue();
        }
    }

    fn queue(self: Arc<Self>) {
        let workers = Arc::clone(&self.workers);
        workers.run(self);
    }

    /// Never held across foreign code.
    fn lock(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        let mut stage = self.lock();
        match mem::replace(&mut *stage, Stage::Over) {
            Stage::Resting(job) => {
                *stage = Stage::Queued(job);
                drop(stage);
                self.queue();
            }
            Stage::Running { .. } => *stage = Stage::Running { is_woken: true },
            other => *stage = other,
        }
    }
}
