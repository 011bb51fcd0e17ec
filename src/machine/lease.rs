//! Connections that are open: delivered, given back, offered, parked, closed.

use super::conn::State;
use super::{Machine, NIL, Phase};
use crate::config::IdleOrder;
use crate::{Action, Actions, CloseReason, ConnId, Misuse, Source, Time};

impl Machine {
    pub(crate) fn conn_idle(&mut self, now: Time, conn: ConnId, out: &mut Actions) -> Result<(), Misuse> {
        let found = self.find_open(conn)?;
        if found.is_some_and(|found| self.conns[found].leases == 0) {
            return Err(Misuse::NotLeased(conn));
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
        self.pass(now, out);
        if let Some(conn) = found {
            self.end(conn);
        }
        self.settle(out);
        Ok(())
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
            self.conns[conn].capacity = capacity;
            self.offer(conn, Source::Shared, out);
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
        let key = &self.keys[key];
        let parked = if key.count(State::Used) > 0 { State::Used } else { State::Fresh };
        let conn = match self.rules.idle_order {
            IdleOrder::Lifo => key.youngest(parked),
            IdleOrder::Fifo => key.oldest(parked),
        };
        (conn != NIL).then_some((conn, Source::Idle))
    }

    /// R3: what has become available goes to the first waiters of its key; what is left rests.
    pub(super) fn offer(&mut self, conn: u32, source: Source, out: &mut Actions) {
        match self.reason_to_close(conn) {
            Some(reason) => self.retire(conn, reason, out),
            None => self.hand_out(conn, source, out),
        }
    }

    /// The same for a connection that has no reason to close.
    pub(super) fn hand_out(&mut self, conn: u32, source: Source, out: &mut Actions) {
        let key = self.conns[conn].key;
        while self.conns[conn].has_room() && self.keys[key].waiters() > 0 {
            self.serve(self.keys[key].first_waiter(), conn, source, out);
        }
        self.rest(conn, out);
    }

    /// Delivers to a waiter.
    pub(super) fn serve(&mut self, request: u32, conn: u32, source: Source, out: &mut Actions) {
        let own = self.requests[request].dial == conn;
        let (token, id) = self.leave(request);
        self.lease(conn, out, |conn| Action::Deliver {
            token,
            request: id,
            conn,
            source: if own { Source::OwnDial } else { source },
        });
    }

    /// Counts a delivery of `conn`; its state is to be settled by [`rest`](Self::rest).
    pub(super) fn lease(&mut self, conn: u32, out: &mut Actions, deliver: impl FnOnce(ConnId) -> Action) {
        out.push(deliver(self.conn_id(conn)));
        let order = self.next_order();
        let max_uses = self.rules.max_uses;
        let conn = &mut self.conns[conn];
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
            if was_parked {
                self.unwatch_lifetime(conn);
            }
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
        self.conns[conn].since = self.now;
        self.conns[conn].order = self.next_order();
        self.change(conn, state);
        let idle_timeout = match state {
            State::Fresh => self.rules.unused_idle_timeout,
            _ => self.rules.idle_timeout,
        };
        self.arm(idle_timeout.from(self.now));
        self.watch_lifetime(conn);
        out.push(Action::Park { conn: self.conn_id(conn) });
        if self.idle() > limits.idle {
            self.close(self.longest_parked(), CloseReason::IdleLimit, out);
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
            self.exceeds_limits(self.conns[conn].key).then_some(CloseReason::ConnectionLimit)
        }
    }

    /// R21: more connections than a lowered limit allows, even when those that are ending are gone.
    fn exceeds_limits(&self, key: u32) -> bool {
        let (limits, key) = (self.rules.limits, &self.keys[key]);
        let in_all = self.connections() > limits.connections && self.remaining() > limits.connections;
        let of_key =
            key.connections() > limits.connections_per_key && key.remaining() > limits.connections_per_key;
        in_all || of_key
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
        self.drop_lifetime(conn);
        out.push(Action::Close { conn: self.conn_id(conn), reason });
    }
}
