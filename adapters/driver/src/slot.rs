//! What stands for a request between its polls.

use std::task::Waker;

use latebind::{ConnId, RequestError, RequestId, Source, Time};

use crate::{Error, Manager};

/// Where a request's answer is put; exists before the core hears of the request (A1).
pub(crate) struct Slot<M: Manager> {
    /// When the request was made first; it may have been asked again since.
    pub(crate) asked: Time,
    /// Known once the request waits: one that is served at once needs no clone.
    pub(crate) key: Option<M::Key>,
    pub(crate) answer: Answer<M>,
}

pub(crate) enum Answer<M: Manager> {
    /// The core has not answered yet; at rest, no slot is in this state.
    None,
    /// The core has taken it as a waiter.
    Waiting { request: RequestId, waker: Option<Waker> },
    /// On lease, but not picked up: the connection stays in the table until then.
    Delivered { conn: ConnId, source: Source },
    /// Refused in the step of the request itself, which knows the key to explain it with.
    Refused { error: RequestError, cause: Option<ConnId> },
    /// Failed while it waited.
    Failed(Error<M::Error>),
}

impl<M: Manager> Slot<M> {
    pub(crate) fn new(asked: Time) -> Self {
        Self { asked, key: None, answer: Answer::None }
    }
}
