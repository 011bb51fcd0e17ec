//! A check, or a recycling: a task that has a connection to itself for a while, and gives it back.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use latebind::{ConnId, Event, Time};

use crate::effect::{Effect, Effects};
use crate::engine::Engine;
use crate::goods::{Held, Remains, Retired, Retirement};
use crate::shield::shielded_drop;
use crate::state::{Orphan, State};
use crate::sync::{AbortHandle, AbortRegistration, Abortable};
use crate::watch::Taken;
use crate::{Manager, Runtime};

/// What the task is sent for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Errand {
    /// R16: is a parked connection still alive?
    Check,
    /// A lease has ended: the connection is made fit for the next one, and counts as leased until then (R9).
    Recycle,
}

/// A connection to be sent on an errand.
pub(crate) struct Sending<C> {
    conn: ConnId,
    errand: Errand,
    held: Held<C>,
    abort: AbortRegistration,
}

pub(crate) fn start<M: Manager, R: Runtime>(engine: &Arc<Engine<M, R>>, sending: Sending<M::Connection>) {
    let Sending { conn, errand, held, abort } = sending;
    // Made before the task: it reports even if the task is never polled.
    let outing = Outing {
        engine: Arc::clone(engine),
        conn,
        errand,
        held: Some(held),
        connection: None,
        is_owed: true,
    };
    engine.runtime.spawn(outing.run(abort));
}

/// A connection on an errand. Owes its return: if the task is dropped unfinished, its loss.
struct Outing<M: Manager, R: Runtime> {
    engine: Arc<Engine<M, R>>,
    conn: ConnId,
    errand: Errand,
    held: Option<Held<M::Connection>>,
    connection: Option<M::Connection>,
    is_owed: bool,
}

impl<M: Manager, R: Runtime> Outing<M, R> {
    async fn run(mut self, abort: AbortRegistration) {
        let (connection, is_open) = match Held::take(&mut self.held).await {
            Taken::Open(connection) => (Some(connection), true),
            Taken::Closed(connection) => (Some(connection), false),
            Taken::Lost | Taken::Elsewhere => (None, false),
        };
        self.connection = connection;
        let is_good = match &mut self.connection {
            Some(connection) if is_open => {
                let manager = &self.engine.manager;
                let errand = self.errand;
                let work = async {
                    match errand {
                        Errand::Check => manager.check(connection).await,
                        Errand::Recycle => manager.recycle(connection).await.is_ok(),
                    }
                };
                let work = AssertUnwindSafe(Abortable::new(work, abort)).catch_unwind().await;
                matches!(work.map_err(crate::shield::panic_message), Ok(Ok(true)))
            }
            // Closed by its peer, as its watch has seen.
            _ => false,
        };
        // What is not taken here is lost: the drop tells.
        if let Some(connection) = self.connection.take() {
            self.is_owed = false;
            let Self { conn, errand, .. } = self;
            self.engine.step(|state, now, effects| {
                state.errand_done(now, conn, errand, connection, is_good, effects);
            });
        }
    }
}

impl<M: Manager, R: Runtime> Drop for Outing<M, R> {
    fn drop(&mut self) {
        shielded_drop(self.connection.take());
        shielded_drop(self.held.take());
        if self.is_owed {
            self.engine.orphaned(Orphan::Errand(self.conn, self.errand));
        }
    }
}

impl<M: Manager> State<M> {
    /// Sends the connection to be checked, as the core says.
    pub(crate) fn check(&mut self, conn: ConnId, effects: &mut Effects<M>) {
        self.send(conn, Errand::Check, effects);
    }

    /// A lease of an exclusive connection ends well, but it has to be recycled first.
    pub(crate) fn recycle(
        &mut self,
        now: Time,
        conn: ConnId,
        connection: M::Connection,
        effects: &mut Effects<M>,
    ) {
        if self.is_shut_down {
            // It is closed in any case.
            return self.give_back(now, conn, Held::Plain(connection), effects);
        }
        match self.connections.put_back(conn, Held::Plain(connection)) {
            Ok(()) => self.send(conn, Errand::Recycle, effects),
            Err(held) => self.close(conn, held, effects),
        }
    }

    fn send(&mut self, conn: ConnId, errand: Errand, effects: &mut Effects<M>) {
        let (abort, registration) = AbortHandle::new_pair();
        if let Some(held) = self.connections.send(conn, errand, abort) {
            let sending = Sending { conn, errand, held, abort: registration };
            effects.push(Effect::Send(Box::new(sending)));
        }
    }

    /// The task has ended, and gives the connection back.
    pub(crate) fn errand_done(
        &mut self,
        now: Time,
        conn: ConnId,
        errand: Errand,
        connection: M::Connection,
        is_good: bool,
        effects: &mut Effects<M>,
    ) {
        if let Err(connection) = self.connections.come_back(conn, connection) {
            // It was told to close meanwhile.
            return self.close(conn, Held::Plain(connection), effects);
        }
        match errand {
            Errand::Check => {
                if self.connections.is_shared(conn) {
                    // Those are watched in use, too.
                    self.watch(conn, effects);
                }
                self.check_done(now, conn, is_good, effects);
            }
            Errand::Recycle if is_good => self.apply(now, Event::ConnIdle { conn }, effects),
            // The lease counts until the connection is gone (R9).
            Errand::Recycle => self.retire(conn, effects),
        }
    }

    /// The task was dropped with its connection, or found it closed.
    pub(crate) fn errand_lost(&mut self, now: Time, conn: ConnId, errand: Errand, effects: &mut Effects<M>) {
        if errand == Errand::Check {
            self.check_done(now, conn, false, effects);
        }
        self.closed(now, conn, effects);
    }

    fn check_done(&mut self, now: Time, conn: ConnId, alive: bool, effects: &mut Effects<M>) {
        self.notify_of_check(conn, alive, effects);
        self.apply(now, Event::CheckDone { conn, alive }, effects);
    }

    /// Closes a connection that is in nobody's hands but the caller's.
    pub(crate) fn close(&mut self, conn: ConnId, held: Held<M::Connection>, effects: &mut Effects<M>) {
        match self.connections.closing(conn) {
            Some(recalls) => effects.close(conn, Retired::exclusive(held, recalls)),
            None => effects.drop_remains(Remains::of(held)),
        }
    }

    /// Closes a connection, wherever it is.
    pub(crate) fn retire(&mut self, conn: ConnId, effects: &mut Effects<M>) {
        match self.connections.retire(conn) {
            Retirement::Here(retired) => effects.close(conn, retired),
            Retirement::OnErrand { abort, maker, recalls } => {
                effects.push(Effect::Recall(recalls));
                effects.push(Effect::StopTask(abort));
                if let Some(maker) = maker {
                    effects.push(Effect::DropMaker(maker));
                }
            }
            Retirement::OnLease(recalls) => effects.push(Effect::Recall(recalls)),
            Retirement::None => {}
        }
    }
}
