//! Where a key stands: what it would do if only the pool let it, and when something of its own is due.

use super::conn::{Conn, State};
use super::{Machine, NIL};
use crate::Time;
use crate::structure::List;

impl Machine {
    /// Files the key anew: in the lines for the pool's room, and under its next alarm.
    pub(super) fn file(&mut self, key: u32) {
        self.file_stalled(key);
        self.file_surplus(key);
        self.file_floor(key);
        self.file_preconnects(key);
        self.keys[key].is_full = self.is_full(key);
        if !self.has_times(key) {
            self.backup_line.remove(&mut self.keys, key);
            self.cooling.remove(&mut self.keys, key);
            self.alarms.remove(&mut self.keys, key);
            return;
        }
        self.file_backup(key);
        self.file_cooling(key);
        let alarm = self.own_alarm(key);
        if alarm == Time::NEVER {
            self.alarms.remove(&mut self.keys, key);
        } else {
            self.alarms.set(&mut self.keys, key, alarm.0);
            self.arm(alarm);
        }
    }

    /// Whether something of the key's own may be due at some time; most have none of what could be.
    #[inline]
    fn has_times(&self, key: u32) -> bool {
        let key = &self.keys[key];
        self.rules.backup_dial_after.is_on()
            || self.rules.dial_delay.is_some()
            || key.backoff.until.is_some()
            || key.floor.is_listed
    }

    /// When something of the key itself is due: the end of what holds a dial up, a backup, or something of its
    /// floor.
    pub(super) fn own_alarm(&self, key: u32) -> Time {
        let backoff = self.keys[key].backoff.until.filter(|_| self.wants_to_dial(key));
        let hope = self.hoped_until(key).filter(|_| self.paused.is_none());
        let hold = [backoff, hope].into_iter().flatten().min().unwrap_or(Time::NEVER);
        let backup = self.backup_due(key);
        let backup = if self.is_due(backup) { Time::NEVER } else { backup };
        hold.min(backup).min(self.floor_alarm(key))
    }

    /// Whether a backoff would hold something up: the dial of a waiter, a backup, or a floor.
    fn wants_to_dial(&self, key: u32) -> bool {
        self.paused.is_none()
            && (self.keys[key].uncovered() != NIL
                || self.backup_end(key) != Time::NEVER
                || self.lacks_idle(key))
    }

    /// Something of the key is due: it is looked after in this step, and filed anew.
    pub(super) fn ring(&mut self, key: u32) {
        self.alarms.remove(&mut self.keys, key);
        if self.keys[key].backoff.until.is_some_and(|until| self.is_due(until)) {
            self.end_backoff(key);
        }
        self.touch(key);
    }

    /// How many dials the key's own limits permit.
    #[inline]
    pub(super) fn room_of_key(&self, key: u32) -> u32 {
        let (limits, key) = (&self.rules.limits, &self.keys[key]);
        let connections = limits.connections_per_key.saturating_sub(key.connections());
        connections.min(key.max_dials(limits.dials_per_key).saturating_sub(key.dials()))
    }

    /// The key's youngest dial of those that `may` be meant, or [`NIL`]. Passes over the others, which are as
    /// many at most as backups and stock dials are in progress.
    pub(super) fn youngest_dial(&self, key: u32, may: impl Fn(&Conn) -> bool) -> u32 {
        let mut dial = self.keys[key].youngest(State::Dialing);
        while dial != NIL && !may(&self.conns[dial]) {
            dial = List::<super::conn::InKey>::prev(&self.conns, dial);
        }
        dial
    }

    /// Until when the dial of the first waiter without cover is held in the hope that a connection on lease
    /// comes back (R14).
    #[inline]
    pub(super) fn hoped_until(&self, key: u32) -> Option<Time> {
        let delay = self.rules.dial_delay?;
        let key = &self.keys[key];
        let may_come_back = key.leased() - key.count(State::Leaving);
        (key.uncovered() != NIL && may_come_back > 0)
            .then(|| delay.from(self.requests[key.uncovered()].arrived))
            .filter(|until| !self.is_due(*until))
    }

    #[inline]
    fn file_stalled(&mut self, key: u32) {
        let need = self.need_of(key);
        let filed = &mut self.keys[key];
        self.need = self.need - u64::from(filed.need) + u64::from(need);
        filed.need = need;
        if need > 0 {
            let rank = self.requests[filed.uncovered()].place.rank();
            self.stalled.set(&mut self.keys, key, rank);
        } else {
            self.stalled.remove(&mut self.keys, key);
        }
    }

    /// The waiters of a key have changed: `settle` looks after it, unless all that can follow is a dial once there is
    /// room; if the key is full, not even that.
    #[inline]
    pub(super) fn touch_for_waiter(&mut self, key: u32) {
        if self.keys[key].is_full {
            return;
        }
        if self.has_waiters_only(key) {
            self.file_stalled(key);
            self.room_is_asked_for |= self.need > 0;
        } else {
            self.touch(key);
        }
    }

    /// Whether all that a key could start depends on its waiters and on room.
    fn has_waiters_only(&self, key: u32) -> bool {
        let filed = &self.keys[key];
        // No cover, so no dial and no check but those of suspects: how many of them are beyond the waiters would change.
        filed.cover() == 0
            && filed.count(State::Probing) == 0
            && filed.preconnects == 0
            && !filed.is_over()
            && !self.rules.checks
            && !self.has_times(key)
    }

    /// Whether a waiter more or less makes no difference: the key is at a limit of its own, with no dial on its way.
    pub(super) fn is_full(&self, key: u32) -> bool {
        self.room_of_key(key) == 0 && self.has_waiters_only(key)
    }

    /// How many dials the key would start for its waiters if the pool had room.
    #[inline]
    pub(super) fn need_of(&self, key: u32) -> u32 {
        let filed = &self.keys[key];
        if filed.uncovered() == NIL || filed.backoff.until.is_some() || self.paused.is_some() {
            return 0;
        }
        let room = self.room_of_key(key);
        if room == 0 || self.hoped_until(key).is_some() {
            return 0;
        }
        let deficit = u64::from(filed.waiters()).saturating_sub(filed.cover());
        deficit.min(u64::from(room)) as u32
    }

    /// R10: keys with a dial more than they have waiters for, the backups of those aside.
    fn file_surplus(&mut self, key: u32) {
        let dial = if self.keys[key].has_surplus() {
            self.youngest_dial(key, |conn| !conn.is_wanted_backup())
        } else {
            NIL
        };
        if dial == NIL {
            self.surplus.remove(&mut self.keys, key);
        } else {
            let youngest_first = u64::MAX - self.conns[dial].order;
            self.surplus.set(&mut self.keys, key, youngest_first);
        }
    }

    /// R13: a key whose backup is due stands in line for free room.
    fn file_backup(&mut self, key: u32) {
        if self.is_due(self.backup_due(key)) && self.room_of_key(key) > 0 {
            let rank = self.requests[self.keys[key].unbacked()].place.rank();
            self.backup_line.set(&mut self.keys, key, rank);
        } else {
            self.backup_line.remove(&mut self.keys, key);
        }
    }

    fn backup_due(&self, key: u32) -> Time {
        let is_held = self.paused.is_some() || self.keys[key].backoff.until.is_some();
        if is_held { Time::NEVER } else { self.backup_end(key) }
    }

    /// When the waiter that is next for a backup, and the newest dial, are old enough (R13).
    fn backup_end(&self, key: u32) -> Time {
        let key = &self.keys[key];
        let (waiter, dial) = (key.unbacked(), key.youngest(State::Dialing));
        if waiter == NIL || dial == NIL {
            return Time::NEVER;
        }
        self.rules.backup_dial_after.from(self.requests[waiter].arrived.max(self.conns[dial].since))
    }

    /// I7: a backoff that holds nobody up needs no alarm, but its end is noticed.
    fn file_cooling(&mut self, key: u32) {
        match self.keys[key].backoff.until.filter(|_| !self.wants_to_dial(key)) {
            Some(until) => {
                self.cooling.set(&mut self.keys, key, until.0);
                self.arm(until);
            }
            None => self.cooling.remove(&mut self.keys, key),
        }
    }
}
