//! A runtime for the model checker: tasks are run by the scenario's own threads, and time passes when it says so.

use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::mem;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use latebind_driver::{Runtime, Time};
use loom::sync::atomic::{AtomicU64, Ordering};
use loom::sync::{Condvar, Mutex, MutexGuard};

/// Whoever waits runs what is ready meanwhile, so a thread that waits for ever waits for a wake-up that was lost: the
/// model checker calls that a deadlock.
#[derive(Clone)]
pub(crate) struct Model(pub(crate) Arc<Core>);

pub(crate) struct Core {
    state: Mutex<Tasks>,
    /// A task became ready, or a thread was woken.
    news: Condvar,
    now: AtomicU64,
}

#[derive(Default)]
struct Tasks {
    /// Tasks, and threads that wait, by name.
    polled: BTreeMap<u64, Polled>,
    ready: VecDeque<u64>,
    sleepers: BTreeMap<u64, (Time, Waker)>,
    names: u64,
    has_ended: bool,
}

/// Something that is polled over and over.
#[derive(Default)]
struct Polled {
    /// None of a thread's, nor while a task is polled.
    task: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    /// How often it was polled: the waker of an earlier poll wakes nobody.
    turn: u64,
    is_woken: bool,
}

impl Model {
    pub(crate) fn new() -> Self {
        let (state, news) = (Mutex::new(Tasks::default()), Condvar::new());
        Self(Arc::new(Core { state, news, now: AtomicU64::new(0) }))
    }

    /// Waits for `future`, with a new waker each time it is polled, and runs the runtime's tasks meanwhile.
    pub(crate) fn block_on<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        let name = self.lock().enroll(None);
        loop {
            let waker = self.alarm(name);
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                self.lock().polled.remove(&name);
                return output;
            }
            self.work_until_woken(name);
        }
    }

    /// Runs what is ready, until nothing is.
    pub(crate) fn run(&self) {
        while let Some(name) = { self.lock().ready.pop_front() } {
            self.run_task(name);
        }
    }

    /// Time passes.
    pub(crate) fn advance(&self, ticks: u64) {
        self.0.now.fetch_add(ticks, Ordering::SeqCst);
        let due = {
            let mut tasks = self.lock();
            let now = self.now();
            let (due, asleep) =
                mem::take(&mut tasks.sleepers).into_iter().partition(|(_, (due, _))| *due <= now);
            tasks.sleepers = asleep;
            let due: BTreeMap<_, _> = due;
            due
        };
        for (_, (_, waker)) in due {
            waker.wake();
        }
    }

    /// The runtime ends: it drops its tasks, and those that it is given from now on.
    pub(crate) fn end(&self) {
        self.lock().has_ended = true;
        while let Some(task) = { self.lock().take_any() } {
            drop(task);
        }
    }

    pub(crate) fn tasks(&self) -> usize {
        self.lock().polled.len()
    }

    pub(crate) fn sleepers(&self) -> usize {
        self.lock().sleepers.len()
    }

    fn work_until_woken(&self, name: u64) {
        let mut tasks = self.lock();
        loop {
            if mem::take(&mut tasks.get(name).is_woken) {
                return;
            }
            tasks = match tasks.ready.pop_front() {
                Some(ready) => {
                    drop(tasks);
                    self.run_task(ready);
                    self.lock()
                }
                None => self.0.news.wait(tasks).expect("nothing panics under it"),
            };
        }
    }

    fn run_task(&self, name: u64) {
        // It may have been dropped with the runtime.
        let Some(mut task) = self.lock().polled.get_mut(&name).and_then(|polled| polled.task.take()) else {
            return;
        };
        let waker = self.alarm(name);
        let polled = task.as_mut().poll(&mut Context::from_waker(&waker));
        let mut tasks = self.lock();
        if polled.is_ready() || tasks.has_ended {
            tasks.polled.remove(&name);
            drop(tasks);
            drop(task);
        } else {
            tasks.get(name).task = Some(task);
            if tasks.get(name).is_woken {
                tasks.queue(name);
                drop(tasks);
                self.0.news.notify_all();
            }
        }
    }

    fn alarm(&self, name: u64) -> Waker {
        let mut tasks = self.lock();
        let polled = tasks.get(name);
        polled.is_woken = false;
        polled.turn += 1;
        Waker::from(Arc::new(Alarm { runtime: self.clone(), name, turn: polled.turn }))
    }

    fn lock(&self) -> MutexGuard<'_, Tasks> {
        self.0.state.lock().expect("nothing panics under it")
    }
}

impl Tasks {
    fn enroll(&mut self, task: Option<Pin<Box<dyn Future<Output = ()> + Send>>>) -> u64 {
        self.names += 1;
        self.polled.insert(self.names, Polled { task, ..Polled::default() });
        self.names
    }

    fn get(&mut self, name: u64) -> &mut Polled {
        self.polled.get_mut(&name).expect("who polls it removes it")
    }

    fn queue(&mut self, name: u64) {
        if !self.ready.contains(&name) {
            self.ready.push_back(name);
        }
    }

    fn take_any(&mut self) -> Option<Polled> {
        let name = *self.polled.iter().find(|(_, polled)| polled.task.is_some())?.0;
        self.polled.remove(&name)
    }
}

/// Polls once, with a waker that wakes nobody.
pub(crate) fn poll_once<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    match Pin::new(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

/// Wakes what has this name, if it has not been polled anew since.
struct Alarm {
    runtime: Model,
    name: u64,
    turn: u64,
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        let mut tasks = self.runtime.lock();
        let Some(polled) = tasks.polled.get_mut(&self.name) else { return };
        if polled.turn == self.turn && !mem::replace(&mut polled.is_woken, true) {
            if polled.task.is_some() {
                tasks.queue(self.name);
            }
            drop(tasks);
            self.runtime.0.news.notify_all();
        }
    }
}

impl Runtime for Model {
    fn current() -> Option<Self> {
        None
    }

    fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.lock();
        if tasks.has_ended {
            // With the future, outside of the lock.
            drop(tasks);
            return;
        }
        let name = tasks.enroll(Some(Box::pin(future)));
        tasks.queue(name);
        drop(tasks);
        self.0.news.notify_all();
    }

    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send + 'static {
        Sleep { runtime: self.clone(), due: self.now().after(duration), name: None }
    }

    fn now(&self) -> Time {
        Time(self.0.now.load(Ordering::SeqCst))
    }
}

struct Sleep {
    runtime: Model,
    due: Time,
    name: Option<u64>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let runtime = self.runtime.clone();
        let mut tasks = runtime.lock();
        if runtime.now() >= self.due {
            return Poll::Ready(());
        }
        tasks.names += 1;
        let name = *self.name.get_or_insert(tasks.names);
        let previous = tasks.sleepers.insert(name, (self.due, context.waker().clone()));
        drop(tasks);
        drop(previous);
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(name) = self.name {
            let slept = self.runtime.lock().sleepers.remove(&name);
            drop(slept);
        }
    }
}
