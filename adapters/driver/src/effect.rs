//! What is done after the lock is released, because it runs foreign code (A2).

use std::mem;
use std::sync::Arc;
use std::task::Waker;

use latebind::ConnId;
use smallvec::SmallVec;

use crate::Manager;
use crate::errand::Errand;
use crate::failures::Forgotten;
use crate::goods::{Held, Recalls, Remains, Retired};
use crate::manager::Maker;
use crate::notice::Notice;
use crate::sync::{AbortHandle, AbortRegistration};
use crate::watch::Watch;

/// One thing to do after the lock.
pub(crate) enum Effect<M: Manager> {
    Wake(Waker),
    Dial {
        conn: ConnId,
        key: M::Key,
        abort: AbortRegistration,
    },
    /// A dial, a check or a recycling.
    StopTask(AbortHandle),
    Send {
        conn: ConnId,
        errand: Errand,
        held: Held<M::Connection>,
        abort: AbortRegistration,
    },
    Close {
        conn: ConnId,
        retired: Retired<M::Connection>,
    },
    Watch {
        conn: ConnId,
        watch: Arc<Watch<M::Connection>>,
    },
    StartTimer,
    WakeTimer,
    /// Tells those who wait for it that a connection on lease is to end.
    Recall(Recalls),
    DropRemains(Remains<M::Connection>),
    DropMaker(Maker<M::Connection>),
    DropFailures(Forgotten<M::Key, M::Error>),
}

/// The effects of one step, in their order. Most steps have none, or wake one waiter: no allocation.
pub(crate) struct Effects<M: Manager> {
    list: SmallVec<[Effect<M>; 2]>,
    /// For the observers, if there are any.
    notices: Vec<(M::Key, Notice<M::Error>)>,
}

impl<M: Manager> Effects<M> {
    pub(crate) fn new() -> Self {
        Self { list: SmallVec::new(), notices: Vec::new() }
    }

    pub(crate) fn push(&mut self, effect: Effect<M>) {
        self.list.push(effect);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty() && self.notices.is_empty()
    }

    pub(crate) fn notify(&mut self, key: M::Key, notice: Notice<M::Error>) {
        self.notices.push((key, notice));
    }

    pub(crate) fn take_notices(&mut self) -> Vec<(M::Key, Notice<M::Error>)> {
        mem::take(&mut self.notices)
    }

    pub(crate) fn forget(&mut self, failures: Forgotten<M::Key, M::Error>) {
        if !failures.is_empty() {
            self.push(Effect::DropFailures(failures));
        }
    }
}

impl<M: Manager> IntoIterator for Effects<M> {
    type Item = Effect<M>;
    type IntoIter = smallvec::IntoIter<[Effect<M>; 2]>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}
