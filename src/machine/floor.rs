//! Floors: keys that keep some connections idle.

use super::conn::{Purpose, State};
use super::key::Backoff;
use super::{Machine, NIL, Phase};
use crate::structure::List;
use crate::{Actions, CloseReason, Time};

/// The backoff of a floor after a failed dial of its key: the first, and what doubling ends at.
const FIRST_BACKOFF: u64 = 1_000_000_000;
const LONGEST_BACKOFF: u64 = 60_000_000_000;

/// What `Keep` says of a key.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Floor {
    /// How many connections are to be idle, or on their way; 0: no floor.
    pub(super) min_idle: u32,
    /// When it was said, in the order of events.
    order: u64,
    /// Its parked connections stand in no clock of the pool: the key itself is filed, by what it parked first.
    /// So from the first floor on, until nothing is parked and no floor is left.
    pub(super) is_listed: bool,
    pub(super) backoff: Backoff,
}

impl Machine {
    pub(crate) fn keep(&mut self, now: Time, key: u32, min_idle: u32, out: &mut Actions) {
        self.keys.reach(key);
        self.pass(now, out);
        if self.phase == Phase::Running {
            let order = self.next_order();
            let floor = &mut self.keys[key].floor;
            if floor.min_idle == 0 {
                floor.order = order;
            }
            floor.min_idle = min_idle;
            if min_idle == 0 {
                floor.backoff = Backoff::default();
            }
            if min_idle > 0 && !floor.is_listed {
                floor.is_listed = true;
                self.unclock_parked(key);
            }
        }
        // What only the floor kept may have been parked too long.
        self.expire_above_floor(key, out);
        self.touch(key);
        self.settle(out);
    }

    /// While nothing may be dialed, what is asked for here is dropped when the key is filed.
    pub(crate) fn preconnect(&mut self, now: Time, key: u32, count: u32, out: &mut Actions) {
        self.keys.reach(key);
        self.pass(now, out);
        self.touch(key);
        let there = [
            State::Dialing,
            State::Checking,
            State::Probing,
            State::Fresh,
            State::Used,
            State::Roomy,
            State::Busy,
            State::Hollow,
            State::Dormant,
        ];
        let order = self.next_order();
        let key = &mut self.keys[key];
        let there: u32 = there.map(|state| key.count(state)).iter().sum();
        if key.preconnects == 0 {
            key.preconnected = order;
        }
        key.preconnects = count.saturating_sub(there).max(key.preconnects);
        self.settle(out);
    }

    /// R20: one dial more for the first floor that is not reached, where there is free room.
    pub(super) fn refill(&mut self, out: &mut Actions) -> bool {
        let key = self.refills.first();
        if key == NIL {
            return false;
        }
        let will_be_idle = u64::from(self.idle()) + self.expected;
        if !self.has_room_to_dial() || will_be_idle >= u64::from(self.rules.limits.idle) {
            return false;
        }
        self.start_dial(key, Purpose::Stock, NIL, out);
        true
    }

    /// A failed dial of the key: its floor is not refilled for a while.
    pub(super) fn back_off_floor(&mut self, key: u32, dial_order: u64) {
        if self.keys[key].floor.min_idle > 0 {
            let backoff = self.keys[key].floor.backoff;
            self.keys[key].floor.backoff =
                self.next_round(backoff, dial_order, FIRST_BACKOFF, LONGEST_BACKOFF);
            self.touch(key);
        }
    }

    /// Files the key by what is to be parked, and by what it parked first.
    pub(super) fn file_floor(&mut self, key: u32) {
        let expected = self.expected_of(key);
        let filed = &mut self.keys[key];
        self.expected = self.expected - filed.expected + expected;
        filed.expected = expected;
        if !filed.floor.is_listed {
            return;
        }
        if self.keys[key].floor.backoff.until.is_some_and(|until| self.is_due(until)) {
            self.keys[key].floor.backoff.until = None;
        }
        if self.is_below_floor(key) && self.keys[key].floor.backoff.until.is_none() {
            let order = self.keys[key].floor.order;
            self.refills.set(&mut self.keys, key, order);
        } else {
            self.refills.remove(&mut self.keys, key);
        }
        self.file_parked(key);
        let key = &mut self.keys[key];
        key.floor.is_listed = key.floor.min_idle > 0 || key.idle() > 0;
    }

    /// Dials and checks of the key beyond its waiters.
    pub(super) fn expected_of(&self, key: u32) -> u64 {
        let key = &self.keys[key];
        let coming =
            [State::Dialing, State::Checking, State::Probing].map(|state| u64::from(key.count(state)));
        coming.iter().sum::<u64>().saturating_sub(u64::from(key.waiters()))
    }

    /// When something of the floor is due: the end of its backoff, or an idle timeout above it.
    pub(super) fn floor_alarm(&self, key: u32) -> Time {
        let floor = &self.keys[key].floor;
        if !floor.is_listed {
            return Time::NEVER;
        }
        let backoff = floor.backoff.until.filter(|_| self.is_below_floor(key)).unwrap_or(Time::NEVER);
        backoff.min(self.idle_end_above_floor(key))
    }

    /// R12, R20: idle timeouts of a key with a floor, down to it.
    pub(super) fn expire_above_floor(&mut self, key: u32, out: &mut Actions) {
        while self.is_due(self.idle_end_above_floor(key)) {
            let fresh = self.keys[key].oldest(State::Fresh);
            let is_fresh =
                fresh != NIL && self.is_due(self.rules.unused_idle_timeout.from(self.conns[fresh].since));
            let conn = if is_fresh { fresh } else { self.keys[key].oldest(State::Used) };
            self.close(conn, CloseReason::IdleTimeout, out);
        }
    }

    /// The key's longest-parked connection, or [`NIL`].
    pub(super) fn longest_parked_of_key(&self, key: u32) -> u32 {
        if key == NIL {
            return NIL;
        }
        let key = &self.keys[key];
        self.earlier(key.oldest(State::Fresh), key.oldest(State::Used))
    }

    /// Whether the key would dial for its floor, its own limits permitting.
    fn is_below_floor(&self, key: u32) -> bool {
        self.paused.is_none() && self.keys[key].backoff.until.is_none() && self.lacks_idle(key)
    }

    /// The same, whatever holds it up.
    pub(super) fn lacks_idle(&self, key: u32) -> bool {
        let filed = &self.keys[key];
        let wanted = filed.floor.min_idle.min(self.rules.limits.idle_per_key);
        u64::from(filed.idle()) + filed.expected < u64::from(wanted) && self.room_of_key(key) > 0
    }

    fn idle_end_above_floor(&self, key: u32) -> Time {
        let key = &self.keys[key];
        if key.idle() <= key.floor.min_idle {
            return Time::NEVER;
        }
        let end = |state, timeout: crate::config::Timeout| match key.oldest(state) {
            NIL => Time::NEVER,
            oldest => timeout.from(self.conns[oldest].since),
        };
        end(State::Fresh, self.rules.unused_idle_timeout).min(end(State::Used, self.rules.idle_timeout))
    }

    /// A key with a floor is filed by what it parked first, whenever that may have changed.
    pub(super) fn file_parked(&mut self, key: u32) {
        if !self.keys[key].floor.is_listed {
            return;
        }
        let longest = self.longest_parked_of_key(key);
        let is_above = self.keys[key].idle() > self.keys[key].floor.min_idle;
        let (to, from) = if is_above {
            (&mut self.above_floor, &mut self.within_floor)
        } else {
            (&mut self.within_floor, &mut self.above_floor)
        };
        if longest == NIL || from.contains(&self.keys, key) {
            for heap in [&mut *to, from] {
                if heap.contains(&self.keys, key) {
                    heap.remove(&mut self.keys, key);
                }
            }
        }
        if longest != NIL {
            to.set(&mut self.keys, key, self.conns[longest].order);
        }
    }

    /// From now on the key's floor decides on what is parked.
    fn unclock_parked(&mut self, key: u32) {
        let mut conn = self.keys[key].all.front();
        while conn != NIL {
            self.run_clock(conn);
            if self.conns[conn].state.is_parked() {
                self.watch_lifetime(conn);
            }
            conn = List::<super::conn::InAll>::next(&self.conns, conn);
        }
    }
}
