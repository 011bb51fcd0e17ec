//! The steps that happen most, in short: a request that a parked connection serves or that waits, its end without one,
//! and the return of a connection to a waiter or to be parked. Each does what the long way would do, or nothing at all.

use super::conn::{Clock, State};
use super::waiter::{Request, Wish};
use super::{Machine, NIL, Phase};
use crate::config::IdleOrder;
use crate::structure::Number;
use crate::{Action, Actions, ConnId, RequestId, Source, Time};

impl Machine {
    /// Until when these steps are no more than a move from one list to another: as long as nothing is due, and the pool
    /// is neither paused nor ending. Nor do preconnects wait for room: what takes it from them may end their keys, which
    /// these steps do not forget. Asked anew at the end of each other step.
    pub(super) fn quick_until(&self) -> Time {
        let is_quiet = self.phase == Phase::Running && self.paused.is_none() && self.preconnecting == 0;
        if is_quiet { self.due } else { Time::ZERO }
    }

    /// The time of a step, if it may be short.
    #[inline]
    fn quick_now(&self, now: Time) -> Option<Time> {
        let now = self.now.max(now);
        (now < self.quick_until).then_some(now)
    }

    /// Whether one parked connection more or less is of use to anybody; asked anew together with the other.
    pub(super) fn is_room_asked_for(&self) -> bool {
        self.need > 0 || self.refills.first() != NIL
    }

    /// Serves a request from idle (R1), or has it wait behind others (R2); `false`: nothing has happened.
    pub(crate) fn request_quickly(&mut self, now: Time, key: u32, wish: Wish, out: &mut Actions) -> bool {
        let Some(now) = self.quick_now(now) else { return false };
        let Some(of_key) = self.keys.get(key) else { return false };
        if of_key.waiters() > 0 {
            return of_key.is_full && self.wait_quickly(now, key, wish, out);
        }
        if self.room_is_asked_for || !of_key.is_quick() {
            return false;
        }
        let conn = match self.rules.idle_order {
            IdleOrder::Lifo => of_key.youngest(State::Used),
            IdleOrder::Fifo => of_key.oldest(State::Used),
        };
        if conn == NIL {
            return false;
        }
        self.now = now;
        let parked = &self.conns[conn];
        if parked.capacity != 1 || parked.slot != NIL || self.is_last_use(conn) || self.needs_check(conn) {
            return false;
        }
        let of_key = &mut self.keys[key];
        of_key.begin_lease(&mut self.conns, conn);
        self.counts[State::Used as usize] -= 1;
        self.counts[State::Busy as usize] += 1;
        self.clocks[Clock::UsedIdle as usize].remove(&mut self.conns, conn);
        for counters in [&mut self.counters, &mut of_key.counters] {
            counters.requests += 1;
            counters.delivered[Source::Idle] += 1;
        }
        self.lease_quickly(now, conn);
        let Number { index, generation } = self.requests.issue();
        let request = RequestId { index, generation };
        let (token, conn) = (wish.token, self.conn_id(conn));
        out.push(Action::Deliver { token, request, conn, source: Source::Idle });
        true
    }

    fn wait_quickly(&mut self, now: Time, key: u32, wish: Wish, out: &mut Actions) -> bool {
        self.now = now;
        if self.refusal_of_waiters(key, wish).is_some() {
            return false;
        }
        self.tally(key, |counters| counters.requests += 1);
        self.wait(key, wish, out);
        self.settle(out);
        true
    }

    /// Takes out a waiter that has gone (R6), of a key that stays; `false`: nothing has happened.
    pub(crate) fn cancel_quickly(&mut self, now: Time, id: RequestId, out: &mut Actions) -> bool {
        let Some(now) = self.quick_now(now) else { return false };
        let Some(Request { key, .. }) = self.requests.get(id.index, id.generation) else { return false };
        let key = *key;
        if self.keys[key].connections() == 0 {
            return false;
        }
        self.now = now;
        self.tally(key, |counters| counters.cancelled += 1);
        self.leave(id.index);
        self.settle(out);
        true
    }

    /// Takes back a connection, and parks it or hands it to the first waiter (R3); `false`: nothing has happened.
    pub(crate) fn take_back_quickly(&mut self, now: Time, id: ConnId, out: &mut Actions) -> bool {
        let Some(now) = self.quick_now(now) else { return false };
        let Some(conn) = self.conns.get(id.index, id.generation) else { return false };
        let of_key = &self.keys[conn.key];
        let is_plain = conn.state == State::Busy && conn.leases == 1;
        let (limits, lifetime_end) = (&self.rules.limits, self.rules.max_lifetime.from(conn.born));
        let stays = lifetime_end > now
            && self.conns.len() <= limits.connections
            && of_key.connections() <= limits.connections_per_key;
        if !is_plain || !stays || of_key.floor.is_listed {
            false
        } else if of_key.waiters() > 0 {
            !self.is_last_use(id.index) && self.hand_over_quickly(now, id, of_key.first_waiter(), out)
        } else {
            !self.room_is_asked_for && self.park_quickly(now, id, lifetime_end, out)
        }
    }

    fn hand_over_quickly(&mut self, now: Time, conn: ConnId, waiter: u32, out: &mut Actions) -> bool {
        self.now = now;
        let request = self.request_id(waiter);
        let token = self.leave(waiter);
        self.tally(self.conns[conn.index].key, |counters| counters.delivered[Source::Returned] += 1);
        self.stop_clock(conn.index);
        self.lease_quickly(now, conn.index);
        out.push(Action::Deliver { token, request, conn, source: Source::Returned });
        self.settle(out);
        true
    }

    fn park_quickly(&mut self, now: Time, id: ConnId, lifetime_end: Time, out: &mut Actions) -> bool {
        let limits = &self.rules.limits;
        let idle_end = self.rules.idle_timeout.from(now);
        let of_key = &self.keys[self.conns[id.index].key];
        let may_park =
            lifetime_end >= idle_end && of_key.idle() < limits.idle_per_key && self.idle() < limits.idle;
        if !may_park {
            return false;
        }
        self.now = now;
        self.stop_clock(id.index);
        let order = self.next_order();
        let parked = &mut self.conns[id.index];
        (parked.state, parked.clock) = (State::Used, Some(Clock::UsedIdle));
        (parked.since, parked.order) = (now, order);
        parked.leases = 0;
        let of_key = &mut self.keys[parked.key];
        of_key.end_lease(&mut self.conns, id.index);
        self.counts[State::Busy as usize] -= 1;
        self.counts[State::Used as usize] += 1;
        self.clocks[Clock::UsedIdle as usize].push_back(&mut self.conns, id.index);
        for counters in [&mut self.counters, &mut of_key.counters] {
            counters.parked += 1;
        }
        self.arm(idle_end);
        self.quick_until = self.due;
        out.push(Action::Park { conn: id });
        true
    }

    /// The only lease of the connection begins; no clock runs for it yet.
    #[expect(clippy::inline_always, reason = "a few stores, in the most usual steps")]
    #[inline(always)]
    fn lease_quickly(&mut self, now: Time, conn: u32) {
        let order = self.next_order();
        let warns = self.rules.lease_warn_after.is_on();
        let leased = &mut self.conns[conn];
        (leased.state, leased.clock) = (State::Busy, None);
        (leased.since, leased.order) = (now, order);
        (leased.is_excused, leased.is_reported) = (!warns, false);
        leased.leases = 1;
        leased.uses = leased.uses.saturating_add(1);
        if warns {
            self.run_clock(conn);
            self.quick_until = self.due;
        }
    }

    /// Whether one more use wears the connection out (R12).
    #[inline]
    fn is_last_use(&self, conn: u32) -> bool {
        self.rules.max_uses.is_some_and(|max_uses| self.conns[conn].uses.saturating_add(1) >= max_uses)
    }
}
