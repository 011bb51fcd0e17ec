//! Connections that are elsewhere, with a task or a lease, and how they are called back.

use std::mem;
use std::task::Waker;

use latebind::ConnId;

use crate::connections::{Away, Connections, Place, Shared};
use crate::errand::Errand;
use crate::goods::{Held, Retired, Retirement};
use crate::sync::AbortHandle;

impl<C> Connections<C> {
    /// Hands the connection to a task, which is stopped by `abort`; `None` if it is not here to be sent.
    pub(crate) fn send(&mut self, conn: ConnId, errand: Errand, abort: AbortHandle) -> Option<Held<C>> {
        let place = self.place(conn)?;
        let (held, maker) = match mem::replace(place, Place::Vacant) {
            Place::In(held) => (held, None),
            Place::Shared(shared) => (shared.held, Some(shared.maker)),
            other => {
                *place = other;
                return None;
            }
        };
        *place = Place::Errand(Box::new(Away { errand, abort, maker }));
        Some(held)
    }

    /// The task gives it back; `Err` if it was told to close meanwhile.
    pub(crate) fn come_back(&mut self, conn: ConnId, connection: C) -> Result<(), C> {
        let Some(place @ Place::Errand(_)) = self.place(conn) else { return Err(connection) };
        let held = Held::Plain(connection);
        *place = match mem::replace(place, Place::Vacant) {
            Place::Errand(away) => match away.maker {
                Some(maker) => Place::Shared(Box::new(Shared { held, maker })),
                None => Place::In(held),
            },
            other => other,
        };
        Ok(())
    }

    /// Takes the connection out to close it, or tells how it comes back for that.
    pub(crate) fn retire(&mut self, conn: ConnId) -> Retirement<C> {
        let Some(place) = self.place(conn) else { return Retirement::None };
        match mem::replace(place, Place::Closing) {
            Place::In(held) => {
                Retirement::Here(Retired { held, maker: None, recalls: self.recalls_of(conn) })
            }
            Place::Shared(shared) => {
                let Shared { held, maker } = *shared;
                Retirement::Here(Retired { held, maker: Some(maker), recalls: self.recalls_of(conn) })
            }
            Place::Errand(away) => {
                let Away { abort, maker, .. } = *away;
                Retirement::OnErrand { abort, maker, recalls: self.recalls_of(conn) }
            }
            Place::Out => {
                *place = Place::Recalled;
                Retirement::OnLease(self.recalls_of(conn))
            }
            other => {
                *place = other;
                Retirement::None
            }
        }
    }

    /// The tasks that recycle connections.
    pub(crate) fn recycling(&self) -> impl Iterator<Item = AbortHandle> {
        self.entries.iter().filter_map(|entry| match &entry.place {
            Place::Errand(away) if away.errand == Errand::Recycle => Some(away.abort.clone()),
            _ => None,
        })
    }

    /// Whether the pool has closed it, or wants it closed.
    pub(crate) fn is_recalled(&self, conn: ConnId) -> bool {
        self.entries.get(conn.index()).is_none_or(|entry| {
            entry.generation != conn.generation()
                || matches!(entry.place, Place::Vacant | Place::Recalled | Place::Closing)
        })
    }

    /// Has `waker` woken when the connection is recalled. Registers it anew without a `place`; the previous waker
    /// is the caller's to drop.
    pub(crate) fn on_recall(
        &mut self,
        conn: ConnId,
        place: Option<usize>,
        waker: Waker,
    ) -> Result<(usize, Option<Waker>), Waker> {
        if self.is_recalled(conn) {
            return Err(waker);
        }
        Ok(self.recalls.entry(conn).or_default().register(place, waker))
    }

    /// Nobody waits there any more.
    #[must_use = "dropping it under the lock runs foreign code there"]
    pub(crate) fn forget_recall(&mut self, conn: ConnId, place: usize) -> Option<Waker> {
        let recalls = self.recalls.get_mut(&conn)?;
        let waker = recalls.remove(place);
        if recalls.is_empty() {
            self.recalls.remove(&conn);
        }
        waker
    }
}
