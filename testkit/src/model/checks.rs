//! Health: checks, and suspects (R16, R17).

use latebind::{Action, CloseReason, ConnId, Source};

use super::conn::{Check, Conn};
use super::{Model, State};

impl<K: Clone + Eq> Model<K> {
    /// Whether it was parked for so long, or before another was found dead, that it is checked first (R16, R17).
    pub(super) fn needs_check(&self, conn: &Conn<K>) -> bool {
        conn.parked.is_some_and(|parked| {
            self.config.check_after_idle.is_some_and(|after| self.is_due(parked.at.after(after)))
                || self.is_suspect(conn)
        })
    }

    pub(super) fn is_suspect(&self, conn: &Conn<K>) -> bool {
        let found_dead = self.key(&conn.key).found_dead;
        self.config.check_after_idle.is_some()
            && conn.parked.is_some_and(|parked| found_dead.is_some_and(|found| parked.order < found))
    }
    /// A check for a waiter without cover. As the check of a suspect is no cover, there are not more of those
    /// than waiters.
    pub(super) fn start_check(&mut self) -> bool {
        let next = self.keys.iter().map(|key| &key.name).find_map(|name| {
            let next = self.next_parked(name).filter(|_| !self.uncovered(name).is_empty())?;
            let probes = self.count(Some(name), |state| state == State::Probing);
            let may = !self.is_suspect(self.conn(next)?) || probes < self.queue(name).len();
            may.then_some(next)
        });
        match next.filter(|_| self.is_serving() && self.config.check_after_idle.is_some()) {
            Some(id) => self.check(id),
            None => return false,
        }
        true
    }

    /// Those of the key that are parked now are suspect.
    pub(super) fn found_dead(&mut self, key: &K) {
        let order = self.moment().order;
        self.key_mut(key).found_dead = Some(order);
    }

    /// A check starts.
    fn check(&mut self, id: ConnId) {
        let of_suspect = self.conn(id).is_some_and(|conn| self.is_suspect(conn));
        let began = self.moment();
        let conn = self.conn_mut(id);
        conn.check = Some(Check { began, of_suspect });
        conn.parked = None;
        self.actions.push(Action::Check { conn: id });
    }

    pub(super) fn check_done(&mut self, id: ConnId, alive: bool) {
        if !alive {
            return self.check_failed(id);
        }
        let conn = self.conn_mut(id);
        conn.check = None;
        let key = conn.key.clone();
        self.tally(&key, |counters| counters.checks_passed += 1);
        self.offer_or_retire(id, Source::Check);
    }

    pub(super) fn check_failed(&mut self, id: ConnId) {
        let key = self.conn_mut(id).key.clone();
        self.tally(&key, |counters| counters.checks_failed += 1);
        self.found_dead(&key);
        self.close(id, CloseReason::CheckFailed);
    }
}
