//! Each request is answered once, and for a reason (I4, R7, R12).

use latebind::{Action, Binding, ConnId, DialError, DialFailure, Event, Newcomers, RequestError, Waiters};

use super::Key;
use super::ledger::{Conn, Ledger, Stage, Wish};
use super::take::{Verdict, must};

fn token_of(action: &Action) -> Option<u64> {
    match *action {
        Action::Deliver { token, .. } | Action::Wait { token, .. } | Action::Fail { token, .. } => {
            Some(token)
        }
        _ => None,
    }
}

impl Ledger {
    /// Those who wait and those who fail; deliveries follow in their order.
    pub(crate) fn take_answers(&mut self, event: &Event<'_, Key>, actions: &[Action]) -> Verdict {
        for action in actions {
            let (Action::Deliver { token, request, .. }
            | Action::Wait { token, request }
            | Action::Fail { token, request, .. }) = *action
            else {
                continue;
            };
            let Some(wish) = self.wish_of(token).cloned() else { return Err("an unknown token".to_owned()) };
            must(self.waits(token), || format!("I4: {} is answered again", wish.name))?;
            must(wish.id.is_none_or(|id| id == request), || format!("I4: {} has changed its id", wish.name))?;
            if wish.id.is_none() {
                let issued = self.tokens.insert(request, token);
                must(issued.is_none(), || format!("I4: the id of {} was issued before", wish.name))?;
                self.change_wish(request, |wish| wish.id = Some(request));
            }
            match *action {
                Action::Wait { .. } => {
                    must(wish.stage == Stage::New, || format!("I4: {} waits again", wish.name))?;
                    self.change_wish(request, |wish| wish.stage = Stage::Waiting);
                }
                Action::Fail { error, cause, .. } => {
                    self.failure_is_right(event, actions, &wish, error, cause)?;
                    self.change_wish(request, |wish| wish.stage = Stage::Failed);
                }
                _ => {}
            }
        }
        if let Event::Request { token, .. } = *event {
            let answers = actions.iter().filter(|action| token_of(action) == Some(token)).count();
            must(answers == 1, || format!("I4: a request has {answers} answers in its own step"))?;
        }
        Ok(())
    }

    fn failure_is_right(
        &self,
        event: &Event<'_, Key>,
        actions: &[Action],
        wish: &Wish,
        error: RequestError,
        cause: Option<ConnId>,
    ) -> Verdict {
        let name = &wish.name;
        match error {
            RequestError::Timeout => self.timeout_is_right(actions, wish, cause),
            RequestError::Dial => {
                let fatal = matches!(event, Event::DialDone { outcome: Err(DialError::Fatal), .. });
                // Also one that took too long, if its error is fatal.
                let counts = |conn| self.is_live_dial(conn) || (fatal && self.timed_out.contains(&conn));
                let reported = matches!(*event, Event::DialDone { conn, outcome: Err(_) }
                    if Some(conn) == cause && counts(conn));
                must(reported, || format!("R7: {name} fails for {cause:?}, which has not failed"))?;
                self.charge_is_right(wish, cause, fatal)
            }
            RequestError::DialTimeout => {
                let due = |id: ConnId| self.conns.get(&id).is_some_and(|conn| self.dial_is_over(conn));
                let stopped = actions.iter().any(
                    |action| matches!(*action, Action::CancelDial { conn } if Some(conn) == cause && due(conn)),
                );
                must(stopped, || format!("R12: {name} fails for {cause:?}, which is not too late"))?;
                self.charge_is_right(wish, cause, false)
            }
            RequestError::TooManyWaiters => {
                must(wish.stage == Stage::New, || format!("R8: {name} is refused after it waited"))?;
                let others = |all: bool| {
                    let waits =
                        |other: &&Wish| other.stage == Stage::Waiting && (all || other.key == wish.key);
                    self.wishes.iter().filter(waits).count()
                };
                let full =
                    |count: usize, limit: Option<u32>| limit.is_some_and(|limit| count >= limit as usize);
                let holds = full(others(true), self.config.max_waiters)
                    || full(others(false), self.config.max_waiters_per_key);
                must(holds, || format!("R8: {name} is refused for no reason"))
            }
            RequestError::Shutdown => {
                must(self.shutdown, || format!("R21: {name} fails, nothing shuts down"))
            }
            RequestError::Paused => {
                let refused = wish.stage == Stage::New && self.paused == Some(Newcomers::Refuse);
                must(refused, || format!("R19: {name} is refused, but nothing is paused"))
            }
            RequestError::Cleared => {
                let told = matches!(*event, Event::Clear { key, waiters: Waiters::Fail, .. }
                    if key.is_none_or(|key| *key == wish.key));
                must(told, || format!("R19: {name} fails, but its key is not cleared"))
            }
            _ => Ok(()),
        }
    }

    fn timeout_is_right(&self, actions: &[Action], wish: &Wish, cause: Option<ConnId>) -> Verdict {
        let name = &wish.name;
        must(self.wait_is_over(wish), || format!("R12: {name} fails before its deadline"))?;
        let stopped = |action: &Action| matches!(*action, Action::CancelDial { conn } if Some(conn) == cause);
        if wish.stage == Stage::New && actions.iter().any(stopped) {
            return Ok(()); // The dial has timed out before the request came.
        }
        let last = self.failures.get(wish.key);
        // A key may have been forgotten between an older failure and this request.
        let owed = last.filter(|failure| wish.arrival < failure.step).map(|failure| failure.conn);
        let right = cause == owed || (owed.is_none() && cause == last.map(|failure| failure.conn));
        must(right, || format!("R7: the timeout of {name} names {cause:?}, not {last:?}"))
    }

    /// A young request is not charged with an old dial's failure (R7).
    fn charge_is_right(&self, wish: &Wish, cause: Option<ConnId>, fatal: bool) -> Verdict {
        let name = &wish.name;
        let Some(conn) = cause.and_then(|id| self.conns.get(&id)) else {
            return Err("no such dial".to_owned());
        };
        let was_there =
            conn.key == wish.key && wish.arrival <= conn.started_in && wish.stage == Stage::Waiting;
        must(was_there, || format!("R7: {name} was not there when {} started", conn.name))?;
        let alone = self.old_config.binding == Binding::OwnFirst && !fatal && !self.vague.contains(conn.key);
        let own = conn.owner.and_then(|owner| self.wish_of(owner)).is_some_and(|owner| owner.id == wish.id);
        must(own || !alone, || format!("R3: {} does not belong to {name}", conn.name))
    }

    /// Who has to hear of a failed dial hears of it, and nobody else (R7). Asked before anybody fails.
    pub(crate) fn charges_are_right(&self, event: &Event<'_, Key>, actions: &[Action]) -> Verdict {
        let Event::DialDone { conn: id, outcome: Err(error) } = *event else { return Ok(()) };
        let Some(dial) = self.conns.get(&id).filter(|_| self.is_live_dial(id)) else { return Ok(()) };
        let late = |conn: &Conn| conn.is_live_dial() && conn.name != dial.name && self.dial_is_over(conn);
        if self.of_key(dial.key).any(late) {
            return Ok(()); // Several fail in one step: the scripts tell what becomes of that.
        }
        let on_time = |&token: &u64| self.wish_of(token).is_some_and(|wish| !self.wait_is_over(wish));
        let waiters: Vec<u64> = self.queue(dial.key).into_iter().filter(on_time).collect();
        let (least, most) = self.cover(dial.key);
        let short = match (waiters.len() > least - 1, waiters.len() > most - 1) {
            (true, true) => true,
            (false, false) => false,
            _ => return Ok(()),
        };
        let there = |&token: &u64| self.wish_of(token).is_some_and(|wish| wish.arrival <= dial.started_in);
        let eligible: Vec<u64> = waiters.into_iter().filter(there).collect();
        let stayed = |&&token: &&u64| self.wish_of(token).is_some_and(|wish| wish.place <= dial.started_in);
        // By place or, if all of them were reprioritized since, by arrival.
        let oldest = || eligible.iter().min_by_key(|&&token| self.wish_of(token).map(|wish| wish.arrival));
        let first = eligible.iter().find(stayed).or_else(oldest).copied();
        let expected = match (error, self.config.binding, self.config.dial_failure) {
            (DialError::Fatal, ..) | (_, Binding::HeadFirst, DialFailure::FailAll) => eligible,
            (_, _, DialFailure::Retry { .. }) => return Ok(()),
            (_, Binding::OwnFirst, _) if self.vague.contains(dial.key) => return Ok(()),
            _ if !short => Vec::new(),
            (_, Binding::OwnFirst, _) => {
                eligible.into_iter().filter(|&token| Some(token) == dial.owner).collect()
            }
            _ => first.into_iter().collect(),
        };
        let mut failed: Vec<u64> = actions
            .iter()
            .filter_map(|action| match *action {
                Action::Fail { token, error: RequestError::Dial, .. } => Some(token),
                _ => None,
            })
            .collect();
        failed.sort_unstable();
        let names = |tokens: &[u64]| tokens.iter().map(|&token| self.token_name(token)).collect::<Vec<_>>();
        let mut sorted = expected.clone();
        sorted.sort_unstable();
        must(sorted == failed, || {
            format!("R7: {} must fail {:?}, not {:?}", dial.name, names(&expected), names(&failed))
        })
    }
}
