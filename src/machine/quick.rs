//! The steps that happen most, in short: a request that a parked connection serves, and its return to a waiter or to
//! be parked. Each does what the long way would do, or nothing at all.

use super::conn::{Clock, State};
use super::{Machine, NIL, Phase};
use crate::config::IdleOrder;
use crate::structure::Number;
use crate::{Action, Actions, ConnId, RequestId, Source, Time};

impl Machine {
    /// Until when these steps are no more than a move from one list to another: as long as nothing is due, if the phase
    /// and the rules let them. Asked anew at the end of each other step.
    pub(super) fn quick_until(&self) -> Time {
        let may_be = self.phase == Phase::Running
            && self.paused.is_none()
            && !self.rules.checks
            && self.rules.max_uses.is_none()
            && !self.rules.lease_warn_after.is_on();
        if may_be { self.due } else { Time::ZERO }
    }

    /// Whether one parked connection more or less is of use to anybody; asked anew together with the other.
    pub(super) fn is_room_asked_for(&self) -> bool {
        self.need > 0 || self.preconnecting > 0 || self.refills.first() != NIL
    }

    /// Serves a request from idle (R1); `false`: nothing has happened.
    pub(crate) fn request_quickly(&mut self, now: Time, key: u32, token: u64, out: &mut Actions) -> bool {
        let now = self.now.max(now);
        if now >= self.quick_until || self.room_is_asked_for {
            return false;
        }
        let Some(of_key) = self.keys.get_mut(key).filter(|key| key.is_quick()) else { return false };
        let conn = match self.rules.idle_order {
            IdleOrder::Lifo => of_key.youngest(State::Used),
            IdleOrder::Fifo => of_key.oldest(State::Used),
        };
        if conn == NIL || self.conns[conn].capacity != 1 || self.conns[conn].slot != NIL {
            return false;
        }
        self.now = now;
        of_key.begin_lease(&mut self.conns, conn);
        self.counts[State::Used as usize] -= 1;
        self.counts[State::Busy as usize] += 1;
        self.clocks[Clock::UsedIdle as usize].remove(&mut self.conns, conn);
        self.order += 1;
        let leased = &mut self.conns[conn];
        (leased.state, leased.clock) = (State::Busy, None);
        (leased.since, leased.order) = (now, self.order);
        (leased.is_excused, leased.is_reported) = (true, false);
        leased.leases = 1;
        leased.uses = leased.uses.saturating_add(1);
        for counters in [&mut self.counters, &mut of_key.counters] {
            counters.requests += 1;
            counters.delivered[Source::Idle] += 1;
        }
        let Number { index, generation } = self.requests.issue();
        let request = RequestId { index, generation };
        out.push(Action::Deliver { token, request, conn: self.conn_id(conn), source: Source::Idle });
        true
    }

    /// Takes back a connection, and parks it or hands it to the first waiter (R3); `false`: nothing has happened.
    pub(crate) fn take_back_quickly(&mut self, now: Time, id: ConnId, out: &mut Actions) -> bool {
        let now = self.now.max(now);
        if now >= self.quick_until {
            return false;
        }
        let Some(conn) = self.conns.get(id.index, id.generation) else { return false };
        let of_key = &self.keys[conn.key];
        let is_plain = conn.state == State::Busy && conn.leases == 1 && conn.capacity == 1;
        let (limits, lifetime_end) = (&self.rules.limits, self.rules.max_lifetime.from(conn.born));
        let stays = lifetime_end > now
            && self.conns.len() <= limits.connections
            && of_key.connections() <= limits.connections_per_key;
        if !is_plain || !stays || of_key.floor.is_listed {
            false
        } else if of_key.waiters() > 0 {
            self.hand_over_quickly(now, id, of_key.first_waiter(), out);
            true
        } else {
            !self.room_is_asked_for && self.park_quickly(now, id, lifetime_end, out)
        }
    }

    fn hand_over_quickly(&mut self, now: Time, conn: ConnId, waiter: u32, out: &mut Actions) {
        self.now = now;
        let (token, request) = self.leave(waiter);
        self.order += 1;
        let leased = &mut self.conns[conn.index];
        (leased.since, leased.order) = (now, self.order);
        (leased.is_excused, leased.is_reported) = (true, false);
        leased.uses = leased.uses.saturating_add(1);
        for counters in [&mut self.counters, &mut self.keys[leased.key].counters] {
            counters.delivered[Source::Returned] += 1;
        }
        out.push(Action::Deliver { token, request, conn, source: Source::Returned });
        self.settle(out);
    }

    fn park_quickly(&mut self, now: Time, id: ConnId, lifetime_end: Time, out: &mut Actions) -> bool {
        let limits = &self.rules.limits;
        let idle_end = self.rules.idle_timeout.from(now);
        let of_key = &mut self.keys[self.conns[id.index].key];
        let may_park = idle_end > now
            && lifetime_end >= idle_end
            && of_key.idle() < limits.idle_per_key
            && self.counts[State::Used as usize] + self.counts[State::Fresh as usize] < limits.idle;
        if !may_park {
            return false;
        }
        self.now = now;
        of_key.end_lease(&mut self.conns, id.index);
        self.counts[State::Busy as usize] -= 1;
        self.counts[State::Used as usize] += 1;
        self.clocks[Clock::UsedIdle as usize].push_back(&mut self.conns, id.index);
        self.due = self.due.min(idle_end);
        self.quick_until = self.due;
        self.order += 1;
        let parked = &mut self.conns[id.index];
        (parked.state, parked.clock) = (State::Used, Some(Clock::UsedIdle));
        (parked.since, parked.order) = (now, self.order);
        parked.leases = 0;
        self.counters.parked += 1;
        of_key.counters.parked += 1;
        out.push(Action::Park { conn: id });
        true
    }
}
