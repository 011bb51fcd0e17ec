//! What stands for a request between its polls.

use std::task::Waker;

use latebind::{ConnId, RequestId, Source, Time};

use crate::{Error, Manager};

/// Where the answer of a request that waits is put.
///
/// Made in the step of the request, under the lock, so that no answer can come before it (A1); a request that is
/// answered in that very step needs none.
pub(crate) struct Slot<M: Manager> {
    /// When the request was made first; it may have been asked again since.
    pub(crate) asked: Time,
    /// To explain a failure with, at the moment when it happens (A8).
    pub(crate) key: M::Key,
    pub(crate) answer: Answer<M>,
}

pub(crate) enum Answer<M: Manager> {
    /// The core has taken it as a waiter.
    Waiting {
        request: RequestId,
        waker: Option<Waker>,
    },
    Done(Done<M>),
}

/// An answer that was not picked up yet.
pub(crate) enum Done<M: Manager> {
    /// On lease: the connection stays in the table until it is picked up.
    Delivered { conn: ConnId, source: Source },
    /// Boxed, so that it fits where the waker was.
    Failed(Box<Error<M::Error>>),
}
