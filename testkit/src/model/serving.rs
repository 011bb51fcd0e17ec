//! Requests, and who gets what becomes available (R1 to R3, R6).

use latebind::{
    Action, CloseReason, ConnId, IdleOrder, Newcomers, Priority, RequestError, RequestId, Source, Time,
};

use super::state::Waiter;
use super::time::end;
use super::{Model, State};

impl<K: Clone + Eq> Model<K> {
    pub(super) fn request(&mut self, key: &K, token: u64, priority: Priority, deadline: Option<Time>) {
        let no_pools = || RequestId::from_parts(u32::MAX, 1).expect("no generation 0");
        let id = self.issued.request.unwrap_or_else(no_pools);
        note(&mut self.newest_requests, id, RequestId::index);
        self.tally(key, |counters| counters.requests += 1);
        let nobody_waits = self.queue(key).is_empty();
        let available = if nobody_waits && self.is_serving() { self.available(key) } else { None };
        if let Some((conn, source)) = available {
            self.lease(conn, token, id, source);
        } else if let Some((error, cause)) = self.refusal(key, deadline) {
            self.tally(key, |counters| match error {
                RequestError::Timeout => counters.timed_out += 1,
                _ => counters.refused += 1,
            });
            self.actions.push(Action::Fail { token, request: id, error, cause });
        } else {
            let arrived = self.moment();
            self.waiters.push(Waiter {
                id,
                token,
                key: key.clone(),
                priority,
                arrived,
                placed: arrived,
                deadline,
                had_backup: false,
            });
            self.tally(key, |counters| counters.waited += 1);
            self.actions.push(Action::Wait { token, request: id });
        }
    }

    /// Whether anything is delivered, dialed or checked.
    pub(super) fn is_serving(&self) -> bool {
        !self.shut_down && self.paused.is_none()
    }

    /// Why a request that cannot be served at once may not wait either, and its cause.
    fn refusal(&self, key: &K, deadline: Option<Time>) -> Option<(RequestError, Option<ConnId>)> {
        let deadline = deadline.unwrap_or_else(|| end(self.now, self.config.request_timeout));
        let within = |limit: Option<u32>, number: usize| limit.is_none_or(|limit| number < limit as usize);
        if self.shut_down {
            Some((RequestError::Shutdown, None))
        } else if self.paused == Some(Newcomers::Refuse) {
            Some((RequestError::Paused, None))
        } else if self.is_due(deadline) {
            Some((RequestError::Timeout, self.key(key).failed_dial))
        } else if !within(self.config.max_waiters, self.waiters.len())
            || !within(self.config.max_waiters_per_key, self.queue(key).len())
        {
            Some((RequestError::TooManyWaiters, None))
        } else {
            None
        }
    }

    /// R1: the connection of the key that a request gets at once.
    fn available(&mut self, key: &K) -> Option<(ConnId, Source)> {
        while let Some(shared) = self.last_delivered_with_room(key) {
            if !self.is_too_old(shared) {
                return Some((shared, Source::Shared));
            }
            self.retire(shared, CloseReason::Lifetime);
        }
        let next = self.next_parked(key)?;
        let latest = *self.ids(Some(key), State::is_parked).last()?;
        let can_go = |id: &ConnId| self.conn(*id).is_some_and(|conn| !self.needs_check(conn));
        [next, latest].into_iter().find(can_go).map(|id| (id, Source::Idle))
    }

    /// The shared connection in use that has room; of several, the one delivered last (R18).
    fn last_delivered_with_room(&self, key: &K) -> Option<ConnId> {
        let shared = self.conns.iter().filter(|conn| conn.key == *key && conn.state() == State::Roomy);
        shared.max_by_key(|conn| conn.delivered).map(|conn| conn.id)
    }

    /// The parked connection whose turn it is: those that have been used before the others.
    pub(super) fn next_parked(&self, key: &K) -> Option<ConnId> {
        let used = self.ids(Some(key), |state| state == State::Used);
        let parked = if used.is_empty() { self.ids(Some(key), State::is_parked) } else { used };
        match self.config.idle_order {
            IdleOrder::Fifo => parked.first().copied(),
            _ => parked.last().copied(),
        }
    }

    /// Serves the waiters of a key from what is there, after a pause or with new limits.
    pub(super) fn serve_all(&mut self, key: &K) {
        while self.is_serving()
            && let Some(first) = self.queue(key).first().map(|waiter| waiter.id)
        {
            let Some((conn, source)) = self.available(key) else { return };
            self.serve(first, conn, source);
        }
    }

    /// R3: an open connection goes to the first waiters of its key, as far as it has room, or to rest.
    pub(super) fn offer(&mut self, id: ConnId, source: Source) {
        while let Some(conn) = self.conn(id).filter(|conn| conn.has_room() && self.is_serving())
            && let Some(first) = self.queue(&conn.key).first().map(|waiter| waiter.id)
        {
            self.serve(first, id, source);
        }
        self.rest(id);
    }

    /// Delivers to a waiter.
    pub(super) fn serve(&mut self, waiter: RequestId, conn: ConnId, source: Source) {
        let own = self.conn(conn).and_then(|conn| conn.owner) == Some(waiter);
        let waiter = self.leave(waiter);
        self.lease(conn, waiter.token, waiter.id, if own { Source::OwnDial } else { source });
    }

    fn lease(&mut self, id: ConnId, token: u64, request: RequestId, source: Source) {
        let moment = self.moment();
        let worn_out = self.config.max_uses;
        let conn = self.conn_mut(id);
        if conn.leases == 0 {
            conn.leased = moment;
            conn.told_overdue = false;
        }
        conn.delivered = moment.order;
        conn.parked = None;
        conn.leases += 1;
        conn.uses = conn.uses.saturating_add(1);
        if worn_out.is_some_and(|uses| conn.uses >= uses) {
            conn.leaving = Some(CloseReason::MaxUses);
        }
        let key = conn.key.clone();
        self.tally(&key, |counters| counters.delivered[source] += 1);
        self.actions.push(Action::Deliver { token, request, conn: id, source });
    }

    /// Takes a waiter out of its queue; its dials are nobody's from now on.
    pub(super) fn leave(&mut self, id: RequestId) -> Waiter<K> {
        let place = self.waiters.iter().position(|waiter| waiter.id == id).expect("a request that waits");
        let waiter = self.waiters.remove(place);
        for dial in self.conns.iter_mut().filter(|conn| conn.owner == Some(id)) {
            dial.owner = None;
        }
        let duration = self.now.since(waiter.arrived.at);
        self.tally(&waiter.key, |counters| counters.waited_for += duration);
        waiter
    }

    /// A waiter fails; but it hears nothing in the step of its own `Cancel`.
    pub(super) fn fail(&mut self, id: RequestId, error: RequestError, cause: Option<ConnId>) {
        let waiter = self.leave(id);
        if self.exempt.request == Some(id) {
            self.tally(&waiter.key, |counters| counters.cancelled += 1);
            return;
        }
        self.tally(&waiter.key, |counters| match error {
            RequestError::Timeout => counters.timed_out += 1,
            RequestError::Dial | RequestError::DialTimeout => counters.failed += 1,
            _ => counters.refused += 1,
        });
        self.actions.push(Action::Fail { token: waiter.token, request: id, error, cause });
    }

    pub(super) fn cancel(&mut self, id: RequestId) {
        if self.waiter(id).is_some() {
            let waiter = self.leave(id);
            self.tally(&waiter.key, |counters| counters.cancelled += 1);
        }
    }

    pub(super) fn reprioritize(&mut self, id: RequestId, priority: Priority) {
        let placed = self.moment();
        let waiter = self.waiters.iter_mut().find(|waiter| waiter.id == id);
        if let Some(waiter) = waiter.filter(|waiter| waiter.priority != priority) {
            waiter.priority = priority;
            waiter.placed = placed;
        }
    }
}

/// Remembers the newest id of its index.
pub(super) fn note<Id: Copy>(newest: &mut Vec<Id>, id: Id, index: fn(Id) -> usize) {
    newest.retain(|older| index(*older) != index(id));
    newest.push(id);
}
