//! When things end (R12), as far as an adapter can tell.

use latebind::{Config, Time};

use super::ledger::{Conn, Ledger, Life, Wish};

fn wait_end(config: &Config, wish: &Wish) -> Time {
    let default = || config.request_timeout.map_or(Time::NEVER, |timeout| wish.since.after(timeout));
    wish.deadline.unwrap_or_else(default)
}

fn dial_end(config: &Config, conn: &Conn) -> Time {
    config.dial_timeout.map_or(Time::NEVER, |timeout| conn.started.after(timeout))
}

impl Ledger {
    /// Whether that time has come; `Time::NEVER` never does.
    pub(crate) fn is_due(&self, time: Time) -> bool {
        time <= self.now && time < Time::NEVER
    }

    /// When a waiter fails, if nothing else happens.
    pub(crate) fn wait_ends(&self, wish: &Wish) -> Time {
        wait_end(&self.config, wish)
    }

    /// When a dial is told to stop, if nothing else happens.
    pub(crate) fn dial_ends(&self, conn: &Conn) -> Time {
        dial_end(&self.config, conn)
    }

    /// Whether a wait may have ended in this step; with new durations, under these or under the old ones.
    pub(crate) fn wait_is_over(&self, wish: &Wish) -> bool {
        self.is_due(self.wait_ends(wish)) || self.is_due(wait_end(&self.old_config, wish))
    }

    /// Whether a dial has timed out before this step's event.
    pub(crate) fn dial_is_over(&self, conn: &Conn) -> bool {
        self.is_due(dial_end(&self.old_config, conn))
    }

    /// When a check counts as failed, if nothing else happens.
    pub(crate) fn check_ends(&self, conn: &Conn) -> Time {
        let timeout = self.config.check_timeout.filter(|_| conn.life == Life::Checking);
        timeout.map_or(Time::NEVER, |timeout| conn.checked.after(timeout))
    }

    /// Whether a check was over before this step's event.
    pub(crate) fn check_is_over(&self, conn: &Conn) -> bool {
        self.old_config.check_timeout.is_some_and(|timeout| self.is_due(conn.checked.after(timeout)))
    }

    /// When leases are reported as overdue (R22).
    pub(crate) fn warn_ends(&self, conn: &Conn) -> Time {
        let warns = self.config.lease_warn_after.filter(|_| conn.leases > 0 && !conn.reported);
        warns.map_or(Time::NEVER, |after| conn.leased.after(after))
    }

    /// When a parked connection has been idle for too long.
    pub(crate) fn idle_ends(&self, conn: &Conn) -> Time {
        if conn.life != Life::Parked {
            return Time::NEVER;
        }
        let unused = self.config.unused_idle_timeout.filter(|_| conn.uses == 0);
        unused.or(self.config.idle_timeout).map_or(Time::NEVER, |timeout| conn.parked.after(timeout))
    }

    /// The earliest and the latest time at which a connection has lived for too long.
    pub(crate) fn life_ends(&self, conn: &Conn) -> (Time, Time) {
        let earliest = self.config.max_lifetime.map_or(Time::NEVER, |lifetime| conn.born.after(lifetime));
        (earliest, earliest.after(self.config.lifetime_jitter.max(conn.jitter)))
    }
}
