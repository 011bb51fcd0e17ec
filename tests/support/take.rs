//! What an accepted event and its actions change in the adapter's view.

use latebind::{Action, CloseReason, ConnId, DialFailure, Event, RequestError, RequestId, Time};

use super::Key;
use super::ledger::{Failure, Ledger, Life, Stage, Wish};
use super::races::subject;

/// `Err` tells the rule that was broken.
pub(crate) type Verdict = Result<(), String>;

pub(crate) fn must(holds: bool, sentence: impl FnOnce() -> String) -> Verdict {
    if holds { Ok(()) } else { Err(sentence()) }
}

fn charged(whom: RequestId, actions: &[Action]) -> bool {
    let fails = |action: &Action| matches!(*action, Action::Fail { request, error: RequestError::DialTimeout, .. } if request == whom);
    actions.iter().any(fails)
}

/// A connection whose idle time or check was over closes before it hears of the event.
fn expired(id: ConnId, actions: &[Action]) -> bool {
    let closes = |action: &Action| {
        matches!(*action, Action::Close { conn, reason: CloseReason::IdleTimeout | CloseReason::Lifetime | CloseReason::CheckFailed }
            if conn == id)
    };
    actions.iter().any(closes)
}

impl Ledger {
    /// Takes an accepted event and the actions that it had.
    pub(crate) fn take(
        &mut self,
        now: Time,
        event: &Event<'_, Key>,
        actions: &[Action],
        key_of: impl Fn(ConnId) -> Option<Key>,
    ) -> Verdict {
        let lost = self.is_lost(event);
        let waiting = self.wishes.iter().filter(|wish| wish.stage == Stage::Waiting).count();
        self.step += 1;
        self.moves_before = self.moves;
        self.old_config = self.config.clone();
        self.now = self.now.max(now);
        if !lost {
            self.enter(event, actions);
        }
        self.charges_are_right(event, actions)?;
        self.take_answers(event, actions)?;
        self.take_ends(event, actions)?;
        if !lost {
            self.note_outcome(event);
            self.note_death(event);
        }
        for action in actions {
            self.take_move(event, action, &key_of)?;
        }
        let lived = self.conns.len();
        if !lost {
            self.leave(event);
        }
        self.assign_dials(actions);
        self.peak_conns = self.peak_conns.max(lived);
        self.peak_requests = self.peak_requests.max(waiting + 1);
        self.take_drained(actions)
    }

    fn enter(&mut self, event: &Event<'_, Key>, actions: &[Action]) {
        let (now, step) = (self.now, self.step);
        match *event {
            Event::Request { token, .. } => {
                if let Some(wish) = self.wish_mut(token) {
                    (wish.since, wish.place, wish.arrival) = (now, step, step);
                }
            }
            // A dial may time out first, and the waiter with it.
            Event::Reprioritize { request, .. } if charged(request, actions) => {}
            Event::Cancel { request } => self.change_wish(request, |wish| wish.stage = Stage::Cancelled),
            Event::Reprioritize { request, priority } => {
                self.change_wish(request, |wish| (wish.priority, wish.place) = (priority, step));
            }
            Event::Reconfigure { config } => {
                let seed = self.config.seed;
                self.backs_off |= matches!(config.dial_failure, DialFailure::Retry { .. });
                self.backs_up |= config.backup_dial_after.is_some();
                self.config = config.clone().seed(seed);
            }
            Event::Shutdown => {
                self.shutdown = true;
                self.floors.clear();
            }
            Event::CheckDone { .. } => self.enter_conn(event),
            Event::Pause { .. }
            | Event::Resume
            | Event::Clear { .. }
            | Event::Keep { .. }
            | Event::Preconnect { .. } => self.enter_tending(event),
            _ if subject(event).is_some_and(|id| self.is_idle(id) && expired(id, actions)) => {}
            _ => self.enter_conn(event),
        }
    }

    fn enter_conn(&mut self, event: &Event<'_, Key>) {
        let (now, jitter) = (self.now, self.config.lifetime_jitter);
        let Some(conn) = subject(event).and_then(|id| self.conns.get_mut(&id)) else { return };
        match *event {
            Event::DialDone { outcome: Ok(opened), .. } => {
                (conn.life, conn.capacity, conn.born) = (Life::Open, opened.capacity, now);
                conn.jitter = jitter;
            }
            Event::ConnIdle { .. } => conn.leases -= 1,
            Event::Capacity { capacity, .. } => {
                conn.capacity = capacity;
                if capacity == 0 && conn.life == Life::Parked {
                    conn.life = Life::Open;
                }
            }
            Event::Draining { .. } => conn.draining = true,
            Event::CheckDone { .. } => conn.life = Life::Open,
            _ => {}
        }
    }

    pub(crate) fn change_wish(&mut self, request: RequestId, change: impl FnOnce(&mut Wish)) {
        if let Some(&token) = self.tokens.get(&request)
            && let Some(wish) = self.wish_mut(token)
        {
            change(wish);
        }
    }

    /// What later timeouts must name as their cause (R7). A dial that was told to stop is charged no more.
    fn note_outcome(&mut self, event: &Event<'_, Key>) {
        let Event::DialDone { conn: id, outcome } = *event else { return };
        let Some(conn) = self.conns.get(&id) else { return };
        let (key, stopped) = (conn.key, conn.stopped);
        match outcome {
            Ok(_) => _ = self.failures.remove(key),
            Err(_) if stopped => {}
            Err(_) => _ = self.failures.insert(key, Failure { conn: id, step: self.step }),
        }
    }

    /// The end that the event reports.
    fn leave(&mut self, event: &Event<'_, Key>) {
        if let Event::DialDone { conn, outcome: Err(_) } | Event::ConnClosed { conn } = *event {
            self.conns.remove(&conn);
        }
    }

    fn take_drained(&mut self, actions: &[Action]) -> Verdict {
        let said = actions.iter().filter(|action| matches!(action, Action::Drained)).count();
        let due = self.shutdown && self.conns.is_empty() && !self.drained;
        must(said == usize::from(due), || format!("R21: `Drained` is said {said} times, due: {due}"))?;
        let last = actions.last().is_some_and(|action| matches!(action, Action::Drained));
        must(last || !due, || "`Drained` does not stand last".to_owned())?;
        self.drained |= due;
        Ok(())
    }
}
