//! Requests: asked, cancelled, reordered, failed.

use super::waiter::{Patience, Request, Wish};
use super::{Machine, NIL, Phase};
use crate::config::Newcomers;
use crate::structure::{Lookup, Number, QueuePlace};
use crate::{Action, Actions, ConnId, Counters, Misuse, Priority, RequestError, RequestId, Time};

impl Machine {
    /// I4: answered in this step by exactly one of `Deliver`, `Wait` and `Fail`.
    pub(crate) fn request(&mut self, now: Time, key: u32, wish: Wish, out: &mut Actions) {
        self.keys.reach(key);
        self.pass(now, out);
        self.tally(key, |counters| counters.requests += 1);
        if let Some(error) = self.refusal_of_all() {
            self.refuse(key, wish, error, out);
        } else if self.keys[key].waiters() == 0
            && self.paused.is_none()
            && let Some((conn, source)) = self.available(key, out)
        {
            let request = self.pass_by();
            let token = wish.token;
            self.lease(conn, source, out, |conn| Action::Deliver { token, request, conn, source });
            self.rest(conn, out);
        } else if let Some(error) = self.refusal_of_waiters(key, wish) {
            self.refuse(key, wish, error, out);
        } else {
            self.wait(key, wish, out);
        }
        self.settle(out);
    }

    pub(crate) fn cancel(&mut self, now: Time, request: RequestId, out: &mut Actions) -> Result<(), Misuse> {
        let found = self.find_waiter(request)?;
        if let Some(waiter) = found {
            // Its end is being reported: it does not time out in the same step.
            self.lose_patience(waiter);
        }
        self.pass(now, out);
        // A dial that failed just now may have been charged to it.
        if let Some(waiter) = self.find_waiter(request)? {
            self.tally(self.requests[waiter].key, |counters| counters.cancelled += 1);
            self.leave(waiter);
        }
        self.settle(out);
        Ok(())
    }

    /// R2: last of its new priority. Its dial stays its own.
    pub(crate) fn reprioritize(
        &mut self,
        now: Time,
        request: RequestId,
        priority: Priority,
        out: &mut Actions,
    ) -> Result<(), Misuse> {
        self.find_waiter(request)?;
        self.pass(now, out);
        if let Some(waiter) = self.find_waiter(request)?
            && self.requests[waiter].place.level() != priority.level()
        {
            let order = self.next_order();
            let key = self.requests[waiter].key;
            self.keys[key].leave(&mut self.requests, waiter);
            self.requests[waiter].place = QueuePlace::new(priority, order);
            self.keys[key].join(&mut self.requests, waiter);
            self.touch(key);
        }
        self.settle(out);
        Ok(())
    }

    /// Ends a waiter without a connection. Who is just being cancelled is not told of it.
    pub(super) fn fail(
        &mut self,
        waiter: u32,
        error: RequestError,
        cause: Option<ConnId>,
        out: &mut Actions,
    ) {
        let Request { key, patience, .. } = self.requests[waiter];
        let is_being_cancelled = patience == Patience::Over;
        self.tally(key, |counters| {
            let ended = if is_being_cancelled { &mut counters.cancelled } else { failures(counters, error) };
            *ended += 1;
        });
        let request = self.request_id(waiter);
        let token = self.leave(waiter);
        if !is_being_cancelled {
            out.push(Action::Fail { token, request, error, cause });
        }
    }

    /// R6: takes a waiter out at once; nothing of it stays behind but its token.
    pub(super) fn leave(&mut self, waiter: u32) -> u64 {
        self.lose_patience(waiter);
        let Request { key, dial, backup, arrived, .. } = self.requests[waiter];
        self.keys[key].depart(&mut self.requests, waiter);
        for own in [dial, backup] {
            if own != NIL {
                self.release(own);
            }
        }
        self.touch_for_waiter(key);
        let duration = self.now.0 - arrived.0;
        for sum in [&mut self.waited_for, &mut self.keys[key].waited_for] {
            *sum = sum.saturating_add(duration);
        }
        self.requests.remove(waiter).token
    }

    fn find_waiter(&self, request: RequestId) -> Result<Option<u32>, Misuse> {
        match self.requests.find(request.index, request.generation) {
            Lookup::Live(waiter) => Ok(Some(waiter)),
            Lookup::Ended => Ok(None),
            Lookup::NeverIssued => Err(Misuse::UnknownRequest(request)),
        }
    }

    /// Why nobody is served at all, if so.
    fn refusal_of_all(&self) -> Option<RequestError> {
        match (self.phase, self.paused) {
            (Phase::Running, Some(Newcomers::Refuse)) => Some(RequestError::Paused),
            (Phase::Running, _) => None,
            (Phase::ShuttingDown | Phase::Drained, _) => Some(RequestError::Shutdown),
        }
    }

    /// Why a request that cannot be served at once may not wait, if so.
    #[inline]
    pub(super) fn refusal_of_waiters(&self, key: u32, wish: Wish) -> Option<RequestError> {
        let deadline = wish.deadline.unwrap_or_else(|| self.rules.request_timeout.from(self.now));
        let limits = self.rules.limits;
        if self.is_due(deadline) {
            Some(RequestError::Timeout)
        } else if self.requests.len() >= limits.waiters || self.keys[key].waiters() >= limits.waiters_per_key
        {
            Some(RequestError::TooManyWaiters)
        } else {
            None
        }
    }

    fn refuse(&mut self, key: u32, wish: Wish, error: RequestError, out: &mut Actions) {
        // The key may have been made known just for this request.
        self.touch(key);
        self.tally(key, |counters| *failures(counters, error) += 1);
        let request = self.pass_by();
        let cause = match error {
            RequestError::Timeout => self.keys[key].last_failure,
            _ => None,
        };
        out.push(Action::Fail { token: wish.token, request, error, cause });
    }

    /// The id of a request that is answered at once.
    fn pass_by(&mut self) -> RequestId {
        let Number { index, generation } = self.requests.issue();
        RequestId { index, generation }
    }

    #[inline]
    pub(super) fn wait(&mut self, key: u32, wish: Wish, out: &mut Actions) {
        self.tally(key, |counters| counters.waited += 1);
        let order = self.next_order();
        let Number { index, generation } = self.requests.issue();
        // In place: what is moved is written in pieces and read again as a whole, which a processor waits for.
        self.requests.fill(Request::BLANK);
        self.requests[index].arrive(key, wish, self.now, order);
        if wish.deadline.is_none() {
            self.patience.push_back(&mut self.requests, index);
            self.arm(self.rules.request_timeout.from(self.now));
        }
        self.keys[key].arrive(&mut self.requests, index);
        if let Some(deadline) = wish.deadline {
            self.deadlines.set(&mut self.requests, index, deadline.0);
            self.arm(deadline);
        }
        self.touch_for_waiter(key);
        out.push(Action::Wait { token: wish.token, request: RequestId { index, generation } });
    }

    /// Nothing times it out any more.
    #[inline]
    fn lose_patience(&mut self, waiter: u32) {
        match core::mem::replace(&mut self.requests[waiter].patience, Patience::Over) {
            Patience::Default => self.patience.remove(&mut self.requests, waiter),
            Patience::Deadline => self.deadlines.remove(&mut self.requests, waiter),
            Patience::Over => {}
        }
    }
}

/// What counts requests that end so.
fn failures(counters: &mut Counters, error: RequestError) -> &mut u64 {
    match error {
        RequestError::Timeout => &mut counters.timed_out,
        RequestError::Dial | RequestError::DialTimeout => &mut counters.failed,
        RequestError::TooManyWaiters
        | RequestError::Paused
        | RequestError::Cleared
        | RequestError::Shutdown => &mut counters.refused,
    }
}
