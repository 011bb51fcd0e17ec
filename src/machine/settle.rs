//! The end of a step: the pool settles.

use super::conn::{Purpose, State};
use super::{Machine, NIL, Phase};
use crate::config::Surplus;
use crate::{Action, Actions, Time};

impl Machine {
    /// Looks after what changed in this step, until nothing changes any more: checks and dials start where
    /// waiters have no cover, room is made, floors are refilled, keys with nothing left are forgotten.
    #[inline]
    pub(super) fn settle(&mut self, out: &mut Actions) {
        if self.touched.is_empty() && self.quick_until != Time::ZERO && !self.room_is_asked_for {
            self.quick_until = self.due;
        } else {
            self.settle_all(out);
        }
    }

    fn settle_all(&mut self, out: &mut Actions) {
        loop {
            while let Some(key) = self.touched.pop() {
                self.keys[key].touched = false;
                self.look_after(key, out);
            }
            // Room that was made for a preconnect is not taken by a backup, which would evict through it (R13).
            let has_moved = self.dial_for_waiter(out)
                || self.make_room(out)
                || self.dial_ahead(out)
                || self.dial_backup(out)
                || self.refill(out);
            if !has_moved {
                break;
            }
        }
        if self.phase == Phase::ShuttingDown && self.connections() == 0 {
            self.phase = Phase::Drained;
            out.push(Action::Drained);
        }
        self.quick_until = self.quick_until();
        self.room_is_asked_for = self.is_room_asked_for();
    }

    fn look_after(&mut self, key: u32, out: &mut Actions) {
        self.cancel_surplus(key, out);
        self.start_checks(key, out);
        self.file(key);
        if self.keys[key].is_over() {
            self.keys[key].forget();
            self.forgotten.push(key);
        }
    }

    /// Whether the pool's own limits let one more dial start.
    pub(super) fn has_room_to_dial(&self) -> bool {
        self.connections() < self.rules.limits.connections && self.dials() < self.rules.limits.dials
    }

    /// R4: each free slot goes to the first waiter without cover of all keys that may dial.
    fn dial_for_waiter(&mut self, out: &mut Actions) -> bool {
        let key = self.stalled.first();
        if key == NIL || !self.has_room_to_dial() {
            return false;
        }
        let owner = self.keys[key].first_undialed(&self.requests);
        let dial = self.start_dial(key, Purpose::Waiter, owner, out);
        if owner != NIL {
            self.keys[key].give_dial(&mut self.requests, owner, dial);
        }
        true
    }

    /// R13: one dial more for a waiter that waits for long, if there is free room.
    fn dial_backup(&mut self, out: &mut Actions) -> bool {
        let key = self.backup_line.first();
        if key == NIL || !self.has_room_to_dial() {
            return false;
        }
        let owner = self.keys[key].unbacked();
        self.keys[key].back(&self.requests);
        let dial = self.start_dial(key, Purpose::Backup, owner, out);
        self.requests[owner].backup = dial;
        true
    }

    /// R5: the youngest surplus dial goes first.
    fn cancel_surplus(&mut self, key: u32, out: &mut Actions) {
        while self.has_dial_to_cancel(key) {
            let youngest = self.youngest_dial(key, |conn| !conn.is_aside());
            self.cancel_dial(youngest, out);
        }
    }

    /// R5, where the policy says so: more cover than waiters; backups of those who wait, floors and preconnects aside.
    pub(super) fn has_dial_to_cancel(&self, key: u32) -> bool {
        let key = &self.keys[key];
        let cancels = match self.rules.surplus {
            Surplus::Park => false,
            Surplus::Cancel => true,
            Surplus::CancelIfShared => key.shared() > 0,
        };
        cancels
            && key.cover() > u64::from(key.waiters()) + u64::from(key.aside())
            && key.count(State::Dialing) > key.aside()
    }
}
