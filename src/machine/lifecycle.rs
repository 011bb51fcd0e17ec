//! New rules for a running pool or one of its keys, and its end.

use alloc::vec::Vec;
use core::num::NonZeroU32;

use super::conn::{Conn, ENDING, InAll, LEASED, State};
use super::key::DialLimit;
use super::{Machine, NIL, Phase};
use crate::config::{DialFailure, Rules};
use crate::structure::List;
use crate::{Actions, CloseReason, Config, Misuse, RequestError, Time};

impl Machine {
    /// R21: what exceeds the new limits and can go, goes now: parked connections. What is on lease or being
    /// dialed goes when it is given back or done.
    pub(crate) fn reconfigure(
        &mut self,
        now: Time,
        config: &Config,
        out: &mut Actions,
    ) -> Result<(), Misuse> {
        let rules = Rules::new(config).map_err(Misuse::Config)?;
        self.pass(now, out);
        let warned = self.rules.lease_warn_after.is_on();
        self.loosest = self.loosest.or(rules.limits);
        self.rules = rules;
        self.apply_to_connections(out);
        // Durations apply to what exists. What is parked is looked at now, since it may be delivered in this step;
        // the rest, next time.
        self.expire_parked(out);
        for key in 0..self.keys.len() {
            self.expire_above_floor(key, out);
            self.apply_to_key(key, out);
        }
        self.apply_to_all(out);
        if self.rules.lease_warn_after.is_on() != warned {
            self.restart_lease_clocks();
        }
        // A connection that was about to close, or to be checked, may be available again.
        self.serve_all(out);
        self.due = Time::ZERO;
        self.settle(out);
        Ok(())
    }

    /// R8: a limit of the key's own. A lowered one is approached: dials in progress go on.
    pub(crate) fn limit_dials(
        &mut self,
        now: Time,
        key: u32,
        max_dials: Option<NonZeroU32>,
        out: &mut Actions,
    ) {
        self.pass(now, out);
        if self.keys[key].dial_limit.own != max_dials {
            let before = self.keys[key].dials();
            self.keys[key].dial_limit = DialLimit { own: max_dials, before };
            self.touch(key);
        }
        self.settle(out);
    }

    /// R21: the end. Keeps to the order of keys and queues.
    pub(crate) fn shutdown(&mut self, now: Time, out: &mut Actions) {
        self.pass(now, out);
        if self.phase == Phase::Running {
            self.phase = Phase::ShuttingDown;
            self.quick_until = Time::ZERO;
            self.touch_all();
            for key in 0..self.keys.len() {
                self.fail_all(key, RequestError::Shutdown, out);
                self.end_backoff(key);
                self.keys[key].floor.min_idle = 0;
                self.end_connections(key, out);
            }
        }
        self.settle(out);
    }

    /// Ends what is on lease to nobody; the rest leaves when it comes back.
    fn end_connections(&mut self, key: u32, out: &mut Actions) {
        let mut conn = self.keys[key].all.front();
        while conn != NIL {
            let state = self.conns[conn].state;
            if state == State::Dialing {
                self.cancel_dial(conn, out);
            } else if !ENDING.contains(&state) {
                self.retire(conn, CloseReason::Shutdown, out);
            }
            conn = List::<InAll>::next(&self.conns, conn);
        }
    }

    /// What was decided by the old limits and durations is decided anew by the new ones.
    fn apply_to_connections(&mut self, out: &mut Actions) {
        for conn in self.conns.indices() {
            let Conn { state, uses, leaving, .. } = self.conns[conn];
            let may_stay = self.phase == Phase::Running && leaving.is_some_and(CloseReason::is_by_config);
            if state == State::Leaving && may_stay {
                self.conns[conn].leaving = None;
                self.rest(conn, out);
            } else if state.is_parked() {
                self.watch_lifetime(conn);
            }
            let stays = !state.is_dial() && state != State::Closing && self.conns[conn].leaving.is_none();
            if stays && self.rules.max_uses.is_some_and(|max_uses| uses >= max_uses) {
                self.retire(conn, CloseReason::MaxUses, out);
            }
        }
    }

    fn apply_to_key(&mut self, key: u32, out: &mut Actions) {
        let limits = self.rules.limits;
        while self.keys[key].idle() > 0 && self.keys[key].remaining() > limits.connections_per_key {
            self.close(self.longest_parked_of_key(key), CloseReason::ConnectionLimit, out);
        }
        while self.keys[key].idle() > limits.idle_per_key {
            self.close(self.longest_parked_of_key(key), CloseReason::IdleLimit, out);
        }
        self.shorten_backoff(key);
    }

    /// R7: a backoff is not longer than the new config allows; without `Retry` there are no rounds.
    fn shorten_backoff(&mut self, key: u32) {
        let DialFailure::Retry { backoff_max, .. } = self.rules.dial_failure else {
            self.keys[key].backoff.rounds = 0;
            return self.end_backoff(key);
        };
        if let Some(until) = self.keys[key].backoff.until {
            let until = until.min(self.now.after(backoff_max));
            self.keys[key].backoff.until = Some(until);
            if self.is_due(until) {
                self.end_backoff(key);
            }
            self.touch(key);
        }
    }

    fn apply_to_all(&mut self, out: &mut Actions) {
        let limits = self.rules.limits;
        while self.idle() > 0 && self.remaining() > limits.connections {
            self.close(self.longest_parked(), CloseReason::ConnectionLimit, out);
        }
        while self.idle() > limits.idle {
            self.close(self.longest_parked(), CloseReason::IdleLimit, out);
        }
    }

    /// R22: leases are reported from now on, or no more.
    fn restart_lease_clocks(&mut self) {
        let warns = self.rules.lease_warn_after.is_on();
        let mut leased: Vec<u32> = self.conns.indices();
        leased.retain(|conn| LEASED.contains(&self.conns[*conn].state));
        leased.sort_by_key(|conn| self.conns[*conn].since);
        for conn in leased {
            self.stop_clock(conn);
            self.conns[conn].is_excused = !warns || self.conns[conn].is_reported;
            self.run_clock(conn);
        }
    }
}
