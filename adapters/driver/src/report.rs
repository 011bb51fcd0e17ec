//! What happened to a connection, or to the pool, brought to the tables and to the core.

use std::mem;

use latebind::{Config, ConfigError, ConnId, DialError, Event, Misuse, Opened, Time};

use crate::effect::{Effect, Effects};
use crate::goods::{Held, Retirement};
use crate::manager::Sharing;
use crate::notice::Notice;
use crate::state::State;
use crate::timer::Timer;
use crate::{ConnectError, Manager};

impl<M: Manager> State<M> {
    /// A dial has brought a connection.
    pub(crate) fn dialed(
        &mut self,
        now: Time,
        conn: ConnId,
        connection: M::Connection,
        sharing: Option<Sharing<M::Connection>>,
        effects: &mut Effects<M>,
    ) {
        self.notify_of_dial(now, conn, Ok(()), effects);
        let opened =
            sharing.as_ref().map_or(Opened::EXCLUSIVE, |sharing| Opened { capacity: sharing.leases });
        effects.drop_remains(self.connections.opened(conn, connection, sharing));
        self.apply(now, Event::DialDone { conn, outcome: Ok(opened) }, effects);
        // After the step: who times out in it, before this dial ends, still names the one before.
        if !self.failures.is_empty()
            && let Some(key) = self.pool.key(conn)
        {
            effects.forget(self.failures.remove(key));
        }
    }

    /// A dial has failed; without an `error`, because it was told to stop.
    pub(crate) fn dial_failed(
        &mut self,
        now: Time,
        conn: ConnId,
        error: Option<ConnectError<M::Error>>,
        kind: DialError,
        effects: &mut Effects<M>,
    ) {
        let was_stopped = self.connections.is_stopping(conn);
        if self.is_observed {
            let is_late = self.connections.is_late(conn);
            let late = is_late.then(|| self.dial_took_too_long());
            let reason = late.or_else(|| error.clone().filter(|_| !was_stopped));
            self.notify_of_dial(now, conn, Err(reason), effects);
        }
        effects.drop_remains(self.connections.vacate(conn));
        let key = self.pool.key(conn).cloned();
        // What a stopped dial says is too late: it may not cover up the failure of a later one.
        if let (Some(error), Some(key), false) = (error, &key, was_stopped) {
            self.failures.insert(key.clone(), conn, error);
        }
        self.apply(now, Event::DialDone { conn, outcome: Err(kind) }, effects);
        if let Some(key) = key
            && self.pool.key_stats(&key).is_none()
        {
            effects.forget(self.failures.remove(&key));
        }
        let known = self.pool.stats().keys as usize;
        let pool = &self.pool;
        effects.forget(self.failures.sweep(known, |key| pool.key_stats(key).is_some()));
    }

    /// A lease of an exclusive connection ends well.
    #[inline]
    pub(crate) fn give_back(
        &mut self,
        now: Time,
        conn: ConnId,
        held: Held<M::Connection>,
        effects: &mut Effects<M>,
    ) {
        match self.connections.put_back(conn, held) {
            Ok(()) => self.apply(now, Event::ConnIdle { conn }, effects),
            // It was told to close meanwhile.
            Err(held) => self.close(conn, held, effects),
        }
    }

    /// The connection is gone.
    pub(crate) fn closed(&mut self, now: Time, conn: ConnId, effects: &mut Effects<M>) {
        self.notify(conn, || Notice::Closed { conn }, effects);
        effects.drop_remains(self.connections.vacate(conn));
        self.apply(now, Event::ConnClosed { conn }, effects);
    }

    /// A shared connection is broken: no new leases, and it closes at once. The lease that says so goes on
    /// counting until it is closed (R9), so that the pool does not close it as well.
    pub(crate) fn discard_shared(&mut self, now: Time, conn: ConnId, effects: &mut Effects<M>) {
        self.apply(now, Event::Draining { conn }, effects);
        match self.connections.retire(conn) {
            Retirement::Here(retired) => effects.close(conn, retired),
            // Another lease has said so before.
            _ => self.apply(now, Event::ConnIdle { conn }, effects),
        }
    }

    /// A shared connection can carry so many leases (R18).
    pub(crate) fn set_capacity(&mut self, now: Time, conn: ConnId, capacity: u32, effects: &mut Effects<M>) {
        if self.connections.is_shared(conn) {
            self.apply(now, Event::Capacity { conn, capacity }, effects);
        }
    }

    /// No new leases for a connection (R18); it is the user who names it, so it may be a dial, or of another pool.
    pub(crate) fn drain(&mut self, now: Time, conn: ConnId, effects: &mut Effects<M>) {
        let _misuse = self.handle(now, Event::Draining { conn }, effects);
    }

    /// Ends everything (R21).
    pub(crate) fn shut_down(&mut self, now: Time, effects: &mut Effects<M>) {
        self.is_shut_down = true;
        self.apply(now, Event::Shutdown, effects);
        // They would be closed after it, so they need not be finished.
        self.connections.recycling().for_each(|abort| effects.push(Effect::StopTask(abort)));
    }

    /// New limits and durations (R21).
    pub(crate) fn reconfigure(
        &mut self,
        now: Time,
        config: &Config,
        effects: &mut Effects<M>,
    ) -> Result<(), ConfigError> {
        // What the old durations end, they end first.
        self.apply(now, Event::Tick, effects);
        let before = mem::replace(&mut self.config, config.clone());
        match self.handle(now, Event::Reconfigure { config }, effects) {
            Err(Misuse::Config(error)) => {
                self.config = before;
                return Err(error);
            }
            Err(misuse) => self.misuse = Some(misuse),
            Ok(()) => {}
        }
        Ok(())
    }

    /// Closes what is parked: a limit of none, for a moment.
    pub(crate) fn close_idle(&mut self, now: Time, effects: &mut Effects<M>) {
        let config = self.config.clone();
        for config in [config.clone().max_idle(0), config] {
            if let Err(error) = self.reconfigure(now, &config, effects) {
                self.misuse = Some(Misuse::Config(error));
            }
        }
    }

    /// Lets time pass, and arms or ends the timer; whether it goes on.
    pub(crate) fn tick(&mut self, now: Time, effects: &mut Effects<M>) -> bool {
        self.apply(now, Event::Tick, effects);
        self.timer = self.pool.deadline().map_or(Timer::Off, Timer::Armed);
        self.timer != Timer::Off
    }

    /// Sees to it that somebody sleeps until the core's deadline; after every step.
    #[inline]
    pub(crate) fn arm_timer(&mut self, effects: &mut Effects<M>) {
        let quiet_until = self.pool.quiet_until();
        let is_early = match self.timer {
            Timer::Off => quiet_until == Time::NEVER,
            Timer::Armed(at) => at <= quiet_until && !self.is_shut_down,
            Timer::Dead => true,
        };
        if !is_early {
            self.arm_timer_exactly(effects);
        }
    }

    #[inline(never)]
    fn arm_timer_exactly(&mut self, effects: &mut Effects<M>) {
        match (self.timer, self.pool.deadline()) {
            (Timer::Off, Some(due)) => {
                self.timer = Timer::Armed(due);
                effects.push(Effect::StartTimer);
            }
            (Timer::Armed(at), Some(due)) if due < at => {
                self.timer = Timer::Armed(due);
                effects.push(Effect::WakeTimer);
            }
            // A5: it ends at once, rather than when it would have fired.
            (Timer::Armed(at), None) if self.is_shut_down && at != Time::ZERO => {
                self.timer = Timer::Armed(Time::ZERO);
                effects.push(Effect::WakeTimer);
            }
            _ => {}
        }
    }
}
