//! What is done after the lock is released, because it runs foreign code (A2).

use std::sync::Arc;
use std::task::Waker;

use futures_util::future::{AbortHandle, AbortRegistration};
use latebind::ConnId;
use smallvec::SmallVec;

use crate::Manager;
use crate::connections::{Remains, Retired};
use crate::failures::Forgotten;
use crate::watch::Watch;

/// One thing to do after the lock.
pub(crate) enum Effect<M: Manager> {
    Wake(Waker),
    Dial { conn: ConnId, key: M::Key, abort: AbortRegistration },
    StopDial(AbortHandle),
    Close { conn: ConnId, retired: Retired<M::Connection> },
    Watch { conn: ConnId, watch: Arc<Watch<M::Connection>> },
    StartTimer,
    WakeTimer,
    DropConnection(M::Connection),
    DropRemains(Remains<M::Connection>),
    DropFailures(Forgotten<M::Key, M::Error>),
}

/// The effects of one step, in their order. Most steps have none, or wake one waiter: no allocation.
pub(crate) struct Effects<M: Manager>(SmallVec<[Effect<M>; 2]>);

impl<M: Manager> Effects<M> {
    pub(crate) fn new() -> Self {
        Self(SmallVec::new())
    }

    pub(crate) fn push(&mut self, effect: Effect<M>) {
        self.0.push(effect);
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
        self.0.into_iter()
    }
}
