//! New rules for a running pool, and its end.

use super::conn::{Clock, Conn, State};
use super::{Machine, NIL, Phase};
use crate::config::Rules;
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
        self.loosest = self.loosest.or(rules.limits);
        self.rules = rules;
        self.apply_to_connections(out);
        for key in 0..self.keys.len() {
            self.apply_to_key(key, out);
        }
        self.apply_to_all(out);
        for key in 0..self.keys.len() {
            self.serve_waiters(key, out);
        }
        // Durations apply to what exists: look at all of it, next time.
        self.due = Time::ZERO;
        self.settle(out);
        Ok(())
    }

    /// R21: the end. Keeps to the order of keys and queues.
    pub(crate) fn shutdown(&mut self, now: Time, out: &mut Actions) {
        self.pass(now, out);
        if self.phase == Phase::Running {
            self.phase = Phase::ShuttingDown;
            for key in 0..self.keys.len() {
                while self.keys[key].waiters() > 0 {
                    self.fail(self.keys[key].first_waiter(), RequestError::Shutdown, None, out);
                }
                self.end_backoff(key);
                while self.keys[key].count(State::Dormant) > 0 {
                    self.retire(self.keys[key].oldest(State::Dormant), CloseReason::Shutdown, out);
                }
            }
            while self.longest_parked() != NIL {
                self.close(self.longest_parked(), CloseReason::Shutdown, out);
            }
            while let dial = self.clocks[Clock::Dial as usize].front()
                && dial != NIL
            {
                self.stop_dial(dial, out);
            }
        }
        self.settle(out);
    }

    /// What was decided by the old limits and durations is decided anew by the new ones.
    fn apply_to_connections(&mut self, out: &mut Actions) {
        for conn in self.conns.indices() {
            let Conn { state, uses, leaving, .. } = self.conns[conn];
            if state == State::Leaving && leaving.is_some_and(CloseReason::is_by_config) {
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

    /// A connection that was about to close may have room again.
    fn serve_waiters(&mut self, key: u32, out: &mut Actions) {
        while self.keys[key].waiters() > 0
            && let Some((conn, source)) = self.available(key, out)
        {
            self.serve(self.keys[key].first_waiter(), conn, source, out);
            self.rest(conn, out);
        }
    }

    fn apply_to_key(&mut self, key: u32, out: &mut Actions) {
        let limits = self.rules.limits;
        while self.keys[key].idle() > 0 && self.keys[key].remaining() > limits.connections_per_key {
            self.close(self.longest_parked_of(key), CloseReason::ConnectionLimit, out);
        }
        while self.keys[key].idle() > limits.idle_per_key {
            self.close(self.longest_parked_of(key), CloseReason::IdleLimit, out);
        }
        if !self.keys[key].is_over() {
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

    fn longest_parked_of(&self, key: u32) -> u32 {
        let key = &self.keys[key];
        self.earlier(key.oldest(State::Fresh), key.oldest(State::Used))
    }
}
