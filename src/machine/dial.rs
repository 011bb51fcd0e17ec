//! Dials: started, done, failed, told to stop.

use super::conn::{Conn, Purpose, State};
use super::key::Backoff;
use super::{Machine, NIL};
use crate::config::{Binding, DialFailure};
use crate::time::nanos;
use crate::{Action, Actions, ConnId, DialError, Misuse, Opened, RequestError, Source, Time};

/// A dial that failed, as it was.
#[derive(Clone, Copy, Debug)]
pub(super) struct Failed {
    dial: ConnId,
    key: u32,
    /// When it started, in the order of events.
    order: u64,
    /// The waiter that it belonged to, or [`NIL`].
    owner: u32,
    /// What those are told whom it concerns.
    error: RequestError,
}

impl Machine {
    pub(crate) fn dial_done(
        &mut self,
        now: Time,
        conn: ConnId,
        outcome: Result<Opened, DialError>,
        out: &mut Actions,
    ) -> Result<(), Misuse> {
        let found = self.find(conn)?.filter(|found| !self.is_closing(*found));
        if found.is_some_and(|found| !self.conns[found].state.is_dial()) {
            return Err(Misuse::NotDialing(conn));
        }
        if let Some(dial) = found {
            self.stop_clock(dial);
        }
        self.pass(now, out);
        if let Some(dial) = found {
            match outcome {
                Ok(opened) => self.opened(dial, opened, out),
                Err(error) => self.dial_failed(dial, error, out),
            }
        }
        self.settle(out);
        Ok(())
    }

    /// A dial that belongs to `owner`, which may be [`NIL`].
    pub(super) fn start_dial(&mut self, key: u32, purpose: Purpose, owner: u32, out: &mut Actions) -> u32 {
        let order = self.next_order();
        let dial = self.conns.insert(Conn::dialing(key, purpose, owner, self.now, order));
        // R20: whatever the dial is for, one connection less is missing.
        let preconnects = &mut self.keys[key].preconnects;
        *preconnects = preconnects.saturating_sub(1);
        self.begin(dial);
        self.tally(key, |counters| counters.dials += 1);
        out.push(Action::StartDial { conn: self.conn_id(dial) });
        dial
    }

    /// A dial that is not needed any more.
    pub(super) fn cancel_dial(&mut self, dial: u32, out: &mut Actions) {
        self.tally(self.conns[dial].key, |counters| counters.dials_cancelled += 1);
        self.stop_dial(dial, out);
    }

    /// The dial holds its slot until it is reported (R9), but is no cover any more (R5).
    pub(super) fn stop_dial(&mut self, dial: u32, out: &mut Actions) {
        self.disown(dial);
        self.change(dial, State::Stopping);
        out.push(Action::CancelDial { conn: self.conn_id(dial) });
    }

    fn opened(&mut self, dial: u32, opened: Opened, out: &mut Actions) {
        let key = self.conns[dial].key;
        self.tally(key, |counters| counters.opened += 1);
        // R19: a dial of an old generation tells nothing of the new one.
        if self.conns[dial].leaving.is_none() {
            self.end_backoff(key);
            self.keys[key].backoff.rounds = 0;
            self.keys[key].floor.backoff = Backoff::default();
            self.keys[key].last_failure = None;
        }
        // R12: drawn once, at birth.
        let jitter = match self.rules.lifetime_jitter {
            0 => 0,
            greatest => self.random.up_to(greatest),
        };
        let conn = &mut self.conns[dial];
        conn.born = Time(self.now.0.saturating_add(jitter));
        conn.capacity = opened.capacity;
        let owner = conn.owner;
        self.change(dial, State::Busy);
        if let Some(reason) = self.reason_to_close_new(dial) {
            self.retire(dial, reason, out);
        } else {
            // R3: under `OwnFirst`, the request that it belongs to comes first.
            let own_first = self.rules.binding == Binding::OwnFirst && owner != NIL && self.paused.is_none();
            if own_first && self.conns[dial].has_room() {
                self.serve(owner, dial, Source::OwnDial, out);
            }
            self.hand_out(dial, Source::OtherDial, out);
        }
        self.disown(dial);
    }

    fn dial_failed(&mut self, dial: u32, error: DialError, out: &mut Actions) {
        let failed = self.failure_of(dial, RequestError::Dial);
        self.tally(failed.key, |counters| counters.dials_failed += 1);
        let Conn { state, has_timed_out, leaving, .. } = self.conns[dial];
        self.disown(dial);
        self.end(dial);
        if state == State::Dialing {
            self.charge(failed, error, out);
        } else if error == DialError::Fatal && has_timed_out && leaving.is_none() {
            // It was charged when it took too long, but a fatal error concerns all that were there. A dial that
            // was not needed any more, or was cleared, concerns nobody.
            self.charge_all(failed, out);
        }
    }

    pub(super) fn failure_of(&self, dial: u32, error: RequestError) -> Failed {
        let Conn { key, order, owner, .. } = self.conns[dial];
        Failed { dial: self.conn_id(dial), key, order, owner, error }
    }

    /// R7: who hears of a failed dial. It is no cover any more when this is asked.
    pub(super) fn charge(&mut self, failed: Failed, error: DialError, out: &mut Actions) {
        self.keys[failed.key].last_failure = Some(failed.dial);
        self.back_off_floor(failed.key, failed.order);
        match (error, self.rules.dial_failure, self.rules.binding) {
            (DialError::Fatal, ..) | (_, DialFailure::FailAll, Binding::HeadFirst) => {
                self.charge_all(failed, out);
            }
            (_, DialFailure::Retry { backoff, backoff_max, attempts }, _) => {
                self.back_off(failed, nanos(backoff), nanos(backoff_max));
                if self.keys[failed.key].backoff.rounds >= attempts {
                    self.charge_one(failed, out);
                }
            }
            _ => self.charge_one(failed, out),
        }
    }

    /// The first waiter that was there, or under `OwnFirst` the one that the dial belonged to; nobody as
    /// long as all that wait have cover.
    fn charge_one(&mut self, failed: Failed, out: &mut Actions) {
        let key = &self.keys[failed.key];
        if u64::from(key.waiters()) <= key.cover() {
            return;
        }
        let charged = match self.rules.binding {
            Binding::HeadFirst => key.first_waiter_at(&self.requests, failed.order),
            Binding::OwnFirst => failed.owner,
        };
        if charged != NIL {
            self.fail(charged, failed.error, Some(failed.dial), out);
        }
    }

    fn charge_all(&mut self, failed: Failed, out: &mut Actions) {
        while let waiter = self.keys[failed.key].oldest_waiter_at(&self.requests, failed.order)
            && waiter != NIL
        {
            self.fail(waiter, failed.error, Some(failed.dial), out);
        }
    }

    /// R7, `Retry`: the key holds its dials for a while.
    fn back_off(&mut self, failed: Failed, first: u64, longest: u64) {
        let before = self.keys[failed.key].backoff;
        let backoff = self.next_round(before, failed.order, first, longest);
        if backoff.rounds > before.rounds {
            self.end_backoff(failed.key);
            self.keys[failed.key].backoff = backoff;
            self.touch(failed.key);
        }
    }

    /// The failure of a dial that started since the last round began is a new round, others prolong nothing.
    pub(super) fn next_round(&mut self, last: Backoff, dial_order: u64, first: u64, longest: u64) -> Backoff {
        if last.rounds > 0 && dial_order < last.began || last.rounds == u32::MAX {
            return last;
        }
        let whole = first.saturating_mul(1 << last.rounds.min(63)).min(longest);
        let delay = whole - self.random.up_to(whole / 2);
        let until = (delay > 0).then(|| Time(self.now.0.saturating_add(delay)));
        Backoff { rounds: last.rounds + 1, began: self.next_order(), until }
    }

    /// The key may dial again.
    pub(super) fn end_backoff(&mut self, key: u32) {
        if self.keys[key].backoff.until.take().is_some() {
            self.cooling.remove(&mut self.keys, key);
            self.touch(key);
        }
    }

    /// The dial belongs to nobody any more.
    fn disown(&mut self, dial: u32) {
        let owner = self.release(dial);
        if owner == NIL {
            return;
        }
        let waiter = &mut self.requests[owner];
        if waiter.backup == dial {
            waiter.backup = NIL;
        } else {
            let key = waiter.key;
            self.keys[key].lose_dial(&mut self.requests, owner);
        }
    }

    /// The dial goes on, for nobody in particular.
    pub(super) fn release(&mut self, dial: u32) -> u32 {
        let was_wanted = self.conns[dial].is_wanted_backup();
        let owner = core::mem::replace(&mut self.conns[dial].owner, NIL);
        let Conn { key, state, .. } = self.conns[dial];
        if state == State::Dialing && was_wanted {
            self.keys[key].backups -= 1;
            self.touch(key);
        }
        owner
    }
}
