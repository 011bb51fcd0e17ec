//! A runtime that counts what runs on it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use latebind_driver::{Runtime, Time};

/// A runtime, and how much of a pool's work it carries at the moment: to see that nothing is left in the end (A5),
/// and that nothing happens in between (A6).
#[derive(Clone, Debug)]
pub struct Counting<R> {
    runtime: R,
    counts: Arc<Counts>,
}

/// What a [`Counting`] runtime has counted.
#[derive(Default, Debug)]
pub struct Counts {
    tasks: AtomicUsize,
    sleeps: AtomicUsize,
    polls: AtomicU64,
}

impl<R: Runtime> Counting<R> {
    /// Counts what is spawned through this, and through its clones.
    pub fn new(runtime: R) -> Self {
        Self { runtime, counts: Arc::default() }
    }

    /// The runtime itself, for what is not to be counted.
    pub fn uncounted(&self) -> &R {
        &self.runtime
    }

    /// The numbers so far; they go on counting.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    fn task<F: Future<Output = ()> + Send + 'static>(&self, future: F) -> Counted<F> {
        self.counts.tasks.fetch_add(1, Ordering::SeqCst);
        Counted { future: Box::pin(future), kind: Kind::Task, counts: Arc::clone(&self.counts) }
    }
}

impl Counts {
    /// Tasks that were spawned and not dropped yet, the timer's included.
    pub fn tasks(&self) -> usize {
        self.tasks.load(Ordering::SeqCst)
    }

    /// Sleeps that were begun and not dropped yet.
    pub fn sleeps(&self) -> usize {
        self.sleeps.load(Ordering::SeqCst)
    }

    /// How often any of the tasks was polled.
    pub fn polls(&self) -> u64 {
        self.polls.load(Ordering::SeqCst)
    }
}

impl<R: Runtime> Runtime for Counting<R> {
    fn current() -> Option<Self> {
        R::current().map(Self::new)
    }

    fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        self.runtime.spawn(self.task(future));
    }

    fn spawn_dial(&self, dial: impl Future<Output = ()> + Send + 'static) {
        self.runtime.spawn_dial(self.task(dial));
    }

    fn enter<T>(&self, work: impl FnOnce() -> T) -> T {
        self.runtime.enter(work)
    }

    fn spawn_timer(&self, timer: impl Future<Output = ()> + Send + 'static) {
        self.runtime.spawn_timer(self.task(timer));
    }

    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send + 'static {
        self.counts.sleeps.fetch_add(1, Ordering::SeqCst);
        let future = Box::pin(self.runtime.sleep(duration));
        Counted { future, kind: Kind::Sleep, counts: Arc::clone(&self.counts) }
    }

    fn has_timer(&self) -> bool {
        self.runtime.has_timer()
    }

    fn poll_proceed(&self, context: &mut Context<'_>) -> Poll<()> {
        self.runtime.poll_proceed(context)
    }

    fn now(&self) -> Time {
        self.runtime.now()
    }
}

enum Kind {
    Task,
    Sleep,
}

/// Counts as there until it is dropped.
struct Counted<F> {
    future: Pin<Box<F>>,
    kind: Kind,
    counts: Arc<Counts>,
}

impl<F: Future<Output = ()>> Future for Counted<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if matches!(self.kind, Kind::Task) {
            self.counts.polls.fetch_add(1, Ordering::SeqCst);
        }
        self.future.as_mut().poll(context)
    }
}

impl<F> Drop for Counted<F> {
    fn drop(&mut self) {
        let count = match self.kind {
            Kind::Task => &self.counts.tasks,
            Kind::Sleep => &self.counts.sleeps,
        };
        count.fetch_sub(1, Ordering::SeqCst);
    }
}
