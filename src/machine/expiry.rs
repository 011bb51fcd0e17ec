//! Time: what falls due, and when the next thing does.

use super::conn::Clock;
use super::{Machine, NIL};
use crate::structure::Heap;
use crate::{Actions, CloseReason, DialError, RequestError, Time};

impl Machine {
    /// The first part of a step: whatever is due by `now` expires. Time that goes backwards does not pass.
    ///
    /// What the event itself reports as ended must have been exempted before.
    pub(super) fn pass(&mut self, now: Time, out: &mut Actions) {
        self.now = self.now.max(now);
        if !self.is_due(self.due) {
            return;
        }
        self.expire_requests(out);
        self.expire_dials(out);
        self.expire_parked(out);
        self.expire_backoffs();
        self.due = self.next_due().min(first_time(&self.cooling));
    }

    /// When to look at the time again; `None` if nothing can expire (R15, I6).
    pub(crate) fn deadline(&self) -> Option<Time> {
        Some(self.next_due()).filter(|due| *due != Time::NEVER)
    }

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

    /// A parked connection ages.
    pub(super) fn watch_lifetime(&mut self, conn: u32) {
        let born = self.conns[conn].born;
        let end = self.rules.max_lifetime.from(born);
        if end != Time::NEVER {
            self.lifetimes.set(&mut self.conns, conn, born.0);
            self.arm(end);
        }
    }

    /// A connection left the parked ones. It stays in the heap until it would come first there, so that
    /// those that come and go soon cost nothing.
    pub(super) fn unwatch_lifetime(&mut self, conn: u32) {
        if self.lifetimes.first() == conn {
            self.surface_lifetimes();
        }
    }

    pub(super) fn drop_lifetime(&mut self, conn: u32) {
        self.lifetimes.remove(&mut self.conns, conn);
        self.surface_lifetimes();
    }

    fn surface_lifetimes(&mut self) {
        while let first = self.lifetimes.first()
            && first != NIL
            && !self.conns[first].state.is_parked()
        {
            self.lifetimes.remove(&mut self.conns, first);
        }
    }

    /// The connection that has been parked longest, or [`NIL`].
    pub(super) fn longest_parked(&self) -> u32 {
        let fresh = self.clocks[Clock::FreshIdle as usize].front();
        let used = self.clocks[Clock::UsedIdle as usize].front();
        self.earlier(fresh, used)
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
            self.stop_dial(dial, out);
            self.charge(failed, DialError::Transient, out);
        }
    }

    fn expire_parked(&mut self, out: &mut Actions) {
        for clock in [Clock::FreshIdle, Clock::UsedIdle] {
            while self.is_due(self.clock_end(clock)) {
                self.close(self.clocks[clock as usize].front(), CloseReason::IdleTimeout, out);
            }
        }
        while self.is_due(self.lifetime_end()) {
            self.close(self.lifetimes.first(), CloseReason::Lifetime, out);
        }
    }

    fn expire_backoffs(&mut self) {
        while self.is_due(first_time(&self.held)) {
            self.end_backoff(self.held.first());
        }
        while self.is_due(first_time(&self.cooling)) {
            self.end_backoff(self.cooling.first());
        }
    }

    fn next_due(&self) -> Time {
        self.patience_end()
            .min(first_time(&self.deadlines))
            .min(self.clock_end(Clock::Dial))
            .min(self.clock_end(Clock::FreshIdle))
            .min(self.clock_end(Clock::UsedIdle))
            .min(self.lifetime_end())
            .min(first_time(&self.held))
    }

    fn patience_end(&self) -> Time {
        match self.patience.front() {
            NIL => Time::NEVER,
            first => self.rules.request_timeout.from(self.requests[first].arrived),
        }
    }

    fn clock_end(&self, clock: Clock) -> Time {
        let duration = match clock {
            Clock::Dial => self.rules.dial_timeout,
            Clock::FreshIdle => self.rules.unused_idle_timeout,
            Clock::UsedIdle => self.rules.idle_timeout,
        };
        match self.clocks[clock as usize].front() {
            NIL => Time::NEVER,
            first => duration.from(self.conns[first].since),
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
