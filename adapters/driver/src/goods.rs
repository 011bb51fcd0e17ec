//! Connections in transit between the table, leases and tasks.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Waker;

use slab::Slab;

use crate::connections::Place;
use crate::manager::Maker;
use crate::shield::shield;
use crate::sync::AbortHandle;
use crate::watch::{Taken, Watch};

/// A connection in the table.
pub(crate) enum Held<C> {
    Plain(C),
    Watched(Arc<Watch<C>>),
}

impl<C: Send + 'static> Held<C> {
    /// Takes the connection itself, once nobody polls its watch. Leaves it where it is until then, so that a task
    /// that is dropped meanwhile drops it as it likes.
    pub(crate) async fn take(held: &mut Option<Self>) -> Taken<C> {
        if let Some(Self::Watched(watch)) = held {
            return poll_fn(|context| watch.poll_take(context)).await;
        }
        match held.take() {
            Some(Self::Plain(connection)) => Taken::Open(connection),
            Some(Self::Watched(_)) | None => Taken::Elsewhere,
        }
    }
}

/// What a request gets when it picks up its delivery.
pub(crate) enum Goods<C> {
    Exclusive(Held<C>),
    Shared {
        maker: Maker<C>,
        watch: Option<Arc<Watch<C>>>,
    },
    /// The connection has ended since it was delivered.
    Gone,
}

/// A connection that was taken out to be closed.
pub(crate) struct Retired<C> {
    pub(crate) held: Held<C>,
    /// May hold a handle of its own, which goes before the connection is closed.
    pub(crate) maker: Option<Maker<C>>,
    /// Woken first.
    pub(crate) recalls: Recalls,
}

impl<C> Retired<C> {
    pub(crate) fn exclusive(held: Held<C>, recalls: Recalls) -> Self {
        Self { held, maker: None, recalls }
    }
}

/// Where a connection is that is to be closed.
pub(crate) enum Retirement<C> {
    Here(Retired<C>),
    /// With a task, which closes it when it is stopped.
    OnErrand {
        abort: AbortHandle,
        maker: Option<Maker<C>>,
        recalls: Recalls,
    },
    /// With a lease, which closes it when it ends.
    OnLease(Recalls),
    /// Somebody closes it already.
    None,
}

/// What was left of a connection that is over, to be dropped after the lock.
#[must_use = "dropping it under the lock runs foreign code there"]
pub(crate) struct Remains<C> {
    place: Place<C>,
    recalls: Recalls,
}

impl<C> Remains<C> {
    pub(crate) fn new(place: Place<C>, recalls: Recalls) -> Self {
        Self { place, recalls }
    }

    pub(crate) fn of(held: Held<C>) -> Self {
        Self::new(Place::In(held), Recalls::default())
    }

    /// Nothing is left.
    pub(crate) fn is_empty(&self) -> bool {
        let Self { place, recalls } = self;
        matches!(place, Place::Vacant | Place::Out | Place::Recalled | Place::Closing) && recalls.is_empty()
    }

    /// Wakes those who wait for the end, and drops the rest.
    pub(crate) fn clear_away(self) {
        self.recalls.wake();
        drop(self.place);
    }
}

/// Those who want to know when a connection is closed under them: none, almost always.
#[derive(Default)]
pub(crate) struct Recalls(Option<Box<Slab<Waker>>>);

impl Recalls {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    pub(crate) fn register(&mut self, place: Option<usize>, waker: Waker) -> (usize, Option<Waker>) {
        let wakers = self.0.get_or_insert_default();
        match place {
            Some(place) if wakers.contains(place) => {
                (place, Some(std::mem::replace(&mut wakers[place], waker)))
            }
            _ => (wakers.insert(waker), None),
        }
    }

    pub(crate) fn remove(&mut self, place: usize) -> Option<Waker> {
        let waker = self.0.as_mut()?.try_remove(place);
        if self.0.as_ref().is_some_and(|wakers| wakers.is_empty()) {
            self.0 = None;
        }
        waker
    }

    pub(crate) fn wake(self) {
        for waker in self.0.into_iter().flat_map(|wakers| *wakers) {
            // A panic of one concerns none of the others.
            let _ = shield(|| waker.1.wake());
        }
    }
}
