//! What a pool tells those who observe it.

use std::time::Duration;

use latebind::{CloseReason, ConnId, Event, RequestError, Source, Time};

use crate::effect::Effects;
use crate::slot::Slot;
use crate::state::State;
use crate::{ConnectError, Manager};

/// Something that happened in a pool, told to the observers of
/// [`Builder::observe`](crate::Builder::observe) together with its key; `E` is the manager's error.
///
/// It is told after the fact and outside of the lock, so an observer may use the pool. The notices of one step are
/// told in their order; those of steps that other threads make at the same time may overtake them.
#[derive(Debug)]
#[non_exhaustive]
pub enum Notice<E> {
    /// A request was given a connection. [`Source::Returned`] and [`Source::OtherDial`] are late binding at work.
    Delivered {
        /// Which connection.
        conn: ConnId,
        /// How it became available.
        source: Source,
        /// Since the request was polled first.
        waited: Duration,
    },
    /// A request has failed.
    Failed {
        /// Why.
        error: RequestError,
        /// Since the request was polled first.
        waited: Duration,
    },
    /// A request was dropped while it waited (A3).
    Cancelled {
        /// Since the request was polled first.
        waited: Duration,
    },
    /// A dial has begun.
    DialStarted {
        /// The connection to be.
        conn: ConnId,
    },
    /// A dial has brought a connection.
    DialOpened {
        /// Which connection.
        conn: ConnId,
        /// How long the dial took.
        took: Duration,
    },
    /// A dial has brought none.
    DialFailed {
        /// Which one.
        conn: ConnId,
        /// How long it took.
        took: Duration,
        /// Why; `None` if the pool has stopped it because it was not needed any more.
        error: Option<ConnectError<E>>,
    },
    /// A check has ended (R16). One that takes too long is told as [`Closing`](Self::Closing).
    Checked {
        /// Which connection.
        conn: ConnId,
        /// Whether it can be used.
        alive: bool,
    },
    /// A connection is idle.
    Parked {
        /// Which connection.
        conn: ConnId,
    },
    /// A connection has been on lease for longer than `Config::lease_warn_after` (R22).
    Overdue {
        /// Which connection.
        conn: ConnId,
    },
    /// The pool closes a connection.
    Closing {
        /// Which connection.
        conn: ConnId,
        /// Why.
        reason: CloseReason,
    },
    /// A connection is gone: the pool, its lease or its peer has closed it.
    Closed {
        /// Which connection.
        conn: ConnId,
    },
}

/// Somebody who is told. User code: never called under the lock.
pub(crate) type Observer<M> = Box<dyn Fn(&<M as Manager>::Key, &Notice<<M as Manager>::Error>) + Send + Sync>;

impl<M: Manager> State<M> {
    /// Tells of a connection that is still known to the core.
    #[inline]
    pub(crate) fn notify(
        &self,
        conn: ConnId,
        notice: impl FnOnce() -> Notice<M::Error>,
        effects: &mut Effects<M>,
    ) {
        if self.is_observed
            && let Some(key) = self.pool.key(conn)
        {
            effects.notify(key.clone(), notice());
        }
    }

    pub(crate) fn notify_of_check(&self, conn: ConnId, alive: bool, effects: &mut Effects<M>) {
        self.notify(conn, || Notice::Checked { conn, alive }, effects);
    }

    /// Tells of a request; to be called while its slot is there.
    #[inline]
    pub(crate) fn notify_of_request(
        &self,
        now: Time,
        token: usize,
        notice: impl FnOnce(Duration) -> Notice<M::Error>,
        effects: &mut Effects<M>,
    ) {
        if self.is_observed
            && let Some(Slot { key, asked, .. }) = self.slots.get(token)
        {
            effects.notify(key.clone(), notice(now.since(*asked)));
        }
    }

    /// Tells of the end of a dial; to be called before the tables hear of it.
    pub(crate) fn notify_of_dial(
        &mut self,
        now: Time,
        conn: ConnId,
        outcome: Result<(), Option<ConnectError<M::Error>>>,
        effects: &mut Effects<M>,
    ) {
        if self.is_observed {
            let took = self.connections.dial_begun(conn).map_or(Duration::ZERO, |begun| now.since(begun));
            let notice = match outcome {
                Ok(()) => Notice::DialOpened { conn, took },
                Err(error) => Notice::DialFailed { conn, took, error },
            };
            self.notify(conn, || notice, effects);
        }
    }

    /// A request is dropped while it waits.
    pub(crate) fn cancel_waiter(
        &mut self,
        now: Time,
        token: usize,
        request: latebind::RequestId,
        effects: &mut Effects<M>,
    ) {
        self.notify_of_request(now, token, |waited| Notice::Cancelled { waited }, effects);
        self.apply(now, Event::Cancel { request }, effects);
    }
}
