//! What events and actions do to the accounts.

use latebind::{Action, ConnId, Event, Pool};

use super::conns::{Conn, Phase};
use super::{Key, Ledger, ensure};

impl Ledger {
    /// What the event says has happened.
    pub(super) fn begin(&mut self, event: &Event<'_, Key>) {
        match *event {
            Event::Request { key, token, .. } => self.requests.ask(token, *key),
            Event::Cancel { request } => self.requests.cancel(request),
            Event::DialDone { conn, outcome } => self.with(conn, Conn::is_dial, |conn| {
                conn.phase = if outcome.is_ok() { Phase::Open } else { Phase::Gone };
                conn.capacity = outcome.map_or(0, |opened| opened.capacity);
            }),
            Event::ConnIdle { conn } => self.with(conn, Conn::is_open, |conn| conn.leases -= 1),
            Event::ConnClosed { conn } => self.with(conn, |_| true, |conn| conn.phase = Phase::Gone),
            Event::CheckDone { conn, alive } => self.with(conn, Conn::is_open, |conn| {
                conn.phase = Phase::Open;
                conn.is_condemned |= !alive;
            }),
            Event::Capacity { conn, capacity } => self.with(conn, Conn::is_open, |conn| {
                conn.capacity = capacity;
                if capacity == 0 && conn.phase == Phase::Parked {
                    conn.phase = Phase::Open;
                }
            }),
            Event::Draining { conn } => self.with(conn, Conn::is_open, |conn| conn.is_condemned = true),
            Event::LimitDials { key, max_dials } => {
                let has_connections = self.conns.total_of(*key) > 0;
                self.dial_limits.set(*key, max_dials, has_connections);
            }
            Event::Clear { key, .. } => self.condemn(key.copied()),
            Event::Pause { .. } => self.is_paused = !self.is_shut_down,
            Event::Resume => self.is_paused = false,
            Event::Reconfigure { config } => self.config = config.clone(),
            Event::Shutdown => {
                self.is_shut_down = true;
                self.is_paused = false;
                self.condemn(None);
            }
            _ => {}
        }
    }

    /// R19, R21: what there is never serves again.
    fn condemn(&mut self, key: Option<Key>) {
        for index in 0..self.conns.len() {
            let conn = self.conns.at(index);
            if conn.phase != Phase::Gone && key.is_none_or(|key| key == conn.key) {
                self.conns.change(index, |conn| conn.is_condemned = true);
            }
        }
    }

    fn with(&mut self, id: ConnId, fits: fn(&Conn) -> bool, change: impl FnOnce(&mut Conn)) {
        if self.conns.get(id).is_some_and(fits) {
            self.conns.change(id.index(), change);
        }
    }

    /// What the pool wants done must be possible.
    pub(super) fn act(&mut self, action: &Action, pool: &Pool<Key>) -> Result<(), String> {
        match *action {
            Action::Wait { token, request } => {
                ensure!(self.requests.wait(token, request), "I4: it did not ask in this step");
            }
            Action::Fail { token, request, .. } => {
                ensure!(self.requests.answer(token, request).is_some(), "I4: it does not wait");
            }
            Action::Deliver { token, request, conn, .. } => {
                let key = self.requests.answer(token, request);
                ensure!(key.is_some(), "I4: it does not wait");
                self.deliver(conn, key)?;
            }
            Action::StartDial { conn } => {
                ensure!(!self.is_shut_down, "I8: the pool was shut down");
                ensure!(!self.is_paused, "R19: the pool is paused");
                let Some(&key) = pool.key(conn) else { return Err("no key is known for it".to_owned()) };
                ensure!(self.conns.start(conn, key), "I5: its id is in use, or is not dense");
            }
            Action::CancelDial { conn } => {
                self.expect(conn, "no dial in progress", |conn| conn.phase == Phase::Dialing)?;
                self.conns.change(conn.index(), |conn| conn.phase = Phase::Stopping);
            }
            Action::Check { conn } => {
                ensure!(!self.is_paused, "R19: the pool is paused");
                self.expect(conn, "not parked", |conn| conn.phase == Phase::Parked && !conn.is_condemned)?;
                self.conns.change(conn.index(), |conn| conn.phase = Phase::Checking);
            }
            Action::Park { conn } => {
                ensure!(!self.is_shut_down, "I8: the pool was shut down");
                self.expect(conn, "cannot be parked", |conn| {
                    conn.phase == Phase::Open && conn.leases == 0 && conn.capacity > 0 && !conn.is_condemned
                })?;
                let now = self.now;
                self.conns.change(conn.index(), |conn| {
                    conn.phase = Phase::Parked;
                    conn.parked_at = now;
                });
            }
            Action::Close { conn, .. } => {
                self.expect(conn, "not open", Conn::is_open)?;
                self.conns.change(conn.index(), |conn| conn.phase = Phase::Closing);
            }
            Action::Overdue { conn } => self.expect(conn, "on lease to nobody", |conn| conn.leases > 0)?,
            Action::Drained => {
                ensure!(self.is_shut_down && self.conns.total() == 0, "R21: there is something left");
                self.is_drained = true;
            }
            _ => {}
        }
        Ok(())
    }

    fn deliver(&mut self, id: ConnId, key: Option<Key>) -> Result<(), String> {
        ensure!(!self.is_shut_down, "I8: the pool was shut down");
        ensure!(!self.is_paused, "R19: the pool is paused");
        self.expect(id, "not open, or under check", |conn| {
            matches!(conn.phase, Phase::Open | Phase::Parked)
        })?;
        self.expect(id, "on its way out", |conn| !conn.is_condemned)?;
        self.expect(id, "on lease already", |conn| conn.leases < conn.capacity)?;
        ensure!(Some(self.conns.key_of(id)) == key, "it leads to another host");
        self.conns.change(id.index(), |conn| {
            conn.phase = Phase::Open;
            conn.leases += 1;
        });
        Ok(())
    }

    fn expect(&self, id: ConnId, wrong: &str, fits: impl Fn(&Conn) -> bool) -> Result<(), String> {
        let conn = self.conns.get(id);
        ensure!(conn.is_some_and(fits), "{wrong}: {conn:?}");
        Ok(())
    }
}
