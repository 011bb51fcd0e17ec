//! Time: what falls due, and when the next thing does.

use super::conn::{Clock, Conn};
use super::{Machine, NIL};
use crate::config::Timeout;
use crate::structure::Heap;
use crate::{Action, Actions, CloseReason, DialError, RequestError, Time};

impl Machine {
    /// The first part of a step: whatever is due by `now` expires. Time that goes backwards does not pass.
    ///
    /// What the event itself reports as ended must have been exempted before.
    #[inline]
    pub(super) fn pass(&mut self, now: Time, out: &mut Actions) {
        self.now = self.now.max(now);
        if self.is_due(self.due) {
            self.expire(out);
        }
    }

    #[cold]
    fn expire(&mut self, out: &mut Actions) {
        self.expire_requests(out);
        self.expire_dials(out);
        self.expire_checks(out);
        self.expire_parked(out);
        self.report_overdue(out);
        self.ring_alarms(out);
        self.due = self.next_due().min(first_time(&self.cooling));
        // I7: what follows meets the key as new, whether a `Tick` came in between or not.
        for index in 0..self.touched.len() {
            let key = &mut self.keys[self.touched[index]];
            if key.is_over() {
                key.forget();
            }
        }
    }

    /// When to look at the time again; `None` if nothing can expire (R15, I6).
    pub(crate) fn deadline(&self) -> Option<Time> {
        Some(self.next_due()).filter(|due| *due != Time::NEVER)
    }

    /// A lower bound of [`deadline`](Self::deadline).
    pub(crate) fn quiet_until(&self) -> Time {
        self.due
    }

    #[inline]
    pub(super) fn is_due(&self, at: Time) -> bool {
        at <= self.now && at != Time::NEVER
    }

    /// Something will be due at that time.
    pub(super) fn arm(&mut self, at: Time) {
        self.due = self.due.min(at);
    }

    pub(super) fn is_past_lifetime(&self, conn: u32) -> bool {
        self.is_due(self.rules.max_lifetime.from(self.conns[conn].born))
    }

    /// A parked connection ages, which matters only if its idle timeout does not come first.
    pub(super) fn watch_lifetime(&mut self, conn: u32) {
        let Conn { born, since, clock, .. } = self.conns[conn];
        let end = self.rules.max_lifetime.from(born);
        let idle_end = clock.map_or(Time::NEVER, |clock| self.duration(clock).from(since));
        if end < idle_end {
            self.lifetimes.set(&mut self.conns, conn, born.0);
            self.arm(end);
        } else {
            self.lifetimes.remove(&mut self.conns, conn);
        }
    }

    /// The connection that has been parked longest, or [`NIL`]; those within a floor come last (R20).
    pub(super) fn longest_parked(&self) -> u32 {
        self.evictable(|_, _| true)
    }

    /// Which of two connections, either of which may be [`NIL`], came first to where it is.
    pub(super) fn earlier(&self, a: u32, b: u32) -> u32 {
        if b == NIL || a != NIL && self.conns[a].order < self.conns[b].order { a } else { b }
    }

    fn expire_requests(&mut self, out: &mut Actions) {
        while self.is_due(self.patience_end()) {
            self.time_out(self.patience.front(), out);
        }
        while self.is_due(first_time(&self.deadlines)) {
            self.time_out(self.deadlines.first(), out);
        }
    }

    fn time_out(&mut self, request: u32, out: &mut Actions) {
        let cause = self.keys[self.requests[request].key].last_failure;
        self.fail(request, RequestError::Timeout, cause, out);
    }

    /// R12: a dial that takes too long is told to stop, and counts as failed at once.
    fn expire_dials(&mut self, out: &mut Actions) {
        while self.is_due(self.clock_end(Clock::Dial)) {
            let dial = self.clocks[Clock::Dial as usize].front();
            let failed = self.failure_of(dial, RequestError::DialTimeout);
            self.tally(self.conns[dial].key, |counters| counters.dials_timed_out += 1);
            self.conns[dial].has_timed_out = true;
            self.stop_dial(dial, out);
            self.charge(failed, DialError::Transient, out);
        }
    }

    /// R12: a check that takes too long is a failed one.
    fn expire_checks(&mut self, out: &mut Actions) {
        while self.is_due(self.clock_end(Clock::Check)) {
            self.check_failed(self.clocks[Clock::Check as usize].front(), out);
        }
    }

    /// R22: told once.
    fn report_overdue(&mut self, out: &mut Actions) {
        while self.is_due(self.clock_end(Clock::Lease)) {
            let conn = self.clocks[Clock::Lease as usize].front();
            self.conns[conn].is_excused = true;
            self.conns[conn].is_reported = true;
            self.stop_clock(conn);
            self.tally(self.conns[conn].key, |counters| counters.overdue += 1);
            out.push(Action::Overdue { conn: self.conn_id(conn) });
        }
    }

    /// R12: lifetimes first, since a floor is not kept by what is too old.
    pub(super) fn expire_parked(&mut self, out: &mut Actions) {
        while self.is_due(self.lifetime_end()) {
            self.close(self.lifetimes.first(), CloseReason::Lifetime, out);
        }
        for clock in [Clock::FreshIdle, Clock::UsedIdle] {
            while self.is_due(self.clock_end(clock)) {
                let conn = self.clocks[clock as usize].front();
                let is_old = self.is_past_lifetime(conn);
                self.close(conn, if is_old { CloseReason::Lifetime } else { CloseReason::IdleTimeout }, out);
            }
        }
    }

    fn ring_alarms(&mut self, out: &mut Actions) {
        while self.is_due(first_time(&self.alarms)) {
            let key = self.alarms.first();
            self.ring(key);
            self.expire_above_floor(key, out);
        }
        while self.is_due(first_time(&self.cooling)) {
            self.end_backoff(self.cooling.first());
        }
    }

    fn next_due(&self) -> Time {
        self.patience_end()
            .min(first_time(&self.deadlines))
            .min(self.clock_end(Clock::Dial))
            .min(self.clock_end(Clock::Check))
            .min(self.clock_end(Clock::Lease))
            .min(self.clock_end(Clock::FreshIdle))
            .min(self.clock_end(Clock::UsedIdle))
            .min(self.lifetime_end())
            .min(first_time(&self.alarms))
    }

    fn patience_end(&self) -> Time {
        match self.patience.front() {
            NIL => Time::NEVER,
            first => self.rules.request_timeout.from(self.requests[first].arrived),
        }
    }

    fn clock_end(&self, clock: Clock) -> Time {
        match self.clocks[clock as usize].front() {
            NIL => Time::NEVER,
            first => self.duration(clock).from(self.conns[first].since),
        }
    }

    /// For how long a clock runs.
    pub(super) fn duration(&self, clock: Clock) -> Timeout {
        match clock {
            Clock::Dial => self.rules.dial_timeout,
            Clock::Check => self.rules.check_timeout,
            Clock::Lease => self.rules.lease_warn_after,
            Clock::FreshIdle => self.rules.unused_idle_timeout,
            Clock::UsedIdle => self.rules.idle_timeout,
        }
    }

    fn lifetime_end(&self) -> Time {
        self.lifetimes.first_rank().map_or(Time::NEVER, |born| self.rules.max_lifetime.from(Time(born)))
    }
}

/// The first rank of a heap whose ranks are times.
fn first_time<L>(heap: &Heap<L>) -> Time {
    heap.first_rank().map_or(Time::NEVER, Time)
}
