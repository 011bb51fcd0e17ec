//! Threads that run tasks which may block: as many as there is work, up to a limit.

use std::collections::VecDeque;
use std::mem;
use std::num::NonZeroUsize;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::task::Task;

/// How long a worker without work stays for the next: a burst of dials, or of returns that are recycled, should not
/// start a thread for each. Two orders of magnitude above what starting one costs a busy machine.
const LINGER: Duration = Duration::from_millis(100);

/// The workers, and the tasks that no worker has taken yet.
pub(crate) struct Workers {
    limit: NonZeroUsize,
    state: Mutex<State>,
    /// There is a task, or nobody will bring one any more.
    news: Condvar,
}

#[derive(Default)]
struct State {
    tasks: VecDeque<Arc<Task>>,
    workers: usize,
    /// Workers that wait for news.
    idle: usize,
    is_over: bool,
}

impl Workers {
    pub(crate) fn new(limit: NonZeroUsize) -> Arc<Self> {
        Arc::new(Self { limit, state: Mutex::default(), news: Condvar::new() })
    }

    /// Has a worker run the task. If there is none, and the system gives no thread, drops it: who waits for it is told.
    pub(crate) fn run(self: &Arc<Self>, task: Arc<Task>) {
        let mut state = self.lock();
        state.tasks.push_back(task);
        // Those who are idle may have been told of a task already, and not have taken it yet.
        if state.idle >= state.tasks.len() {
            self.news.notify_one();
        } else if state.workers < self.limit.get() {
            state.workers += 1;
            drop(state);
            self.start();
        }
    }

    fn start(self: &Arc<Self>) {
        let workers = Arc::clone(self);
        let started = thread::Builder::new().name("latebind-worker".into()).spawn(move || workers.work());
        if started.is_err() {
            let mut state = self.lock();
            state.workers -= 1;
            if state.workers == 0 {
                let stranded = mem::take(&mut state.tasks);
                drop(state);
                // Foreign code: not under the lock.
                drop(stranded);
            }
        }
    }

    fn work(&self) {
        while let Some(task) = self.next() {
            task.run();
        }
    }

    /// A task; `None` ends the worker.
    fn next(&self) -> Option<Arc<Task>> {
        let mut state = self.lock();
        if state.tasks.is_empty() && !state.is_over {
            state.idle += 1;
            let nothing = |state: &mut State| state.tasks.is_empty() && !state.is_over;
            let waited = self.news.wait_timeout_while(state, LINGER, nothing);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            state.idle -= 1;
        }
        let task = state.tasks.pop_front();
        if task.is_none() {
            state.workers -= 1;
        }
        task
    }

    /// Nobody will bring a task any more: idle workers end now.
    pub(crate) fn end(&self) {
        self.lock().is_over = true;
        self.news.notify_all();
    }

    /// Never held across foreign code.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
