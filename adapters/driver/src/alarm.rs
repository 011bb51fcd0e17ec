//! What wakes a watch: without a task, as long as nothing happens.

use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock, Weak};
use std::task::Wake;

use latebind::ConnId;

use crate::shield::shield;
use crate::sync::{AtomicBool, AtomicWaker};
use crate::watch::Watch;

/// What starts the task of a watch: the pool.
pub(crate) trait Watcher<C>: Send + Sync {
    /// Something has happened to the connection: sends a task to see to it.
    fn send(self: Arc<Self>, conn: ConnId, watch: Arc<Watch<C>>);
}

/// Rings when something has happened to a connection under watch. The first time it starts the watching task, later it
/// wakes it.
pub(crate) struct Alarm<C> {
    is_stopped: AtomicBool,
    has_task: AtomicBool,
    /// Of the watching task.
    pub(crate) task: AtomicWaker,
    subject: OnceLock<Subject<C>>,
}

/// Whom it calls, and for what. Weak: foreign code keeps the alarm.
struct Subject<C> {
    watcher: Weak<dyn Watcher<C>>,
    conn: ConnId,
    watch: Weak<Watch<C>>,
}

impl<C> Alarm<C> {
    pub(crate) fn new() -> Self {
        Self {
            is_stopped: AtomicBool::new(false),
            has_task: AtomicBool::new(false),
            task: AtomicWaker::new(),
            subject: OnceLock::new(),
        }
    }

    pub(crate) fn set(&self, watcher: Weak<dyn Watcher<C>>, conn: ConnId, watch: Weak<Watch<C>>) {
        let _is_set_once = self.subject.set(Subject { watcher, conn, watch });
    }

    /// The connection is wanted: its future gives it back.
    pub(crate) fn stop(&self) {
        self.is_stopped.store(true, Ordering::Release);
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.is_stopped.load(Ordering::Acquire)
    }

    /// The future is worth a poll. Before it has been [`set`](Self::set), somebody is about to poll it anyway.
    pub(crate) fn ring(&self) {
        let Some(subject) = self.subject.get().filter(|_| !self.is_stopped()) else { return };
        if self.has_task.swap(true, Ordering::AcqRel) {
            return self.tell_task();
        }
        if let (Some(watcher), Some(watch)) = (subject.watcher.upgrade(), subject.watch.upgrade()) {
            let _ = shield(|| watcher.send(subject.conn, watch));
        }
    }

    /// If there is a task, it looks.
    pub(crate) fn tell_task(&self) {
        let _ = shield(|| self.task.wake());
    }
}

impl<C: Send + 'static> Wake for Alarm<C> {
    fn wake(self: Arc<Self>) {
        self.ring();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.ring();
    }
}
