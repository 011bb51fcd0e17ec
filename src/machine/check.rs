//! Health checks: connections that were parked for long, or are suspect, are checked before delivery.

use super::conn::{LEASED, State};
use super::{Machine, NIL};
use crate::{Action, Actions, CloseReason, ConnId, Misuse, Source, Time};

impl Machine {
    pub(crate) fn check_done(
        &mut self,
        now: Time,
        conn: ConnId,
        alive: bool,
        out: &mut Actions,
    ) -> Result<(), Misuse> {
        let found = self.find_open(conn)?;
        if found.is_some_and(|found| !self.conns[found].state.is_under_check()) {
            return Err(Misuse::NotChecking(conn));
        }
        if let Some(conn) = found {
            // Its end is being reported: it does not take too long in the same step.
            self.stop_clock(conn);
        }
        self.pass(now, out);
        if let Some(conn) = found {
            if alive {
                self.tally(self.conns[conn].key, |counters| counters.checks_passed += 1);
                self.offer(conn, Source::Check, out);
            } else {
                self.check_failed(conn, out);
            }
        }
        self.settle(out);
        Ok(())
    }

    pub(super) fn check_failed(&mut self, conn: u32, out: &mut Actions) {
        let key = self.conns[conn].key;
        self.tally(key, |counters| counters.checks_failed += 1);
        self.suspect_all(key);
        self.close(conn, CloseReason::CheckFailed, out);
    }

    /// R17: an idle connection of the key was found dead, so those parked before now may be, too.
    pub(super) fn suspect_all(&mut self, key: u32) {
        self.keys[key].suspect_before = self.next_order();
    }

    /// R17: a connection that goes while nobody uses it was dead already.
    pub(super) fn is_unused(&self, conn: u32) -> bool {
        let state = self.conns[conn].state;
        !LEASED.contains(&state) && state != State::Closing
    }

    /// R16: whether a parked connection may not be delivered without a check.
    #[inline]
    pub(super) fn needs_check(&self, conn: u32) -> bool {
        self.rules.checks
            && (self.is_suspect(conn)
                || self.is_due(self.rules.check_after_idle.from(self.conns[conn].since)))
    }

    fn is_suspect(&self, conn: u32) -> bool {
        self.conns[conn].order < self.keys[self.conns[conn].key].suspect_before
    }

    /// R16: a check for each waiter without cover. R17: at most one for each waiter where connections are
    /// suspect, and that is no cover, so that a row of dead ones costs one dial and not a row of checks.
    pub(super) fn start_checks(&mut self, key: u32, out: &mut Actions) {
        if self.paused.is_some() || !self.rules.checks {
            return;
        }
        while self.keys[key].uncovered() != NIL {
            let conn = self.next_parked(key);
            if conn == NIL {
                return;
            }
            if !self.is_suspect(conn) {
                self.start_check(conn, State::Checking, out);
            } else if self.keys[key].count(State::Probing) < self.keys[key].waiters() {
                self.start_check(conn, State::Probing, out);
            } else {
                return;
            }
        }
    }

    fn start_check(&mut self, conn: u32, state: State, out: &mut Actions) {
        self.conns[conn].since = self.now;
        self.change(conn, state);
        out.push(Action::Check { conn: self.conn_id(conn) });
    }
}
