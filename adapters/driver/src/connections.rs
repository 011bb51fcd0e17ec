//! Where each connection is: the driver's half of the core's bookkeeping.

use std::collections::HashMap;
use std::mem;
use std::sync::Arc;

use latebind::{ConnId, Time};

use crate::errand::Errand;
use crate::goods::{Goods, Held, Recalls, Remains};
use crate::manager::{Maker, Sharing};
use crate::sync::AbortHandle;
use crate::watch::Watch;

/// The connections by [`ConnId::index`]. Pure table work; nothing here runs or drops foreign code.
pub(crate) struct Connections<C> {
    pub(crate) entries: Vec<Entry<C>>,
    /// Holders of leases who want to know when their connection is closed under them; empty, almost always.
    pub(crate) recalls: HashMap<ConnId, Recalls>,
}

/// One for each connection that there ever was at once: small. What only some have is boxed, or stands beside.
pub(crate) struct Entry<C> {
    /// Tells apart those that had this index one after the other.
    pub(crate) generation: u32,
    pub(crate) place: Place<C>,
}

/// Where a connection is.
///
/// ```text
/// Vacant → Dialing → In ⇄ Out → Closing → Vacant     In ⇄ Errand → Closing
///             ↓       ↓    ↓       ↑                  Out → Errand
///         Stopping    │  Recalled ─┤
///                     └────────────┘      Shared stays in the table while its handles are out.
/// ```
pub(crate) enum Place<C> {
    Vacant,
    Dialing(Box<Dial>),
    /// A dial that was told to stop.
    Stopping(Box<Dial>),
    /// Here: parked, or delivered to somebody who has not picked it up yet.
    In(Held<C>),
    /// In a lease.
    Out,
    /// With a task that checks or recycles it, and gives it back.
    Errand(Box<Away<C>>),
    /// In a lease, and to be closed when that ends.
    Recalled,
    Shared(Box<Shared<C>>),
    /// With a task that closes it.
    Closing,
}

/// A connection to be.
pub(crate) struct Dial {
    abort: AbortHandle,
    begun: Time,
    /// It was told to stop because it took too long.
    is_late: bool,
}

pub(crate) struct Shared<C> {
    pub(crate) held: Held<C>,
    pub(crate) maker: Maker<C>,
}

/// A connection that a task has.
pub(crate) struct Away<C> {
    pub(crate) errand: Errand,
    pub(crate) abort: AbortHandle,
    /// Of a shared connection: it stays here.
    pub(crate) maker: Option<Maker<C>>,
}

/// How many connections the table has in which state, to be compared with the core's own numbers.
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct Census {
    pub(crate) dialing: u32,
    pub(crate) open_or_closing: u32,
}

impl<C> Entry<C> {
    fn vacant() -> Self {
        Self { generation: 0, place: Place::Vacant }
    }
}

impl<C> Connections<C> {
    pub(crate) fn new() -> Self {
        Self { entries: Vec::new(), recalls: HashMap::new() }
    }

    pub(crate) fn dialing(&mut self, conn: ConnId, abort: AbortHandle, begun: Time) {
        if self.entries.len() <= conn.index() {
            self.entries.resize_with(conn.index() + 1, Entry::vacant);
        }
        let entry = &mut self.entries[conn.index()];
        entry.generation = conn.generation();
        entry.place = Place::Dialing(Box::new(Dial { abort, begun, is_late: false }));
    }

    /// The dial is told to stop, because it takes too long or is not needed.
    pub(crate) fn stop(&mut self, conn: ConnId, is_late: bool) -> Option<AbortHandle> {
        let place = self.place(conn)?;
        match mem::replace(place, Place::Vacant) {
            Place::Dialing(mut dial) => {
                let abort = dial.abort.clone();
                dial.is_late = is_late;
                *place = Place::Stopping(dial);
                Some(abort)
            }
            other => {
                *place = other;
                None
            }
        }
    }

    pub(crate) fn is_stopping(&mut self, conn: ConnId) -> bool {
        matches!(self.place(conn), Some(Place::Stopping(_)))
    }

    /// Whether a dial was told to stop because it took too long.
    pub(crate) fn is_late(&mut self, conn: ConnId) -> bool {
        matches!(self.place(conn), Some(Place::Stopping(dial)) if dial.is_late)
    }

    /// When the dial has begun.
    pub(crate) fn dial_begun(&self, conn: ConnId) -> Option<Time> {
        let entry = self.entries.get(conn.index()).filter(|entry| entry.generation == conn.generation());
        match entry.map(|entry| &entry.place) {
            Some(Place::Dialing(dial) | Place::Stopping(dial)) => Some(dial.begun),
            _ => None,
        }
    }

    /// A dial has brought a connection.
    pub(crate) fn opened(&mut self, conn: ConnId, connection: C, sharing: Option<Sharing<C>>) -> Remains<C> {
        let held = Held::Plain(connection);
        let opened = match sharing {
            None => Place::In(held),
            Some(Sharing { maker, .. }) => Place::Shared(Box::new(Shared { held, maker })),
        };
        match self.place(conn) {
            Some(place) => Remains::new(mem::replace(place, opened), Recalls::default()),
            None => Remains::new(opened, Recalls::default()),
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
    pub(crate) fn put_back(&mut self, conn: ConnId, held: Held<C>) -> Result<(), Held<C>> {
        match self.place(conn) {
            Some(place @ Place::Out) => {
                // `Out` has nothing to drop, which the compiler does not see.
                mem::forget(mem::replace(place, Place::In(held)));
                Ok(())
            }
            _ => Err(held),
        }
    }

    /// A lease or a task keeps its connection to close it; those to be told. `None`: it is over already.
    pub(crate) fn closing(&mut self, conn: ConnId) -> Option<Recalls> {
        let entry = self.entry(conn).filter(|entry| !matches!(entry.place, Place::Vacant))?;
        entry.place = Place::Closing;
        Some(self.recalls_of(conn))
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

    pub(crate) fn is_shared(&self, conn: ConnId) -> bool {
        let entry = self.entries.get(conn.index()).filter(|entry| entry.generation == conn.generation());
        entry.is_some_and(|entry| match &entry.place {
            Place::Shared(_) => true,
            Place::Errand(away) => away.maker.is_some(),
            _ => false,
        })
    }

    /// The connection, or the dial, is over; what was left of it.
    ///
    /// To be called before the core hears of it: the core may use the index again in the same step.
    pub(crate) fn vacate(&mut self, conn: ConnId) -> Remains<C> {
        match self.entry(conn) {
            Some(entry) => {
                let place = mem::replace(&mut entry.place, Place::Vacant);
                Remains::new(place, self.recalls_of(conn))
            }
            None => Remains::new(Place::Vacant, Recalls::default()),
        }
    }

    /// Takes out who wants to know of its end.
    pub(crate) fn recalls_of(&mut self, conn: ConnId) -> Recalls {
        if self.recalls.is_empty() {
            return Recalls::default();
        }
        self.recalls.remove(&conn).unwrap_or_default()
    }

    pub(crate) fn census(&self) -> Census {
        let mut census = Census { dialing: 0, open_or_closing: 0 };
        for entry in &self.entries {
            match entry.place {
                Place::Vacant => {}
                Place::Dialing(_) | Place::Stopping(_) => census.dialing += 1,
                _ => census.open_or_closing += 1,
            }
        }
        census
    }

    pub(crate) fn place(&mut self, conn: ConnId) -> Option<&mut Place<C>> {
        self.entry(conn).map(|entry| &mut entry.place)
    }

    pub(crate) fn entry(&mut self, conn: ConnId) -> Option<&mut Entry<C>> {
        self.entries.get_mut(conn.index()).filter(|entry| entry.generation == conn.generation())
    }
}
