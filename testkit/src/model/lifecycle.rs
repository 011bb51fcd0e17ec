//! New generations, pauses, new configs, the end (R19, R21).

use latebind::{CloseReason, Config, ConnId, DialFailure, Newcomers, RequestError, Waiters};

use super::conn::{Phase, Stop};
use super::state::Backoff;
use super::{Model, State};

impl<K: Clone + Eq> Model<K> {
    pub(super) fn clear(&mut self, key: &K, waiters: Waiters, interrupt: bool) {
        if waiters == Waiters::Fail {
            self.fail_waiters(key, RequestError::Cleared);
        }
        for id in self.ids(Some(key), State::is_open) {
            if interrupt {
                self.close(id, CloseReason::Cleared);
            } else {
                self.retire(id, CloseReason::Cleared);
            }
        }
        for id in self.ids(Some(key), State::is_dial) {
            if self.conn_mut(id).phase == Phase::Dialing {
                self.stop(id, Stop::Cleared);
            }
            self.conn_mut(id).phase = Phase::Stopping(Stop::Cleared);
        }
        let known = self.key_mut(key);
        (known.backoff, known.floor_backoff) = (Backoff::default(), Backoff::default());
    }

    fn fail_waiters(&mut self, key: &K, error: RequestError) {
        let waiters: Vec<_> = self.queue(key).into_iter().map(|waiter| waiter.id).collect();
        for waiter in waiters {
            self.fail(waiter, error, None);
        }
    }

    pub(super) fn pause(&mut self, newcomers: Newcomers) {
        self.paused = Some(newcomers);
    }

    pub(super) fn resume(&mut self) {
        if self.paused.take().is_some() {
            for name in self.names() {
                self.serve_all(&name);
            }
        }
    }

    pub(super) fn shutdown(&mut self) {
        if self.shut_down {
            return;
        }
        self.shut_down = true;
        for name in self.names() {
            self.fail_waiters(&name, RequestError::Shutdown);
            let key = self.key_mut(&name);
            (key.backoff, key.floor_backoff) = (Backoff::default(), Backoff::default());
            (key.min_idle, key.preconnects) = (0, 0);
        }
        for id in self.ids(None, State::is_open) {
            if self.conn(id).is_some_and(|conn| conn.leaving.is_none()) {
                self.retire(id, CloseReason::Shutdown);
            }
        }
        for id in self.ids(None, |state| state == State::Dialing) {
            self.stop(id, Stop::Needless);
        }
    }

    /// R21: what exists is judged anew; a lowered limit is approached.
    pub(super) fn reconfigure(&mut self, config: &Config) {
        self.config = config.clone();
        for id in self.ids(None, State::is_open) {
            self.judge_anew(id);
        }
        self.end_parked();
        for name in self.names() {
            self.limit_backoff(&name);
            self.approach_limits(Some(&name));
        }
        self.approach_limits(None);
        for name in self.names() {
            self.serve_all(&name);
        }
    }

    /// What another config had decided, this one decides anew.
    fn judge_anew(&mut self, id: ConnId) {
        let (max_uses, is_running) = (self.config.max_uses, !self.shut_down);
        let conn = self.conn_mut(id);
        let by_config = [CloseReason::Lifetime, CloseReason::MaxUses, CloseReason::ConnectionLimit];
        conn.leaving = conn.leaving.filter(|reason| !(is_running && by_config.contains(reason)));
        if conn.leaving.is_none() && max_uses.is_some_and(|uses| conn.uses >= uses) {
            self.retire(id, CloseReason::MaxUses);
        }
    }

    /// Parked connections beyond the limits of a key, or of all, close.
    fn approach_limits(&mut self, key: Option<&K>) {
        let (connections, idle) = match key {
            Some(_) => (self.config.max_connections_per_key, self.config.max_idle_per_key),
            None => (self.config.max_connections, self.config.max_idle),
        };
        while self.exceeds(key, connections)
            && let Some(id) = self.first_to_end(key)
        {
            self.close(id, CloseReason::ConnectionLimit);
        }
        while idle.is_some_and(|limit| self.count(key, State::is_parked) > limit as usize)
            && let Some(id) = self.first_to_end(key)
        {
            self.close(id, CloseReason::IdleLimit);
        }
    }

    /// The parked connection of a key, or of all, that goes first.
    fn first_to_end(&self, key: Option<&K>) -> Option<ConnId> {
        match key {
            Some(key) => self.ids(Some(key), State::is_parked).first().copied(),
            None => self.first_to_go(|_| true),
        }
    }

    /// A backoff ends with the policy, and lasts no longer than a new one allows.
    fn limit_backoff(&mut self, key: &K) {
        let mut backoff = self.key(key).backoff;
        match self.config.dial_failure {
            DialFailure::Retry { backoff_max, .. } => {
                let until = backoff.until.map(|until| until.min(self.now.after(backoff_max)));
                backoff.until = until.filter(|until| !self.is_due(*until));
            }
            _ => backoff = Backoff::default(),
        }
        self.key_mut(key).backoff = backoff;
    }
}
