//! What an event must meet before it is told: a refusal, or the silence of a lost race (R24).

use latebind::{ConnId, Event, Misuse, Pool, RequestId};

use super::Key;
use super::ledger::{Ledger, Life, Stage};

/// The connection that an event speaks of.
pub(crate) fn subject(event: &Event<'_, Key>) -> Option<ConnId> {
    match *event {
        Event::DialDone { conn, .. }
        | Event::ConnIdle { conn }
        | Event::ConnClosed { conn }
        | Event::Capacity { conn, .. }
        | Event::CheckDone { conn, .. }
        | Event::Draining { conn } => Some(conn),
        _ => None,
    }
}

impl Ledger {
    /// A lost race, or no change at all: the event does no more than a `Tick`.
    pub(crate) fn is_lost(&self, event: &Event<'_, Key>) -> bool {
        let stage = |id: RequestId| self.wish_by_id(id).map(|wish| (wish.stage, wish.priority));
        match *event {
            Event::Cancel { request } => stage(request).is_some_and(|(stage, _)| stage != Stage::Waiting),
            Event::Reprioritize { request, priority } => {
                stage(request).is_some_and(|(stage, old)| stage != Stage::Waiting || old == priority)
            }
            _ => subject(event).is_some_and(|id| match self.conns.get(&id).map(|conn| conn.life) {
                None => self.names.contains_key(&id),
                Some(Life::Closing) => !matches!(event, Event::ConnClosed { .. }),
                Some(_) => false,
            }),
        }
    }

    /// The refusal that the event must meet, if any.
    pub(crate) fn misuse(&self, event: &Event<'_, Key>) -> Option<Misuse> {
        match *event {
            Event::Cancel { request } | Event::Reprioritize { request, .. } => {
                (!self.tokens.contains_key(&request)).then_some(Misuse::UnknownRequest(request))
            }
            Event::Reconfigure { config } => Pool::<Key>::new(config.clone()).err().map(Misuse::Config),
            _ => subject(event).and_then(|id| self.conn_misuse(id, event)),
        }
    }

    fn conn_misuse(&self, id: ConnId, event: &Event<'_, Key>) -> Option<Misuse> {
        if !self.names.contains_key(&id) {
            return Some(Misuse::UnknownConnection(id));
        }
        let conn = self.conns.get(&id)?;
        match (conn.life, event) {
            (Life::Closing, _) | (Life::Dialing, Event::DialDone { .. }) => None,
            (_, Event::DialDone { .. }) => Some(Misuse::NotDialing(id)),
            (Life::Dialing, _) => Some(Misuse::StillDialing(id)),
            (_, Event::ConnIdle { .. }) if conn.leases == 0 => Some(Misuse::NotLeased(id)),
            (life, Event::CheckDone { .. }) if life != Life::Checking => Some(Misuse::NotChecking(id)),
            _ => None,
        }
    }
}
