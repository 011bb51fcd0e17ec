//! Which connection a request gets (R1, R18), and which are checked before (R16, R17).

use latebind::{ConnId, IdleOrder};

use super::Key;
use super::ledger::{Conn, Ledger, Life};
use super::take::{Verdict, must};

impl Ledger {
    /// R17: whether it was parked before an idle connection of its key was found dead.
    pub(crate) fn is_suspect(&self, conn: &Conn) -> bool {
        self.suspects.get(conn.key).is_some_and(|&before| conn.moved <= before)
    }

    pub(crate) fn needs_check(&self, conn: &Conn) -> bool {
        let Some(after) = self.config.check_after_idle else { return false };
        conn.life == Life::Parked && (self.is_suspect(conn) || self.is_due(conn.parked.after(after)))
    }

    /// The one that a request gets at once, if any; `Err`: that depends on the jitter.
    pub(crate) fn whose_turn(&self, key: Key) -> Result<Option<&Conn>, ()> {
        if self.of_key(key).any(|conn| self.available(conn).is_none()) {
            return Err(());
        }
        let rank = |conn: &&Conn| {
            let lifo = conn.leases > 0 || self.config.idle_order == IdleOrder::Lifo;
            let order = if lifo { conn.moved } else { u64::MAX - conn.moved };
            (conn.leases > 0, conn.uses > 0, order)
        };
        let floored = self.stocked.contains(key);
        let expired = |conn: &Conn| !floored && self.is_due(self.idle_ends(conn));
        let fit = || self.of_key(key).filter(|conn| self.available(conn) == Some(true) && !expired(conn));
        let ready = |conn: &&Conn| !self.needs_check(conn);
        let last = fit().filter(|conn| conn.life == Life::Parked).max_by_key(|conn| conn.moved);
        Ok(fit().max_by_key(rank).filter(ready).or(last.filter(ready)))
    }

    /// Of several, the one that R1 and R18 name.
    pub(crate) fn choice_is_right(&self, chosen: &Conn) -> Verdict {
        let Ok(turn) = self.whose_turn(chosen.key) else { return Ok(()) };
        let right = turn.is_some_and(|turn| turn.name == chosen.name);
        must(right, || format!("R1: {} is delivered before {turn:?}", chosen.name))
    }

    pub(crate) fn take_check(&mut self, id: ConnId) -> Verdict {
        let name = self.conn_name(id);
        let Some(conn) = self.conns.get(&id) else { return Err(format!("{name} is gone, but checked")) };
        let fit = conn.life == Life::Parked && self.needs_check(conn);
        must(fit, || format!("R16: {name} needs no check: {conn:?}"))?;
        must(self.paused.is_none() && !self.shutdown, || format!("R19, R21: {name} is checked"))?;
        let (probing, now, moves) = (self.is_suspect(conn), self.now, self.moves);
        self.conns.entry(id).and_modify(|conn| {
            (conn.life, conn.probing, conn.checked, conn.moved) = (Life::Checking, probing, now, moves);
        });
        Ok(())
    }

    /// R16: a waiter without cover has a check started; R17: one of suspects at most for each waiter.
    pub(crate) fn checks_are_run(&self, key: Key, waiters: usize, cover: usize, over: bool) -> Verdict {
        let count = |fit: fn(&Conn) -> bool| self.of_key(key).filter(|conn| fit(conn)).count();
        let probes = count(|conn| conn.life == Life::Checking && conn.probing);
        let parked = count(|conn| conn.life == Life::Parked);
        let lazy = waiters > cover && parked > 0 && probes < waiters && !over;
        must(!lazy, || {
            format!("R16: key {key} has {waiters} waiters, cover {cover}, and parked ones to check")
        })?;
        let began =
            |conn: &Conn| conn.life == Life::Checking && conn.probing && conn.moved > self.moves_before;
        let keen = probes > waiters && self.of_key(key).any(began);
        must(!keen, || format!("R17: key {key} has {probes} checks of suspects for {waiters} waiters"))
    }
}
