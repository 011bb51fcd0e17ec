//! Room across keys: what is closed so that another key can dial.

use super::conn::{Clock, InClock, Purpose, State};
use super::keys::InFloored;
use super::{Machine, NIL, Phase};
use crate::structure::{Heap, List};
use crate::{Actions, CloseReason};

impl Machine {
    /// R10: closes the longest-parked connection of another key than the one that needs room or, if none is
    /// parked, cancels the youngest surplus dial. One at a time; whether anything was done.
    pub(super) fn make_room(&mut self, out: &mut Actions) -> bool {
        if self.need == 0 {
            return false;
        }
        if self.idle() > 0 && self.is_room_wanted(NIL) {
            let victim = self.evictable(Self::is_room_wanted);
            if victim != NIL {
                self.close(victim, CloseReason::Evicted, out);
                return true;
            }
        }
        let key = self.surplus.first();
        if key == NIL || !self.is_place_wanted() {
            return false;
        }
        let dial = self.youngest_dial(key, |conn| !conn.is_wanted_backup());
        self.cancel_dial(dial, out);
        true
    }

    /// Whether the waiters' dials lack room that the end of another dial would give them: it frees a place among the
    /// dials, too, so those may be as many as the limit allows.
    fn is_place_wanted(&self) -> bool {
        let dials = self.rules.limits.dials.saturating_sub(self.count(State::Dialing));
        self.need > self.room_to_come() && u64::from(dials) >= self.room_to_come()
    }

    /// Whether keys other than `beside` would dial if there were more room than there is and is being made:
    /// nothing is closed twice for one need.
    pub(super) fn is_room_wanted(&self, beside: u32) -> bool {
        let own = if beside == NIL { 0 } else { self.keys[beside].need };
        self.lacks_room(self.need - u64::from(own))
    }

    /// The same for a connection that is about to be parked, in the midst of a step; preconnects that wait for
    /// room would have it closed at once (R20).
    pub(super) fn is_room_wanted_beside(&mut self, key: u32) -> bool {
        for index in 0..self.touched.len() {
            self.file(self.touched[index]);
        }
        let own = u64::from(self.keys[key].need) + u64::from(self.keys[key].ahead);
        self.lacks_room(self.need + self.preconnecting - own)
    }

    /// R20: one dial more for a preconnect, or room for it; what finds none is dropped.
    pub(super) fn dial_ahead(&mut self, out: &mut Actions) -> bool {
        let key = self.preconnects.first();
        if key == NIL {
            return false;
        }
        if self.has_room_to_dial() {
            self.start_dial(key, Purpose::Stock, NIL, out);
            return true;
        }
        if !self.lacks_room(self.need + self.preconnecting) {
            return false;
        }
        let victim = self.evictable(|machine, victim| {
            let others = machine.preconnecting - u64::from(machine.keys[victim].ahead);
            machine.lacks_room(machine.need - u64::from(machine.keys[victim].need) + others)
        });
        if victim == NIL {
            // The first comes first, to the room that is being made, too.
            let last = self.last_preconnects.first();
            let excess = self.need + self.preconnecting - self.room_to_come();
            let key = &mut self.keys[last];
            key.preconnects -= u64::from(key.ahead).min(excess) as u32;
            self.touch(last);
        } else {
            self.close(victim, CloseReason::Evicted, out);
        }
        true
    }

    /// R20: a key with preconnects stands in line as long as its own limits let it; else they are dropped. Those
    /// that its waiters' dials will serve as well ask for no room of their own (R10).
    pub(super) fn file_preconnects(&mut self, key: u32) {
        let filed = &self.keys[key];
        if filed.preconnects == 0 && filed.ahead == 0 {
            return;
        }
        let is_held = filed.backoff.until.is_some() || self.paused.is_some() || self.phase != Phase::Running;
        let room = if is_held { 0 } else { self.room_of_key(key) };
        let preconnects = filed.preconnects.min(room);
        let ahead = preconnects.saturating_sub(filed.need);
        self.preconnecting = self.preconnecting - u64::from(filed.ahead) + u64::from(ahead);
        let filed = &mut self.keys[key];
        (filed.preconnects, filed.ahead) = (preconnects, ahead);
        let order = filed.preconnected;
        if ahead == 0 {
            self.preconnects.remove(&mut self.keys, key);
            self.last_preconnects.remove(&mut self.keys, key);
        } else {
            self.preconnects.set(&mut self.keys, key, order);
            self.last_preconnects.set(&mut self.keys, key, u64::MAX - order);
        }
    }

    /// Whether so many dials would find less room than there is and is being made.
    fn lacks_room(&self, dials: u64) -> bool {
        let may_start = self.rules.limits.dials.saturating_sub(self.dials());
        dials.min(u64::from(may_start)) > self.room_to_come()
    }

    /// How many connections there may be more, once those on their way out are gone.
    fn room_to_come(&self) -> u64 {
        let making = self.count(State::Closing) + self.count(State::Stopping);
        u64::from(self.rules.limits.connections.saturating_sub(self.connections() - making))
    }

    /// The longest-parked connection of a key that `may` be meant, or [`NIL`]; those within a floor come last
    /// (R20). Passes over those of keys that may not: of one key at most, that itself needs room.
    pub(super) fn evictable(&self, may: impl Fn(&Self, u32) -> bool) -> u32 {
        let fresh = self.first_of(Clock::FreshIdle, &may);
        let used = self.first_of(Clock::UsedIdle, &may);
        let free = self.earlier(fresh, used);
        let above_floor = self.first_floored(&self.above_floor, &may);
        let first = self.earlier(free, above_floor);
        if first == NIL { self.first_floored(&self.within_floor, &may) } else { first }
    }

    fn first_of(&self, clock: Clock, may: &impl Fn(&Self, u32) -> bool) -> u32 {
        let mut conn = self.clocks[clock as usize].front();
        while conn != NIL && !may(self, self.conns[conn].key) {
            conn = List::<InClock>::next(&self.conns, conn);
        }
        conn
    }

    fn first_floored(&self, heap: &Heap<InFloored>, may: &impl Fn(&Self, u32) -> bool) -> u32 {
        let first = heap.first();
        if first == NIL || may(self, first) {
            return self.longest_parked_of_key(first);
        }
        let others = heap.iter().filter(|(key, _)| may(self, *key));
        self.longest_parked_of_key(others.min_by_key(|(_, rank)| *rank).map_or(NIL, |(key, _)| key))
    }
}
