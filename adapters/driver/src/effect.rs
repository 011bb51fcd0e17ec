//! What is done after the lock is released, because it runs foreign code (A2).

use std::sync::Arc;
use std::task::Waker;

use latebind::ConnId;

use crate::Manager;
use crate::dial::Call;
use crate::errand::Sending;
use crate::failures::Forgotten;
use crate::goods::{Recalls, Remains, Retired};
use crate::manager::Maker;
use crate::notice::Notice;
use crate::sync::AbortHandle;
use crate::watch::Watch;

/// One thing to do after the lock. Small, since each step has room for one: what holds a connection or a key is boxed.
pub(crate) enum Effect<M: Manager> {
    Wake(Waker),
    Dial(Box<Call<M::Key>>),
    /// A dial, a check or a recycling.
    StopTask(AbortHandle),
    Send(Box<Sending<M::Connection>>),
    Close(ConnId, Box<Retired<M::Connection>>),
    Watch(ConnId, Arc<Watch<M::Connection>>),
    StartTimer,
    WakeTimer,
    /// Tells those who wait for it that a connection on lease is to end.
    Recall(Recalls),
    DropRemains(Box<Remains<M::Connection>>),
    DropMaker(Maker<M::Connection>),
    DropFailures(Box<Forgotten<M::Key, M::Error>>),
}

/// The effects of one step, in their order. Most steps have none, or wake one waiter: no allocation.
pub(crate) struct Effects<M: Manager> {
    pub(crate) first: Option<Effect<M>>,
    pub(crate) more: Option<Box<More<M>>>,
}

/// What only busy steps have.
pub(crate) struct More<M: Manager> {
    /// Behind the first one.
    pub(crate) effects: Vec<Effect<M>>,
    /// For the observers, if there are any: told before everything else.
    pub(crate) notices: Vec<(M::Key, Notice<M::Error>)>,
}

impl<M: Manager> Effects<M> {
    pub(crate) fn new() -> Self {
        Self { first: None, more: None }
    }

    #[inline]
    pub(crate) fn push(&mut self, effect: Effect<M>) {
        if self.first.is_none() {
            self.first = Some(effect);
        } else {
            self.push_behind(effect);
        }
    }

    #[inline(never)]
    fn push_behind(&mut self, effect: Effect<M>) {
        self.more().effects.push(effect);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.first.is_none() && self.more.is_none()
    }

    pub(crate) fn notify(&mut self, key: M::Key, notice: Notice<M::Error>) {
        self.more().notices.push((key, notice));
    }

    pub(crate) fn close(&mut self, conn: ConnId, retired: Retired<M::Connection>) {
        self.push(Effect::Close(conn, Box::new(retired)));
    }

    pub(crate) fn drop_remains(&mut self, remains: Remains<M::Connection>) {
        if !remains.is_empty() {
            self.push(Effect::DropRemains(Box::new(remains)));
        }
    }

    pub(crate) fn forget(&mut self, failures: Forgotten<M::Key, M::Error>) {
        if !failures.is_empty() {
            self.push(Effect::DropFailures(Box::new(failures)));
        }
    }

    fn more(&mut self) -> &mut More<M> {
        self.more.get_or_insert_with(|| Box::new(More { effects: Vec::new(), notices: Vec::new() }))
    }
}
