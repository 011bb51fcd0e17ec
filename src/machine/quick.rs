//! The two steps that happen most, in short: a request that a parked connection serves, and its return while nobody
//! waits. Each does what the long way would do, or nothing at all.

use super::conn::{Clock, State};
use super::{Machine, NIL, Phase};
use crate::config::IdleOrder;
use crate::structure::Number;
use crate::{Action, Actions, ConnId, RequestId, Source, Time};

impl Machine {
    /// Whether nothing in the rules makes these steps more than a move from one list to another; asked at the
    /// end of each other step.
    fn has_quick_rules(&self) -> bool {
        self.phase == Phase::Running
            && self.paused.is_none()
            && !self.rules.checks
            && self.rules.max_uses.is_none()
            && !self.rules.lease_warn_after.is_on()
    }

    /// Until when a connection more or less in use is nobody's concern: nothing is due, and no key waits for room.
    pub(super) fn quick_until(&self) -> Time {
        let waits = self.need > 0 || self.preconnecting > 0 || self.refills.first() != NIL;
        if self.has_quick_rules() && !waits { self.due } else { Time::ZERO }
    }

    /// Serves a request from idle (R1); `false`: nothing has happened.
    pub(crate) fn request_quickly(&mut self, now: Time, key: u32, token: u64, out: &mut Actions) -> bool {
        let now = self.now.max(now);
        if now >= self.quick_until {
            return false;
        }
        let Some(of_key) = self.keys.get_mut(key).filter(|key| key.is_quick()) else { return false };
        let conn = match self.rules.idle_order {
            IdleOrder::Lifo => of_key.youngest(State::Used),
            IdleOrder::Fifo => of_key.oldest(State::Used),
        };
        if conn == NIL || self.conns[conn].capacity != 1 || self.conns[conn].lifetime_slot != NIL {
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

    /// Parks a connection that is given back; `false`: nothing has happened.
    pub(crate) fn park_quickly(&mut self, now: Time, id: ConnId, out: &mut Actions) -> bool {
        let now = self.now.max(now);
        if now >= self.quick_until {
            return false;
        }
        let Some(conn) = self.conns.get(id.index, id.generation) else { return false };
        let is_plain = conn.state == State::Busy && conn.leases == 1 && conn.capacity == 1;
        let limits = &self.rules.limits;
        let of_key = &mut self.keys[conn.key];
        let idle_end = self.rules.idle_timeout.from(now);
        let stays = self.rules.max_lifetime.from(conn.born) >= idle_end
            && idle_end > now
            && self.conns.len() <= limits.connections
            && of_key.connections() <= limits.connections_per_key
            && of_key.idle() < limits.idle_per_key
            && self.counts[State::Used as usize] + self.counts[State::Fresh as usize] < limits.idle;
        if !is_plain || !stays || !of_key.is_quick() {
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
