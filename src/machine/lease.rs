//! Connections that are open: delivered, given back, offered, parked, closed.

use super::conn::{Conn, ENDING, State};
use super::{Machine, NIL, Phase};
use crate::config::IdleOrder;
use crate::{Action, Actions, CloseReason, ConnId, Misuse, Source, Time};

impl Machine {
    pub(crate) fn conn_idle(&mut self, now: Time, conn: ConnId, out: &mut Actions) -> Result<(), Misuse> {
        let found = self.find_open(conn)?;
        if let Some(found) = found {
            match self.conns[found].leases {
                0 => return Err(Misuse::NotLeased(conn)),
                // The end of the last lease is being reported: it is not overdue in the same step.
                1 => self.stop_clock(found),
                _ => {}
            }
        }
        self.pass(now, out);
        if let Some(conn) = found {
            self.conns[conn].leases -= 1;
            self.offer(conn, Source::Returned, out);
        }
        self.settle(out);
        Ok(())
    }

    pub(crate) fn conn_closed(&mut self, now: Time, conn: ConnId, out: &mut Actions) -> Result<(), Misuse> {
        let found = self.find(conn)?;
        if found.is_some_and(|found| self.conns[found].state.is_dial()) {
            return Err(Misuse::StillDialing(conn));
        }
        // Its end is being reported: nothing of it expires in the same step. A parked one is nobody's, and can
        // go at once.
        let parked = found.filter(|found| self.conns[*found].state.is_parked());
        if let Some(conn) = parked {
            self.lose(conn);
        } else if let Some(conn) = found {
            self.stop_clock(conn);
        }
        self.pass(now, out);
        if parked.is_none()
            && let Some(conn) = found
        {
            self.lose(conn);
        }
        self.settle(out);
        Ok(())
    }

    fn lose(&mut self, conn: u32) {
        if self.is_unused(conn) {
            self.suspect_all(self.conns[conn].key);
        }
        self.end(conn);
    }

    pub(crate) fn capacity(
        &mut self,
        now: Time,
        conn: ConnId,
        capacity: u32,
        out: &mut Actions,
    ) -> Result<(), Misuse> {
        let found = self.find_open(conn)?;
        self.pass(now, out);
        if let Some(conn) = found
            && !self.is_closing(conn)
        {
            self.set_capacity(conn, capacity);
            // R16: what is parked while somebody waits is not to be delivered without a check.
            let state = self.conns[conn].state;
            if !state.is_under_check() && (!state.is_parked() || capacity == 0) {
                self.offer(conn, Source::Shared, out);
            }
        }
        self.settle(out);
        Ok(())
    }

    pub(crate) fn draining(&mut self, now: Time, conn: ConnId, out: &mut Actions) -> Result<(), Misuse> {
        let found = self.find_open(conn)?;
        self.pass(now, out);
        if let Some(conn) = found
            && !self.is_closing(conn)
        {
            self.retire(conn, CloseReason::Draining, out);
        }
        self.settle(out);
        Ok(())
    }

    /// The connection that a request of `key` gets at once (R1), with how it became available.
    pub(super) fn available(&mut self, key: u32, out: &mut Actions) -> Option<(u32, Source)> {
        while let roomy = self.keys[key].roomiest()
            && roomy != NIL
        {
            if !self.is_past_lifetime(roomy) {
                return Some((roomy, Source::Shared));
            }
            self.retire(roomy, CloseReason::Lifetime, out);
        }
        let next = self.next_parked(key);
        if next == NIL || !self.needs_check(next) {
            return (next != NIL).then_some((next, Source::Idle));
        }
        let last = self.last_parked(key);
        (!self.needs_check(last)).then_some((last, Source::Idle))
    }

    /// The parked connection whose turn it is (R1), or [`NIL`].
    pub(super) fn next_parked(&self, key: u32) -> u32 {
        let key = &self.keys[key];
        let parked = if key.count(State::Used) > 0 { State::Used } else { State::Fresh };
        match self.rules.idle_order {
            IdleOrder::Lifo => key.youngest(parked),
            IdleOrder::Fifo => key.oldest(parked),
        }
    }

    /// The key's most recently parked connection, if there is any.
    fn last_parked(&self, key: u32) -> u32 {
        let key = &self.keys[key];
        let (fresh, used) = (key.youngest(State::Fresh), key.youngest(State::Used));
        let is_fresh_last = used == NIL || fresh != NIL && self.conns[used].order < self.conns[fresh].order;
        if is_fresh_last { fresh } else { used }
    }

    /// R18: a check is cover for as many waiters as the connection has capacity. R5: dials beside a connection that
    /// becomes shared may be surplus.
    fn set_capacity(&mut self, conn: u32, capacity: u32) {
        let before = u64::from(self.conns[conn].cover());
        let was_shared = self.conns[conn].is_shared();
        self.conns[conn].capacity = capacity;
        let after = u64::from(self.conns[conn].cover());
        let is_shared = self.conns[conn].is_shared();
        let key = self.conns[conn].key;
        if after != before {
            let cover = self.keys[key].cover() - before + after;
            self.keys[key].set_cover(&self.requests, cover);
            self.touch(key);
        }
        if is_shared != was_shared {
            self.keys[key].set_shared(is_shared);
            self.touch(key);
        }
    }

    /// R3: what has become available goes to the first waiters of its key; what is left rests.
    pub(super) fn offer(&mut self, conn: u32, source: Source, out: &mut Actions) {
        // A lowered limit that is kept meanwhile is no reason any more.
        if self.conns[conn].leaving == Some(CloseReason::ConnectionLimit) {
            self.conns[conn].leaving = None;
        }
        match self.reason_to_close(conn) {
            Some(reason) => self.retire(conn, reason, out),
            None => self.hand_out(conn, source, out),
        }
    }

    /// The same for a connection that has no reason to close.
    pub(super) fn hand_out(&mut self, conn: u32, source: Source, out: &mut Actions) {
        let key = self.conns[conn].key;
        while self.paused.is_none() && self.conns[conn].has_room() && self.keys[key].waiters() > 0 {
            self.serve(self.keys[key].first_waiter(), conn, source, out);
        }
        self.rest(conn, out);
    }

    /// Delivers to a waiter.
    pub(super) fn serve(&mut self, request: u32, conn: u32, source: Source, out: &mut Actions) {
        let waiter = &self.requests[request];
        let own = waiter.dial == conn || waiter.backup == conn;
        let id = self.request_id(request);
        let token = self.leave(request);
        let source = if own { Source::OwnDial } else { source };
        self.lease(conn, source, out, |conn| Action::Deliver { token, request: id, conn, source });
    }

    /// Counts a delivery of `conn`; its state is to be settled by [`rest`](Self::rest).
    pub(super) fn lease(
        &mut self,
        conn: u32,
        source: Source,
        out: &mut Actions,
        deliver: impl FnOnce(ConnId) -> Action,
    ) {
        out.push(deliver(self.conn_id(conn)));
        self.tally(self.conns[conn].key, |counters| counters.delivered[source] += 1);
        let order = self.next_order();
        let max_uses = self.rules.max_uses;
        let (now, warns) = (self.now, self.rules.lease_warn_after.is_on());
        let conn = &mut self.conns[conn];
        if conn.leases == 0 {
            conn.since = now;
            conn.is_excused = !warns;
            conn.is_reported = false;
        }
        conn.order = order;
        conn.leases += 1;
        conn.uses = conn.uses.saturating_add(1);
        // R12: a worn-out connection takes no new lease.
        if max_uses.is_some_and(|max_uses| conn.uses >= max_uses) {
            conn.leaving = Some(CloseReason::MaxUses);
        }
    }

    /// Takes an open connection to the state that suits what it carries.
    pub(super) fn rest(&mut self, conn: u32, out: &mut Actions) {
        let was_parked = self.conns[conn].state.is_parked();
        let state = self.conns[conn].resting_state();
        if !state.is_parked() {
            self.change(conn, state);
        } else if !was_parked {
            self.park(conn, state, out);
        }
    }

    /// R11: over the key's limit the newcomer is closed, over the pool's the one that was parked longest.
    fn park(&mut self, conn: u32, state: State, out: &mut Actions) {
        let limits = self.rules.limits;
        if limits.idle == 0 || self.keys[self.conns[conn].key].idle() >= limits.idle_per_key {
            return self.close(conn, CloseReason::IdleLimit, out);
        }
        if self.is_room_wanted_beside(self.conns[conn].key) {
            return self.close(conn, CloseReason::Evicted, out);
        }
        self.conns[conn].since = self.now;
        self.conns[conn].order = self.next_order();
        self.change(conn, state);
        self.watch_lifetime(conn);
        let excess = if self.idle() > limits.idle { self.longest_parked() } else { NIL };
        // R20: where floors hold the others, it may be the newcomer, which was never parked then.
        if excess != conn {
            self.tally(self.conns[conn].key, |counters| counters.parked += 1);
            out.push(Action::Park { conn: self.conn_id(conn) });
        }
        if excess != NIL {
            self.close(excess, CloseReason::IdleLimit, out);
        }
    }

    /// Why an open connection can serve nobody any more, if so.
    fn reason_to_close(&self, conn: u32) -> Option<CloseReason> {
        let is_old = self.is_past_lifetime(conn);
        self.reason_to_close_new(conn).or_else(|| is_old.then_some(CloseReason::Lifetime))
    }

    /// The same for one that was born just now: R12 applies a lifetime at return and while parked, so even one
    /// of zero lets each connection serve once.
    pub(super) fn reason_to_close_new(&self, conn: u32) -> Option<CloseReason> {
        if self.conns[conn].leaving.is_some() {
            self.conns[conn].leaving
        } else if self.phase != Phase::Running {
            Some(CloseReason::Shutdown)
        } else {
            self.exceeds_limits(conn).then_some(CloseReason::ConnectionLimit)
        }
    }

    /// R21: more connections than a lowered limit allows if it stays, even when those that are ending are gone.
    fn exceeds_limits(&self, conn: u32) -> bool {
        let Conn { key, state, .. } = self.conns[conn];
        let (limits, key) = (self.rules.limits, &self.keys[key]);
        let own = u32::from(ENDING.contains(&state));
        self.remaining() + own > limits.connections || key.remaining() + own > limits.connections_per_key
    }

    /// No new leases; closed when the last one ends, which may be now.
    pub(super) fn retire(&mut self, conn: u32, reason: CloseReason, out: &mut Actions) {
        if self.conns[conn].leases == 0 {
            self.close(conn, reason, out);
        } else {
            self.conns[conn].leaving = Some(reason);
            self.change(conn, State::Leaving);
        }
    }

    pub(super) fn close(&mut self, conn: u32, reason: CloseReason, out: &mut Actions) {
        self.change(conn, State::Closing);
        self.tally(self.conns[conn].key, |counters| counters.closed += 1);
        out.push(Action::Close { conn: self.conn_id(conn), reason });
    }
}
