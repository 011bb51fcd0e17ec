//! Pauses, generations, floors, suspects and long leases: what an adapter can tell of them (R10, R17, R19,
//! R20, R22).

use latebind::{Action, CloseReason, ConnId, Event, Time};

use super::Key;
use super::ledger::{Conn, Ledger, Life, Stage};
use super::moves::reached;
use super::take::{Verdict, must};

impl Ledger {
    pub(crate) fn enter_tending(&mut self, event: &Event<'_, Key>) {
        match *event {
            Event::Pause { newcomers } => self.paused = Some(newcomers),
            Event::Resume => self.paused = None,
            Event::Clear { key, .. } => {
                for conn in self.conns.values_mut() {
                    conn.cleared |= key.is_none_or(|key| *key == conn.key);
                }
            }
            Event::Keep { key, min_idle } => {
                self.stocked.insert(key);
                if !self.shutdown {
                    self.floors.insert(key, min_idle);
                }
            }
            Event::Preconnect { key, .. } => {
                self.stocked.insert(key);
            }
            _ => {}
        }
    }

    /// R19: what begins while nothing may begin.
    pub(crate) fn pause_is_kept(&self, action: &Action) -> Verdict {
        let begins =
            matches!(action, Action::Deliver { .. } | Action::StartDial { .. } | Action::Check { .. });
        must(!begins || self.paused.is_none(), || format!("R19: while paused: {action:?}"))
    }

    /// R19, I8: nothing of an old generation rests, dials on or is under check.
    pub(crate) fn old_generations_end(&self) -> Verdict {
        let rests = |conn: &&Conn| match conn.life {
            Life::Parked | Life::Checking => true,
            Life::Open => conn.leases == 0,
            Life::Dialing => !conn.stopped,
            Life::Closing => false,
        };
        let left = self.conns.values().filter(|conn| conn.cleared).find(rests);
        must(left.is_none(), || format!("R19: of an old generation: {left:?}"))
    }

    pub(crate) fn new_reason_holds(
        &self,
        event: &Event<'_, Key>,
        conn: &Conn,
        reason: CloseReason,
        starts: usize,
    ) -> bool {
        match reason {
            CloseReason::Evicted => {
                let needy =
                    |key: Key| key != conn.key && (!self.queue(key).is_empty() || self.stocked.contains(key));
                conn.life != Life::Checking
                    && self.is_longest_parked(conn)
                    && reached(self.conns.len() + starts, self.config.max_connections)
                    && self.keys.iter().any(|&key| needy(key))
            }
            CloseReason::CheckFailed => {
                let reported = matches!(*event, Event::CheckDone { conn: id, alive: false }
                    if self.conn_name(id) == conn.name);
                reported || (conn.life == Life::Checking && self.check_is_over(conn))
            }
            CloseReason::Cleared => conn.cleared,
            _ => true,
        }
    }

    /// R17: an idle connection was found dead.
    pub(crate) fn note_dead(&mut self, key: Key, dead: bool) {
        if dead {
            self.suspects.insert(key, self.moves);
        }
    }

    pub(crate) fn note_death(&mut self, event: &Event<'_, Key>) {
        let Event::ConnClosed { conn: id } = *event else { return };
        let Some(conn) = self.conns.get(&id) else { return };
        let idle = matches!(conn.life, Life::Open | Life::Parked | Life::Checking) && conn.leases == 0;
        self.note_dead(conn.key, idle);
    }

    pub(crate) fn take_overdue(&mut self, id: ConnId) -> Verdict {
        let name = self.conn_name(id);
        let due = |after| self.conns.get(&id).is_some_and(|conn| self.is_due(conn.leased.after(after)));
        let over = self.old_config.lease_warn_after.is_some_and(due);
        let fit = self.conns.get(&id).is_some_and(|conn| !conn.reported);
        must(over && fit, || format!("R22: {name} is reported as overdue, and is not"))?;
        self.conns.entry(id).and_modify(|conn| conn.reported = true);
        Ok(())
    }

    /// Whether slots are held by what is about to end.
    pub(crate) fn makes_room(&self) -> bool {
        self.conns.values().any(|conn| conn.stopped || conn.life == Life::Closing)
    }

    pub(crate) fn dials_are_full(&self) -> bool {
        let dials = self.conns.values().filter(|conn| conn.life == Life::Dialing).count();
        reached(dials, self.config.max_dials)
    }

    /// R10: none of another key was parked before, save those of keys that need room themselves, or have a
    /// floor (R20).
    fn is_longest_parked(&self, evicted: &Conn) -> bool {
        let before = |conn: &&Conn| conn.life == Life::Parked && conn.moved < evicted.moved;
        let spared = |conn: &Conn| !self.queue(conn.key).is_empty() || self.stocked.contains(conn.key);
        evicted.life != Life::Parked || self.conns.values().filter(before).all(spared)
    }

    /// R10: while a key waits for the pool's room, some is being made, or none can be.
    pub(crate) fn room_is_made(&self, key: Key) -> Verdict {
        let surplus = |key: Key| {
            let has_dial = self.of_key(key).any(Conn::is_live_dial);
            !self.backs_up && has_dial && self.cover(key).0 > self.queue(key).len()
        };
        let parked = |conn: &Conn| conn.key != key && conn.life == Life::Parked;
        let other = self.keys.iter().find(|&&other| other != key && surplus(other));
        let parked = self.conns.values().find(|conn| parked(conn));
        let idle = (parked.is_some() || other.is_some()) && !self.makes_room();
        must(!idle, || format!("R10: key {key} waits for room beside {parked:?}, surplus of {other:?}"))
    }

    fn arrivals(&self, key: Key) -> impl Iterator<Item = Time> {
        self.queue(key).into_iter().filter_map(|token| self.wish_of(token)).map(|wish| wish.since)
    }

    fn has_leases(&self, key: Key) -> bool {
        self.of_key(key).any(|conn| conn.leases > 0)
    }

    /// R14: whether the dial of the first waiter without cover may be held in the hope of a return.
    pub(crate) fn hopes(&self, key: Key, least: usize, most: usize) -> bool {
        let Some(delay) = self.config.dial_delay else { return false };
        let mut without = self.arrivals(key).skip(least).take(most - least + 1);
        self.has_leases(key) && without.any(|since| !self.is_due(since.after(delay)))
    }

    /// The earliest time at which a held dial (R14), a backup (R13) or a floor's backoff (R20) may be due.
    pub(crate) fn hold_may_end(&self, key: Key) -> Time {
        let first = self.arrivals(key).min();
        let hope = self.config.dial_delay.filter(|_| self.has_leases(key) && self.paused.is_none());
        let hope = hope.and_then(|delay| {
            self.arrivals(key).map(|since| since.after(delay)).filter(|&end| !self.is_due(end)).min()
        });
        let newest = self.of_key(key).filter(|conn| conn.is_live_dial()).map(|conn| conn.started).max();
        let backup = self.config.backup_dial_after.filter(|_| self.paused.is_none());
        let backup =
            backup.zip(first.zip(newest)).map(|(after, (first, newest))| first.max(newest).after(after));
        let floor = self.floors.get(key).is_some_and(|&floor| floor > 0);
        let backs_off = (floor && self.failures.contains_key(key)).then_some(Time::ZERO);
        [hope, backup, backs_off].into_iter().flatten().min().unwrap_or(Time::NEVER)
    }

    pub(crate) fn is_within_floor(&self, key: Key) -> bool {
        let parked = self.of_key(key).filter(|conn| conn.life == Life::Parked).count();
        self.floors.get(key).is_some_and(|&floor| parked <= floor as usize)
    }

    /// Whether the idle timeout may have passed without an end: within a floor, or not above it for long.
    pub(crate) fn is_floored(&self, conn: &Conn, event: &Event<'_, Key>) -> bool {
        let parked_now = |other: &Conn| other.moved > self.moves_before;
        matches!(event, Event::Keep { .. })
            || self.is_within_floor(conn.key)
            || (self.stocked.contains(conn.key) && self.of_key(conn.key).any(parked_now))
    }

    /// R20: parked, and coming beyond the waiters, are as many as the floor asks for, room permitting.
    pub(crate) fn floor_is_kept(&self, key: Key) -> Verdict {
        let c = &self.config;
        let floor = self.floors.get(key).copied().unwrap_or(0).min(c.max_idle_per_key.unwrap_or(u32::MAX));
        let idle = |key: Key| {
            let count = |fit: fn(&Conn) -> bool| self.of_key(key).filter(|conn| fit(conn)).count();
            let coming = count(|conn| conn.is_live_dial() || conn.life == Life::Checking);
            let waiters = self.wishes.iter().filter(|wish| wish.stage == Stage::Waiting && wish.key == key);
            count(|conn| conn.life == Life::Parked) + coming.saturating_sub(waiters.count())
        };
        let in_all: usize = self.keys.iter().map(|&key| idle(key)).sum();
        let dials = |key: Option<Key>| {
            let of_key = |conn: &&Conn| key.is_none_or(|key| conn.key == key);
            self.conns.values().filter(of_key).filter(|conn| conn.life == Life::Dialing).count()
        };
        let full = reached(self.conns.len(), c.max_connections)
            || reached(self.of_key(key).count(), c.max_connections_per_key)
            || reached(dials(None), c.max_dials)
            || reached(dials(Some(key)), c.max_dials_per_key)
            || reached(in_all, c.max_idle);
        let held = self.paused.is_some() || self.failures.contains_key(key);
        let kept = idle(key) >= floor as usize || full || held;
        must(kept, || format!("R20: key {key} is below its floor of {floor}"))
    }
}
