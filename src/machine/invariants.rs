//! The invariants, checked the naive way: everything is recounted from the nodes themselves.

use alloc::string::String;
use alloc::vec::Vec;
use alloc::{format, vec};

use super::conn::{LEASED, State};
use super::key::Key;
use super::waiter::Patience;
use super::{Machine, NIL, Phase};
use crate::Time;

/// Fails with the invariant's number and a text unless the condition holds.
macro_rules! ensure {
    ($condition:expr, $($text:tt)+) => {
        if !$condition {
            return Err(format!($($text)+));
        }
    };
}

impl Machine {
    pub(crate) fn check_invariants(&self) -> Result<(), String> {
        self.check_connections()?;
        self.check_limits()?;
        for key in 0..self.keys.len() {
            self.check_waiters(key)?;
            self.check_dials(key)?;
        }
        self.check_stalled()?;
        let quick = self.quick_until == Time::ZERO || self.quick_until == self.quick_until();
        ensure!(self.room_is_asked_for == self.is_room_asked_for(), "I2: whether room is asked for");
        ensure!(quick, "I6: steps may be quick until {:?}", self.quick_until);
        self.check_deadline()?;
        self.check_end()
    }

    /// Whether recounting everything costs little: it walks all that ever was in use at once.
    #[cfg(debug_assertions)]
    pub(crate) fn is_small(&self) -> bool {
        self.conns.peak() + self.requests.peak() + self.keys.len() <= 64
    }

    pub(crate) fn key_slots(&self) -> u32 {
        self.keys.len()
    }

    /// I7, the machine's side.
    pub(crate) fn is_known(&self, key: u32) -> bool {
        !self.keys[key].is_over()
    }

    fn check_connections(&self) -> Result<(), String> {
        let mut counts = [0; State::COUNT];
        let mut of_key = vec![[0; State::COUNT]; self.keys.len() as usize];
        for (index, conn) in self.conns.iter() {
            counts[conn.state as usize] += 1;
            of_key[conn.key as usize][conn.state as usize] += 1;
            let leased = LEASED.contains(&conn.state);
            let interrupted = conn.state == State::Closing;
            ensure!(
                leased == (conn.leases > 0) || interrupted,
                "I5: connection {index}, {:?}, has leases",
                conn.state
            );
            let open = !conn.state.is_dial() && !conn.state.is_under_check() && conn.state != State::Closing;
            ensure!(
                !open || conn.state == conn.resting_state(),
                "I5: connection {index} is {:?}, but carries {} of {} leases",
                conn.state,
                conn.leases,
                conn.capacity
            );
            let by_floor = conn.state.is_parked() && self.keys[conn.key].floor.is_listed;
            let clock = conn.due_clock().filter(|_| !by_floor);
            ensure!(conn.clock == clock, "I6: connection {index} has a wrong clock");
            let owns = conn.owner == NIL
                || self.requests[conn.owner].dial == index
                || self.requests[conn.owner].backup == index;
            ensure!(owns, "I5: dial {index} belongs to a request that does not know it");
        }
        ensure!(counts == self.counts, "I2: {counts:?} connections by state, counted {:?}", self.counts);
        for (index, counts) in of_key.iter().enumerate() {
            let key = &self.keys[index as u32];
            let counted = State::ALL.map(|state| key.count(state));
            ensure!(*counts == counted, "I2: {counts:?} connections of a key by state, counted {counted:?}");
            let aside = self.conns.iter().filter(|(_, conn)| {
                conn.key == index as u32 && conn.state == State::Dialing && conn.is_aside()
            });
            ensure!(aside.count() == key.aside() as usize, "I2: backups and stock dials of a key");
            let shared = self.conns.iter().filter(|(_, conn)| conn.key == index as u32 && conn.is_shared());
            ensure!(
                shared.count() == key.shared() as usize,
                "I2: {} shared connections of a key",
                key.shared()
            );
            let cover: u64 = self
                .conns
                .iter()
                .filter(|(_, conn)| conn.key == index as u32)
                .map(|(_, conn)| u64::from(conn.cover()))
                .sum();
            ensure!(cover == key.cover(), "I2: cover {cover}, counted {}", key.cover());
            ensure!(
                key.connections() == counts.iter().sum(),
                "I2: {} connections of a key",
                key.connections()
            );
            for state in State::ALL {
                let listed = key.listed(state).unwrap_or(key.count(state));
                ensure!(listed == key.count(state), "I2: {listed} connections of a key listed as {state:?}");
            }
        }
        Ok(())
    }

    /// I2: the limits of R8, or those that were in force when their numbers were reached.
    fn check_limits(&self) -> Result<(), String> {
        let limits = self.loosest;
        ensure!(self.connections() <= limits.connections, "I2: {} connections", self.connections());
        ensure!(self.dials() <= limits.dials, "I2: {} dials", self.dials());
        ensure!(self.idle() <= self.rules.limits.idle, "I2: {} parked", self.idle());
        ensure!(self.requests.len() <= limits.waiters, "I2: {} waiters", self.requests.len());
        for key in (0..self.keys.len()).map(|key| &self.keys[key]) {
            ensure!(key.connections() <= limits.connections_per_key, "I2: {} of a key", key.connections());
            let dials = key.max_dials(limits.dials_per_key).max(key.dial_limit.before);
            ensure!(key.dials() <= dials, "I2: {} dials of a key", key.dials());
            ensure!(key.idle() <= self.rules.limits.idle_per_key, "I2: {} parked of a key", key.idle());
            ensure!(key.waiters() <= limits.waiters_per_key, "I2: {} waiters of a key", key.waiters());
        }
        Ok(())
    }

    fn check_waiters(&self, key_index: u32) -> Result<(), String> {
        let key = &self.keys[key_index];
        let mut queued: Vec<_> =
            self.requests.iter().filter(|(_, request)| request.key == key_index).collect();
        queued.sort_by_key(|(_, request)| request.place);
        let in_order: Vec<u32> = queued.iter().map(|(index, _)| *index).collect();
        ensure!(key.queued(&self.requests) == in_order, "I9: the queue of key {key_index} is out of order");
        let uncovered = in_order.get(key.cover() as usize).copied().unwrap_or(NIL);
        ensure!(key.uncovered() == uncovered, "I3: the first waiter without cover of key {key_index}");
        let undialed = queued.iter().filter(|(_, request)| request.dial == NIL).count();
        ensure!(key.undialed() as usize == undialed, "I3: waiters without a dial of key {key_index}");
        let roomy = self.conns.iter().any(|(index, conn)| {
            conn.key == key_index && conn.state == State::Roomy && !self.is_past_lifetime(index)
        });
        let parked = self
            .conns
            .iter()
            .any(|(index, conn)| conn.key == key_index && conn.state.is_parked() && !self.needs_check(index));
        let available = (parked || roomy) && self.paused.is_none();
        ensure!(!available || in_order.is_empty(), "I1: key {key_index} has a connection and a waiter");
        Ok(())
    }

    /// I3: whoever has no cover is held up, or the key has no room, or stands in line for the pool's.
    fn check_dials(&self, key_index: u32) -> Result<(), String> {
        let key = &self.keys[key_index];
        let limits = self.rules.limits;
        let uncovered = key.uncovered();
        let may_dial = uncovered != NIL
            && self.paused.is_none()
            && self.hoped_until(key_index).is_none()
            && key.backoff.until.is_none()
            && key.connections() < limits.connections_per_key
            && key.dials() < key.max_dials(limits.dials_per_key);
        let rank = self.stalled.iter().find(|(stalled, _)| *stalled == key_index).map(|(_, rank)| rank);
        let expected = may_dial.then(|| self.requests[uncovered].place.rank());
        ensure!(rank == expected, "I3: key {key_index} stands in line at {rank:?} instead of {expected:?}");
        ensure!(!key.is_full || self.is_full(key_index), "I3: key {key_index} counts as full, and is not");
        ensure!(key.need == self.need_of(key_index), "I2: {} dials needed by key {key_index}", key.need);
        let expected_idle = self.expected_of(key_index);
        ensure!(key.expected == expected_idle, "I2: {} of key {key_index} expected to be idle", key.expected);
        ensure!(!key.touched, "I3: key {key_index} was not looked after");
        ensure!(!self.has_dial_to_cancel(key_index), "I3: a surplus dial of key {key_index} goes on");
        Ok(())
    }

    fn check_stalled(&self) -> Result<(), String> {
        let sum = |of: fn(&Key) -> u64| (0..self.keys.len()).map(|key| of(&self.keys[key])).sum::<u64>();
        ensure!(self.need == sum(|key| u64::from(key.need)), "I2: {} dials needed", self.need);
        ensure!(
            self.preconnecting == sum(|key| u64::from(key.ahead)),
            "I2: {} preconnects",
            self.preconnecting
        );
        ensure!(self.expected == sum(|key| key.expected), "I2: {} expected to be idle", self.expected);
        let limits = self.rules.limits;
        let full = self.connections() >= limits.connections || self.dials() >= limits.dials;
        ensure!(self.stalled.len() == 0 || full, "I3: there is room, and a key that could dial waits");
        Ok(())
    }

    fn check_deadline(&self) -> Result<(), String> {
        let mut due = Time::NEVER;
        let deadlines: Vec<_> = self.deadlines.iter().collect();
        for (index, request) in self.requests.iter() {
            due = due.min(match request.patience {
                Patience::Default => self.rules.request_timeout.from(request.arrived),
                Patience::Deadline => match deadlines.iter().find(|(waiter, _)| *waiter == index) {
                    Some((_, deadline)) => Time(*deadline),
                    None => return Err(format!("I6: a deadline of request {index} that nobody keeps")),
                },
                Patience::Over => return Err("I6: a waiter without patience".into()),
            });
        }
        for (_, conn) in self.conns.iter() {
            due = due.min(match conn.state {
                State::Dialing => self.rules.dial_timeout.from(conn.since),
                State::Checking | State::Probing => self.rules.check_timeout.from(conn.since),
                State::Fresh | State::Used if self.is_within_floor(conn.key) => Time::NEVER,
                State::Fresh => self.rules.unused_idle_timeout.from(conn.since),
                State::Used => self.rules.idle_timeout.from(conn.since),
                State::Roomy | State::Busy | State::Hollow | State::Leaving if !conn.is_excused => {
                    self.rules.lease_warn_after.from(conn.since)
                }
                _ => Time::NEVER,
            });
            if conn.state.is_parked() {
                due = due.min(self.rules.max_lifetime.from(conn.born));
            }
        }
        for key in 0..self.keys.len() {
            due = due.min(self.own_alarm(key));
        }
        let due = Some(due).filter(|due| *due != Time::NEVER);
        ensure!(self.deadline() == due, "I6: the deadline is {:?}, and should be {due:?}", self.deadline());
        ensure!(due.is_none_or(|due| self.due <= due), "I6: something is due before anybody looks");
        Ok(())
    }

    fn is_within_floor(&self, key: u32) -> bool {
        let key = &self.keys[key];
        key.floor.is_listed && key.idle() <= key.floor.min_idle
    }

    fn check_end(&self) -> Result<(), String> {
        if self.phase == Phase::Running {
            return Ok(());
        }
        let quiet = self.requests.len() == 0 && self.idle() == 0 && self.count(State::Dialing) == 0;
        ensure!(quiet, "I8: something began after the shutdown");
        let drained = self.phase == Phase::Drained;
        ensure!(drained == (self.connections() == 0), "I8: drained is {drained}");
        Ok(())
    }
}
