//! The first part of a step: time passes, and what is due expires (R12, R22). The deadline (R15).

use core::time::Duration;

use latebind::{Action, CloseReason, ConnId, DialError, RequestError, Time};

use super::conn::{Conn, Stop};
use super::state::Waiter;
use super::{Model, State};

/// When something ends that began at `start`; never, if the duration is off.
pub(super) fn end(start: Time, duration: Option<Duration>) -> Time {
    duration.map_or(Time::NEVER, |duration| start.after(duration))
}

impl<K: Clone + Eq> Model<K> {
    pub(super) fn is_due(&self, end: Time) -> bool {
        end != Time::NEVER && end <= self.now
    }

    /// Requests end first, then dials, then checks, then what is parked.
    pub(super) fn pass(&mut self, now: Time) {
        self.now = self.now.max(now);
        self.end_waits();
        self.end_dials();
        self.end_checks();
        self.end_parked();
        self.warn_of_leases();
        self.end_backoffs();
        self.forget();
    }

    /// What is too old ends, and what has been parked for too long: in this order, since a floor is not kept by
    /// what is too old (R20).
    pub(super) fn end_parked(&mut self) {
        for id in self.ids(None, State::is_parked) {
            if self.is_too_old(id) && !self.is_exempt(id) {
                self.close(id, CloseReason::Lifetime);
            }
        }
        for name in self.names() {
            self.end_idle(&name);
        }
    }

    fn is_exempt(&self, id: ConnId) -> bool {
        self.exempt.conn == Some(id)
    }

    fn end_waits(&mut self) {
        let late = |waiter: &&Waiter<K>| {
            self.is_due(self.end_of_wait(waiter)) && self.exempt.request != Some(waiter.id)
        };
        let late: Vec<_> =
            self.waiters.iter().filter(late).map(|waiter| (waiter.id, waiter.key.clone())).collect();
        for (id, key) in late {
            let cause = self.key(&key).failed_dial;
            self.fail(id, RequestError::Timeout, cause);
        }
    }

    fn end_dials(&mut self) {
        for id in self.ids(None, |state| state == State::Dialing) {
            let dial = self.conn_mut(id).clone();
            if self.is_due(end(dial.started.at, self.config.dial_timeout)) && !self.is_exempt(id) {
                self.stop(id, Stop::TimedOut);
                self.tally(&dial.key, |counters| counters.dials_timed_out += 1);
                self.charge(&dial, DialError::Transient, RequestError::DialTimeout);
            }
        }
    }

    fn end_checks(&mut self) {
        let mut checks: Vec<_> =
            self.conns.iter().filter_map(|conn| Some((conn.check?.began, conn.id))).collect();
        checks.sort();
        for (began, id) in checks {
            if self.is_due(end(began.at, self.config.check_timeout)) && !self.is_exempt(id) {
                self.check_failed(id);
            }
        }
    }

    /// Never below a floor (R20); those that were never used go first.
    pub(super) fn end_idle(&mut self, key: &K) {
        let mut parked = self.ids(Some(key), State::is_parked);
        parked.retain(|id| !self.is_exempt(*id));
        let above = parked.len().saturating_sub(self.key(key).min_idle as usize);
        let mut late = parked;
        late.retain(|id| self.conn(*id).is_some_and(|conn| self.is_due(self.end_of_idleness(conn))));
        late.sort_by_key(|id| self.conn(*id).map(|conn| conn.state() == State::Used));
        for id in late.into_iter().take(above) {
            self.close(id, CloseReason::IdleTimeout);
        }
    }

    fn warn_of_leases(&mut self) {
        for id in self.ids(None, State::is_leased) {
            let is_late = self.conn(id).is_some_and(|conn| self.is_due(self.end_of_patience(conn)));
            if is_late && !self.is_exempt(id) {
                let conn = self.conn_mut(id);
                conn.told_overdue = true;
                let key = conn.key.clone();
                self.actions.push(Action::Overdue { conn: id });
                self.tally(&key, |counters| counters.overdue += 1);
            }
        }
    }

    fn end_backoffs(&mut self) {
        let now = self.now;
        for key in &mut self.keys {
            for backoff in [&mut key.backoff, &mut key.floor_backoff] {
                // Not even the end of time ends one that never ends.
                backoff.until = backoff.until.filter(|until| *until > now || *until == Time::NEVER);
            }
        }
    }

    pub(super) fn end_of_wait(&self, waiter: &Waiter<K>) -> Time {
        waiter.deadline.unwrap_or_else(|| end(waiter.arrived.at, self.config.request_timeout))
    }

    pub(super) fn is_too_old(&self, id: ConnId) -> bool {
        self.conn(id).is_some_and(|conn| self.is_due(self.end_of_life(conn)))
    }

    fn end_of_life(&self, conn: &Conn<K>) -> Time {
        end(conn.born, self.config.max_lifetime)
    }

    /// When a parked connection has been idle for too long.
    fn end_of_idleness(&self, conn: &Conn<K>) -> Time {
        let timeout = match self.config.unused_idle_timeout {
            Some(unused) if conn.uses == 0 => Some(unused),
            _ => self.config.idle_timeout,
        };
        conn.parked.map_or(Time::NEVER, |parked| end(parked.at, timeout))
    }

    /// When a lease is to be reported as overdue (R22).
    fn end_of_patience(&self, conn: &Conn<K>) -> Time {
        if conn.told_overdue { Time::NEVER } else { end(conn.leased.at, self.config.lease_warn_after) }
    }

    /// What `Pool::deadline` must tell.
    pub fn deadline(&self) -> Option<Time> {
        let waits = self.waiters.iter().map(|waiter| self.end_of_wait(waiter));
        let conns = self.conns.iter().map(|conn| self.end_of(conn));
        let keys = self.keys.iter().map(|key| self.end_of_key(&key.name));
        waits.chain(conns).chain(keys).min().filter(|end| *end != Time::NEVER)
    }

    /// When something of the connection expires.
    fn end_of(&self, conn: &Conn<K>) -> Time {
        match conn.state() {
            State::Dialing => end(conn.started.at, self.config.dial_timeout),
            State::Checking | State::Probing => {
                conn.check.map_or(Time::NEVER, |check| end(check.began.at, self.config.check_timeout))
            }
            State::Fresh | State::Used => {
                let above =
                    self.count(Some(&conn.key), State::is_parked) > self.key(&conn.key).min_idle as usize;
                let idle = if above { self.end_of_idleness(conn) } else { Time::NEVER };
                idle.min(self.end_of_life(conn))
            }
            State::Roomy | State::Busy | State::Hollow | State::Leaving => self.end_of_patience(conn),
            State::Stopping | State::Dormant | State::Closing => Time::NEVER,
        }
    }

    /// When something of the key itself ends that holds up a dial: a backoff, a hold, the wait for a backup.
    fn end_of_key(&self, key: &K) -> Time {
        if !self.is_serving() {
            return Time::NEVER;
        }
        let (known, uncovered) = (self.key(key), self.uncovered(key));
        let hold = uncovered.first().filter(|_| self.hopes_for_a_return(key));
        let hold = hold.map_or(Time::NEVER, |first| end(first.arrived.at, self.config.dial_delay));
        let backup = self.next_backup(key).map_or(Time::NEVER, |(_, due)| due);
        let is_below = self.is_below_floor(key);
        let is_held = !uncovered.is_empty() || is_below || backup != Time::NEVER;
        // A hold or a wait that has ended already is held up by something else.
        let to_come = |end: Time| Some(end).filter(|end| *end > self.now);
        let ends = if let Some(until) = known.backoff.until {
            [to_come(hold), Some(until).filter(|_| is_held), None]
        } else {
            [to_come(hold), to_come(backup), known.floor_backoff.until.filter(|_| is_below)]
        };
        ends.into_iter().flatten().min().unwrap_or(Time::NEVER)
    }
}
