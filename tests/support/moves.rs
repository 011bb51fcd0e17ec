//! What ends, and what is delivered, parked and dialed (R1, R3, R5, I5, I8, I9).

use std::time::Duration;

use latebind::{Action, Binding, CloseReason, ConnId, Event, Source, Time};

use super::Key;
use super::ledger::{Conn, Failure, Ledger, Life};
use super::races::subject;
use super::take::{Verdict, must};

pub(crate) fn reached(count: usize, limit: Option<u32>) -> bool {
    limit.is_some_and(|limit| count >= limit as usize)
}

fn exceeded(count: usize, limit: Option<u32>) -> bool {
    limit.is_some_and(|limit| count > limit as usize)
}

impl Ledger {
    /// What closes and what is told to stop.
    pub(crate) fn take_ends(&mut self, event: &Event<'_, Key>, actions: &[Action]) -> Verdict {
        let step = self.step;
        let starts = actions.iter().filter(|action| matches!(action, Action::StartDial { .. })).count();
        for action in actions {
            match *action {
                Action::Close { conn: id, reason } => {
                    let name = self.conn_name(id);
                    let Some(conn) = self.conns.get(&id) else { return Err(format!("{name} closes again")) };
                    let open = matches!(conn.life, Life::Open | Life::Parked | Life::Checking);
                    let free = conn.leases == 0 || matches!(event, Event::Clear { interrupt: true, .. });
                    must(open && free, || format!("I5: {name} cannot close: {conn:?}"))?;
                    self.reason_holds(event, conn, reason, starts)?;
                    self.note_dead(conn.key, reason == CloseReason::CheckFailed);
                    self.conns.entry(id).and_modify(|conn| (conn.life, conn.leases) = (Life::Closing, 0));
                }
                Action::CancelDial { conn: id } => {
                    let live = self.is_live_dial(id);
                    must(live, || format!("I5: {} is no dial to stop", self.conn_name(id)))?;
                    if let Some(conn) = self.conns.get(&id)
                        && self.dial_is_over(conn)
                    {
                        self.failures.insert(conn.key, Failure { conn: id, step });
                        self.timed_out.insert(id);
                    }
                    self.conns.entry(id).and_modify(|conn| conn.stopped = true);
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn reason_holds(
        &self,
        event: &Event<'_, Key>,
        conn: &Conn,
        reason: CloseReason,
        starts: usize,
    ) -> Verdict {
        let parked = self.conns.values().filter(|conn| conn.life == Life::Parked).count();
        let holds = match reason {
            CloseReason::IdleTimeout => conn.life == Life::Parked && self.is_due(self.idle_ends(conn)),
            CloseReason::Lifetime => self.is_due(self.life_ends(conn).0),
            CloseReason::MaxUses => reached(conn.uses as usize, self.config.max_uses),
            CloseReason::IdleLimit => {
                reached(parked, self.config.max_idle) || reached(parked, self.config.max_idle_per_key)
            }
            CloseReason::ConnectionLimit => {
                exceeded(self.conns.len(), self.config.max_connections)
                    || exceeded(self.of_key(conn.key).count(), self.config.max_connections_per_key)
            }
            CloseReason::Draining => conn.draining,
            CloseReason::Shutdown => self.shutdown,
            _ => self.new_reason_holds(event, conn, reason, starts),
        };
        // What is due under the old durations closes as well when there are new ones.
        let excused = matches!(event, Event::Reconfigure { .. });
        must(holds || excused, || format!("{} closes for a wrong reason: {reason:?}", conn.name))
    }

    /// What is delivered, parked and dialed.
    pub(crate) fn take_move(
        &mut self,
        event: &Event<'_, Key>,
        action: &Action,
        key_of: &impl Fn(ConnId) -> Option<Key>,
    ) -> Verdict {
        self.moves += 1;
        let (moves, now, shutdown) = (self.moves, self.now, self.shutdown);
        let forbidden =
            matches!(action, Action::Deliver { .. } | Action::Park { .. } | Action::StartDial { .. })
                && shutdown;
        must(!forbidden, || format!("I8: after shutdown: {action:?}"))?;
        self.pause_is_kept(action)?;
        match *action {
            Action::Deliver { token, conn: id, request, source } => {
                self.delivery_is_right(event, token, id, source)?;
                if let Some(conn) = self.conns.get_mut(&id) {
                    (conn.life, conn.moved) = (Life::Open, moves);
                    if conn.leases == 0 {
                        (conn.leased, conn.reported) = (now, false);
                    }
                    conn.leases += 1;
                    conn.uses += 1;
                }
                self.change_wish(request, |wish| wish.stage = super::ledger::Stage::Served);
            }
            Action::Park { conn: id } => {
                let name = self.conn_name(id);
                let Some(conn) = self.conns.get_mut(&id) else { return Err(format!("{name} is gone")) };
                let free = conn.life == Life::Open && conn.leases == 0 && conn.capacity > 0 && !conn.draining;
                must(free, || format!("I5: {name} cannot be parked"))?;
                (conn.life, conn.parked, conn.moved) = (Life::Parked, now, moves);
            }
            Action::StartDial { conn: id } => {
                let Some(key) = key_of(id) else { return Err(format!("{id:?} has no key")) };
                must(!self.names.contains_key(&id), || format!("I5: {id:?} was issued before"))?;
                self.add_dial(id, key);
            }
            Action::Check { conn } => self.take_check(conn)?,
            Action::Overdue { conn } => self.take_overdue(conn)?,
            _ => {}
        }
        Ok(())
    }

    fn add_dial(&mut self, id: ConnId, key: Key) {
        let number =
            1 + self.names.values().filter(|name| name.trim_end_matches(char::is_numeric) == key).count();
        let name = format!("{key}{number}");
        self.names.insert(id, name.clone());
        let conn = Conn {
            name,
            key,
            life: Life::Dialing,
            capacity: 0,
            leases: 0,
            uses: 0,
            draining: false,
            stopped: false,
            started: self.now,
            born: Time::NEVER,
            parked: Time::NEVER,
            jitter: Duration::ZERO,
            started_in: self.step,
            moved: self.moves,
            owner: None,
            cleared: false,
            checked: Time::NEVER,
            probing: false,
            leased: Time::NEVER,
            reported: false,
        };
        self.conns.insert(id, conn);
    }

    /// A dial belongs to the first waiter that has none of its own when it starts (R3).
    ///
    /// Where several start in one step the order of the actions does not tell which is whose, and where a dial
    /// has brought no capacity it is open whether its waiter still has a dial.
    pub(crate) fn assign_dials(&mut self, actions: &[Action]) {
        let keys = self.keys.clone();
        for &key in &keys {
            let fresh = |conn: &&Conn| conn.life == Life::Dialing && conn.started_in == self.step;
            let barren = |conn: &Conn| conn.life == Life::Open && conn.uses == 0;
            if self.backs_up || self.stocked.contains(key) {
                self.vague.insert(key);
            } else if self.queue(key).is_empty() && !self.of_key(key).any(|conn| conn.life == Life::Dialing) {
                self.vague.remove(key);
            } else if self.of_key(key).filter(fresh).count() > 1 || self.of_key(key).any(barren) {
                self.vague.insert(key);
            }
        }
        for action in actions {
            let Action::StartDial { conn: id } = *action else { continue };
            let Some(key) = self.conns.get(&id).map(|conn| conn.key) else { continue };
            let has_own = |token: u64| {
                self.of_key(key)
                    .any(|conn| conn.owner == Some(token) && conn.life == Life::Dialing && !conn.stopped)
            };
            let owner = self.queue(key).into_iter().find(|&token| !has_own(token));
            self.conns.entry(id).and_modify(|conn| conn.owner = owner);
        }
    }

    fn delivery_is_right(&self, event: &Event<'_, Key>, token: u64, id: ConnId, source: Source) -> Verdict {
        let (name, whom) = (self.conn_name(id), self.token_name(token));
        let Some(conn) = self.conns.get(&id) else { return Err(format!("{name} is gone, but delivered")) };
        let fresh = matches!(*event, Event::DialDone { conn, .. } if conn == id);
        let gone = matches!(*event, Event::ConnClosed { conn } if conn == id);
        let lifetime_is_zero = fresh && self.config.max_lifetime.is_some_and(|lifetime| lifetime.is_zero());
        let available = self.available(conn) != Some(false) || lifetime_is_zero;
        must(available && !gone, || format!("R1: {name} is not available: {conn:?}"))?;
        let floored = self.stocked.contains(conn.key);
        let stale = conn.life == Life::Parked && self.is_due(self.idle_ends(conn)) && !floored;
        must(!stale || subject(event).is_none(), || format!("R1: {name} has been idle for too long"))?;
        must(self.wish_of(token).is_some_and(|wish| wish.key == conn.key), || {
            format!("{name}: another key")
        })?;

        let head = self.queue(conn.key).first().copied();
        let owner = conn.owner.filter(|&owner| self.waits(owner));
        let owners_turn = self.config.binding == Binding::OwnFirst && fresh && conn.uses == 0;
        let vague = conn.stopped || self.vague.contains(conn.key);
        let turn = if owners_turn { owner.or(head) } else { head };
        let right = Some(token) == turn || (owners_turn && vague);
        must(right, || format!("R2, R3: {name} goes to {whom}, whose turn it is not"))?;

        let expected = match *event {
            Event::DialDone { .. } if fresh && conn.owner == Some(token) => Source::OwnDial,
            Event::DialDone { .. } if fresh => Source::OtherDial,
            Event::ConnIdle { conn } if conn == id => Source::Returned,
            Event::CheckDone { conn, .. } if conn == id => Source::Check,
            _ if conn.life == Life::Parked => Source::Idle,
            _ => Source::Shared,
        };
        let one_of_two = fresh && vague && matches!(source, Source::OwnDial | Source::OtherDial);
        must(source == expected || one_of_two, || {
            format!("{whom} gets {name} from {source:?}, not {expected:?}")
        })?;
        match *event {
            Event::Request { .. } => self.choice_is_right(conn),
            _ => Ok(()),
        }
    }
}
