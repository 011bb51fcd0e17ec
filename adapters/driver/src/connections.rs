//! Where each connection is: the driver's half of the core's bookkeeping.

use std::mem;
use std::sync::Arc;

use futures_util::future::AbortHandle;
use latebind::ConnId;

use crate::manager::{Maker, Sharing};
use crate::watch::Watch;

/// The connections by [`ConnId::index`]. Pure table work; nothing here runs or drops foreign code.
pub(crate) struct Connections<C> {
    entries: Vec<Entry<C>>,
}

struct Entry<C> {
    /// Tells apart those that had this index one after the other.
    generation: u32,
    place: Place<C>,
}

/// Where a connection is.
///
/// ```text
/// Vacant → Dialing → In ⇄ Out → Closing → Vacant
///             ↓       ↓            ↑
///         Stopping    └────────────┘      Shared stays in the table while its handles are out.
/// ```
enum Place<C> {
    Vacant,
    Dialing(AbortHandle),
    /// A dial that was told to stop.
    Stopping,
    /// Here: parked, or delivered to somebody who has not picked it up yet.
    In(Held<C>),
    /// In a lease.
    Out,
    Shared(Box<Shared<C>>),
    /// With a task that closes it.
    Closing,
}

/// A connection in the table.
pub(crate) enum Held<C> {
    Plain(C),
    Watched(Arc<Watch<C>>),
}

struct Shared<C> {
    held: Held<C>,
    maker: Maker<C>,
}

/// What was left of a connection that is over, to be dropped after the lock.
#[must_use = "dropping it under the lock runs foreign code there"]
pub(crate) struct Remains<C>(Place<C>);

/// A connection that was taken out to be closed.
pub(crate) struct Retired<C> {
    pub(crate) held: Held<C>,
    /// May hold a handle of its own, which goes before the connection is closed.
    pub(crate) maker: Option<Maker<C>>,
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

/// How many connections the table has in which state, to be compared with the core's own numbers.
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct Census {
    pub(crate) dialing: u32,
    pub(crate) open_or_closing: u32,
}

impl<C> Connections<C> {
    pub(crate) fn new() -> Self {
        Self { entries: Vec::new() }
    }

    pub(crate) fn dialing(&mut self, conn: ConnId, abort: AbortHandle) {
        if self.entries.len() <= conn.index() {
            self.entries.resize_with(conn.index() + 1, || Entry { generation: 0, place: Place::Vacant });
        }
        self.entries[conn.index()] = Entry { generation: conn.generation(), place: Place::Dialing(abort) };
    }

    /// The dial is told to stop.
    pub(crate) fn stop(&mut self, conn: ConnId) -> Option<AbortHandle> {
        let place = self.place(conn)?;
        match mem::replace(place, Place::Stopping) {
            Place::Dialing(abort) => Some(abort),
            other => {
                *place = other;
                None
            }
        }
    }

    pub(crate) fn is_stopping(&mut self, conn: ConnId) -> bool {
        matches!(self.place(conn), Some(Place::Stopping))
    }

    /// A dial has brought a connection.
    pub(crate) fn opened(&mut self, conn: ConnId, connection: C, sharing: Option<Sharing<C>>) -> Remains<C> {
        let held = Held::Plain(connection);
        let opened = match sharing {
            None => Place::In(held),
            Some(Sharing { maker, .. }) => Place::Shared(Box::new(Shared { held, maker })),
        };
        match self.place(conn) {
            Some(place) => Remains(mem::replace(place, opened)),
            None => Remains(opened),
        }
    }

    /// Hands over what was delivered. A shared connection stays here; its maker makes the handle.
    pub(crate) fn pick_up(&mut self, conn: ConnId) -> Goods<C> {
        let Some(place) = self.place(conn) else { return Goods::Gone };
        if let Place::Shared(shared) = place {
            let watch = match &shared.held {
                Held::Plain(_) => None,
                Held::Watched(watch) => Some(Arc::clone(watch)),
            };
            return Goods::Shared { maker: Arc::clone(&shared.maker), watch };
        }
        match mem::replace(place, Place::Out) {
            Place::In(held) => Goods::Exclusive(held),
            other => {
                *place = other;
                Goods::Gone
            }
        }
    }

    /// A lease gives its connection back; `Err` if there is no place for it any more.
    pub(crate) fn put_back(&mut self, conn: ConnId, connection: C) -> Result<(), C> {
        match self.place(conn) {
            Some(place @ Place::Out) => {
                *place = Place::In(Held::Plain(connection));
                Ok(())
            }
            _ => Err(connection),
        }
    }

    /// A lease keeps its connection to close it.
    pub(crate) fn closing(&mut self, conn: ConnId) {
        if let Some(place) = self.place(conn) {
            *place = Place::Closing;
        }
    }

    /// Puts a connection under watch; `None` if it is under watch already, or not here.
    pub(crate) fn watch(
        &mut self,
        conn: ConnId,
        watch: impl FnOnce(C) -> Arc<Watch<C>>,
    ) -> Option<Arc<Watch<C>>> {
        let place = self.place(conn)?;
        let (held, maker) = match mem::replace(place, Place::Out) {
            Place::In(held) => (held, None),
            Place::Shared(shared) => (shared.held, Some(shared.maker)),
            other => {
                *place = other;
                return None;
            }
        };
        let (held, started) = match held {
            Held::Plain(connection) => {
                let watch = watch(connection);
                (Held::Watched(Arc::clone(&watch)), Some(watch))
            }
            watched @ Held::Watched(_) => (watched, None),
        };
        *place = match maker {
            None => Place::In(held),
            Some(maker) => Place::Shared(Box::new(Shared { held, maker })),
        };
        started
    }

    /// Takes the connection out to close it; `None` if somebody closes it already.
    pub(crate) fn retire(&mut self, conn: ConnId) -> Option<Retired<C>> {
        let place = self.place(conn)?;
        match mem::replace(place, Place::Closing) {
            Place::In(held) => Some(Retired { held, maker: None }),
            Place::Shared(shared) => Some(Retired { held: shared.held, maker: Some(shared.maker) }),
            other => {
                *place = other;
                None
            }
        }
    }

    /// The connection, or the dial, is over; what was left of it.
    ///
    /// To be called before the core hears of it: the core may use the index again in the same step.
    pub(crate) fn vacate(&mut self, conn: ConnId) -> Remains<C> {
        Remains(self.place(conn).map_or(Place::Vacant, |place| mem::replace(place, Place::Vacant)))
    }

    pub(crate) fn census(&self) -> Census {
        let mut census = Census { dialing: 0, open_or_closing: 0 };
        for entry in &self.entries {
            match entry.place {
                Place::Vacant => {}
                Place::Dialing(_) | Place::Stopping => census.dialing += 1,
                Place::In(_) | Place::Out | Place::Shared(_) | Place::Closing => census.open_or_closing += 1,
            }
        }
        census
    }

    fn place(&mut self, conn: ConnId) -> Option<&mut Place<C>> {
        let entry = self.entries.get_mut(conn.index())?;
        (entry.generation == conn.generation()).then_some(&mut entry.place)
    }
}
