//! The end of a step: the pool settles.

use super::conn::State;
use super::{Machine, NIL, Phase};
use crate::config::Surplus;
use crate::{Action, Actions};

impl Machine {
    /// Looks after what changed in this step, until nothing more changes: surplus dials are told to stop,
    /// dials start where waiters have no cover, keys with nothing left are forgotten.
    pub(super) fn settle(&mut self, out: &mut Actions) {
        let mut looked_after = 0;
        while let Some(&key) = self.touched.get(looked_after) {
            self.cancel_surplus(key, out);
            self.reconsider(key);
            looked_after += 1;
        }
        // R4: each free slot goes to the first waiter without cover of all keys that may dial.
        while self.stalled.first() != NIL && self.has_room_to_dial() {
            let key = self.stalled.first();
            self.start_dial(key, out);
            self.reconsider(key);
        }
        while let Some(key) = self.touched.pop() {
            self.keys[key].touched = false;
            if self.keys[key].is_over() {
                self.keys[key].forget();
                self.forgotten.push(key);
            }
        }
        if self.phase == Phase::ShuttingDown && self.connections() == 0 {
            self.phase = Phase::Drained;
            out.push(Action::Drained);
        }
    }

    fn has_room_to_dial(&self) -> bool {
        self.connections() < self.rules.limits.connections && self.dials() < self.rules.limits.dials
    }

    /// R5, `Surplus::Cancel`: no more cover than waiters, the youngest dial goes first.
    fn cancel_surplus(&mut self, key: u32, out: &mut Actions) {
        if self.rules.surplus == Surplus::Park {
            return;
        }
        while self.keys[key].cover() > self.keys[key].waiters() && self.keys[key].count(State::Dialing) > 0 {
            let youngest = self.keys[key].youngest(State::Dialing);
            self.stop_dial(youngest, out);
        }
    }

    /// Whether the key has a waiter without cover, and what holds its dial up: a backoff, a limit of its
    /// own, or the pool.
    fn reconsider(&mut self, key: u32) {
        let uncovered = self.keys[key].uncovered();
        if let Some(until) = self.keys[key].backoff.until {
            self.file_backoff(key, until, uncovered != NIL);
        }
        let may_dial = uncovered != NIL
            && self.keys[key].backoff.until.is_none()
            && self.keys[key].connections() < self.rules.limits.connections_per_key
            && self.keys[key].dials() < self.rules.limits.dials_per_key;
        if may_dial {
            let rank = self.requests[uncovered].place.rank();
            self.stalled.set(&mut self.keys, key, rank);
        } else {
            self.stalled.remove(&mut self.keys, key);
        }
    }
}
