//! Dials: started, done, failed, told to stop.

use super::conn::{Conn, State};
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

    /// R4: a dial for the first waiter of `key` without cover; it belongs to the first without its own.
    pub(super) fn start_dial(&mut self, key: u32, out: &mut Actions) {
        let owner = self.keys[key].first_undialed(&self.requests);
        let order = self.next_order();
        let dial = self.conns.insert(Conn::dialing(key, owner, self.now, order));
        if owner != NIL {
            self.keys[key].give_dial(&mut self.requests, owner, dial);
        }
        self.keys[key].add();
        self.enter(dial);
        self.touch(key);
        self.arm(self.rules.dial_timeout.from(self.now));
        out.push(Action::StartDial { conn: self.conn_id(dial) });
    }

    /// The dial holds its slot until it is reported (R9), but is no cover any more (R5).
    pub(super) fn stop_dial(&mut self, dial: u32, out: &mut Actions) {
        self.disown(dial);
        self.change(dial, State::Stopping);
        out.push(Action::CancelDial { conn: self.conn_id(dial) });
    }

    fn opened(&mut self, dial: u32, opened: Opened, out: &mut Actions) {
        let key = self.conns[dial].key;
        self.end_backoff(key);
        self.keys[key].backoff.rounds = 0;
        self.keys[key].last_failure = None;
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
            let own_first = self.rules.binding == Binding::OwnFirst && owner != NIL;
            if own_first && self.conns[dial].has_room() {
                self.serve(owner, dial, Source::OwnDial, out);
            }
            self.hand_out(dial, Source::OtherDial, out);
        }
        self.disown(dial);
    }

    fn dial_failed(&mut self, dial: u32, error: DialError, out: &mut Actions) {
        let failed = self.failure_of(dial, RequestError::Dial);
        let told_to_stop = self.conns[dial].state == State::Stopping;
        self.disown(dial);
        self.end(dial);
        // A dial that took too long was charged then; one that was not needed concerns nobody.
        if !told_to_stop {
            self.charge(failed, error, out);
        }
    }

    pub(super) fn failure_of(&self, dial: u32, error: RequestError) -> Failed {
        let Conn { key, order, owner, .. } = self.conns[dial];
        Failed { dial: self.conn_id(dial), key, order, owner, error }
    }

    /// R7: who hears of a failed dial. It is no cover any more when this is asked.
    pub(super) fn charge(&mut self, failed: Failed, error: DialError, out: &mut Actions) {
        self.keys[failed.key].last_failure = Some(failed.dial);
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
        if key.waiters() <= key.cover() {
            return;
        }
        let charged = match self.rules.binding {
            Binding::HeadFirst => key.first_waiter_before(&self.requests, failed.order),
            Binding::OwnFirst => failed.owner,
        };
        if charged != NIL {
            self.fail(charged, failed.error, Some(failed.dial), out);
        }
    }

    fn charge_all(&mut self, failed: Failed, out: &mut Actions) {
        while let waiter = self.keys[failed.key].first_waiter_before(&self.requests, failed.order)
            && waiter != NIL
        {
            self.fail(waiter, failed.error, Some(failed.dial), out);
        }
    }

    /// R7, `Retry`: the failure of a dial that started since the last round began is a new round.
    fn back_off(&mut self, failed: Failed, first: u64, longest: u64) {
        let backoff = &self.keys[failed.key].backoff;
        if backoff.rounds > 0 && failed.order < backoff.began {
            return;
        }
        let doublings = backoff.rounds.min(63);
        let whole = first.saturating_mul(1 << doublings).min(longest);
        let delay = whole - self.random.up_to(whole / 2);
        let began = self.next_order();
        let backoff = &mut self.keys[failed.key].backoff;
        backoff.rounds = backoff.rounds.saturating_add(1);
        backoff.began = began;
        self.end_backoff(failed.key);
        if delay > 0 {
            self.keys[failed.key].backoff.until = Some(Time(self.now.0.saturating_add(delay)));
        }
        self.touch(failed.key);
    }

    /// A backoff needs a timer as long as it holds somebody up (I7).
    pub(super) fn file_backoff(&mut self, key: u32, until: Time, holds_up: bool) {
        let (to, from) =
            if holds_up { (&mut self.held, &mut self.cooling) } else { (&mut self.cooling, &mut self.held) };
        if from.contains(&self.keys, key) {
            from.remove(&mut self.keys, key);
        }
        to.set(&mut self.keys, key, until.0);
        self.arm(until);
    }

    /// The key may dial again.
    pub(super) fn end_backoff(&mut self, key: u32) {
        if self.keys[key].backoff.until.take().is_some() {
            for heap in [&mut self.held, &mut self.cooling] {
                if heap.contains(&self.keys, key) {
                    heap.remove(&mut self.keys, key);
                }
            }
            self.touch(key);
        }
    }

    /// The dial belongs to nobody any more.
    fn disown(&mut self, dial: u32) {
        let owner = core::mem::replace(&mut self.conns[dial].owner, NIL);
        if owner != NIL {
            let key = self.requests[owner].key;
            self.keys[key].lose_dial(&mut self.requests, owner);
        }
    }
}
