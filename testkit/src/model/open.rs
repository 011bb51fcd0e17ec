//! Open connections: returned, changed, retired, parked, closed (R9, R11, R12, R18, R21).

use latebind::{Action, CloseReason, ConnId, Source};

use super::conn::Phase;
use super::{Model, State};

impl<K: Clone + Eq> Model<K> {
    pub(super) fn conn_idle(&mut self, id: ConnId) {
        self.conn_mut(id).leases -= 1;
        self.offer_or_retire(id, Source::Returned);
    }

    pub(super) fn capacity(&mut self, id: ConnId, capacity: u32) {
        let conn = self.conn_mut(id);
        conn.capacity = capacity;
        // What is parked or under check is not delivered because its capacity grows; it may need a check.
        if capacity == 0 && conn.check.is_none() {
            conn.parked = None;
        }
        if conn.check.is_none() && conn.parked.is_none() {
            self.offer_or_retire(id, Source::Shared);
        }
    }

    pub(super) fn conn_closed(&mut self, id: ConnId) {
        let Some(conn) = self.conn(id) else { return };
        let (key, found_dead) = (conn.key.clone(), conn.state().is_open() && conn.leases == 0);
        self.conns.retain(|conn| conn.id != id);
        if found_dead {
            self.found_dead(&key);
        }
    }

    /// What comes back goes to those who wait, or ends.
    pub(super) fn offer_or_retire(&mut self, id: ConnId, source: Source) {
        // A lowered limit that is kept meanwhile is no reason any more.
        let conn = self.conn_mut(id);
        conn.leaving = conn.leaving.filter(|reason| *reason != CloseReason::ConnectionLimit);
        match self.reason_to_end(id, true) {
            Some(reason) => self.retire(id, reason),
            None => self.offer(id, source),
        }
    }

    /// Why a connection that is open may serve nobody any more; its age is no reason at birth (R12).
    pub(super) fn reason_to_end(&self, id: ConnId, ages: bool) -> Option<CloseReason> {
        let conn = self.conn(id)?;
        if conn.leaving.is_some() {
            conn.leaving
        } else if self.shut_down {
            Some(CloseReason::Shutdown)
        } else if self.exceeds(None, self.config.max_connections)
            || self.exceeds(Some(&conn.key), self.config.max_connections_per_key)
        {
            Some(CloseReason::ConnectionLimit)
        } else {
            (ages && self.is_too_old(id)).then_some(CloseReason::Lifetime)
        }
    }

    /// Whether there are more connections than a lowered limit allows, those on their way out aside (R21).
    pub(super) fn exceeds(&self, key: Option<&K>, limit: Option<u32>) -> bool {
        limit.is_some_and(|limit| self.count(key, State::stays) > limit as usize)
    }

    /// Closes a connection now, or with its last lease.
    pub(super) fn retire(&mut self, id: ConnId, reason: CloseReason) {
        let conn = self.conn_mut(id);
        if conn.leases == 0 {
            return self.close(id, reason);
        }
        conn.leaving = Some(reason);
    }

    pub(super) fn close(&mut self, id: ConnId, reason: CloseReason) {
        let conn = self.conn_mut(id);
        conn.phase = Phase::Closing;
        (conn.leases, conn.parked, conn.check) = (0, None, None);
        let key = conn.key.clone();
        self.tally(&key, |counters| counters.closed += 1);
        self.actions.push(Action::Close { conn: id, reason });
    }

    /// A connection that nobody took is parked, if it is on lease to nobody and has capacity.
    pub(super) fn rest(&mut self, id: ConnId) {
        let Some(conn) = self.conn(id).filter(|conn| conn.parked.is_none()) else { return };
        if !conn.state().is_parked() {
            return;
        }
        let key = conn.key.clone();
        // It counts as parked already.
        let parked = self.count(Some(&key), State::is_parked);
        let none_may = self.config.max_idle == Some(0);
        if none_may || self.config.max_idle_per_key.is_some_and(|limit| parked > limit as usize) {
            return self.close(id, CloseReason::IdleLimit);
        }
        if self.others_need_room(&key) {
            return self.close(id, CloseReason::Evicted);
        }
        let moment = self.moment();
        self.conn_mut(id).parked = Some(moment);
        let too_many =
            self.config.max_idle.is_some_and(|limit| self.count(None, State::is_parked) > limit as usize);
        let victim = if too_many { self.first_to_go(|_| true) } else { None };
        if victim != Some(id) {
            self.tally(&key, |counters| counters.parked += 1);
            self.actions.push(Action::Park { conn: id });
        }
        if let Some(victim) = victim {
            self.close(victim, CloseReason::IdleLimit);
        }
    }
}
