//! What a run can do without: the history of those who have gone.

use std::collections::BTreeSet;
use std::hash::Hash;
use std::mem::discriminant;

use latebind::{Action, ConnId, OwnedEvent};

use super::script::{Line, Script};
use crate::{Run, Step};

/// The last so many events are left alone.
const TAILS: [usize; 5] = [0, 20, 100, 500, 2_000];

/// The script without what concerns only connections that have ended and requests that were answered before its last
/// few events; the boldest first.
pub(super) fn without_history<K: Clone + Eq + Hash>(script: &Script<K>, run: &Run<K>) -> Vec<Script<K>> {
    let alive = Alive::at_the_end_of(script, run);
    let mut candidates = Vec::new();
    for tail in TAILS.into_iter().filter(|tail| *tail < script.lines.len()) {
        for keeps_all_orders in [false, true] {
            let mut candidate = script.clone();
            let recent = script.lines.len() - tail;
            let kept = script.lines.iter().zip(&run.steps).enumerate().filter(|(place, (line, step))| {
                *place >= recent || alive.concerns(line, step) || {
                    is_order(line)
                        && (keeps_all_orders || is_last_of_its_kind(line, &script.lines[*place..recent]))
                }
            });
            candidate.lines = kept.map(|(_, (line, _))| line.clone()).collect();
            candidates.push(candidate);
        }
    }
    candidates
}

/// Said of the pool, not of a request or a connection.
fn is_order<K>(line: &Line<K>) -> bool {
    matches!(
        line.event,
        OwnedEvent::Reconfigure { .. }
            | OwnedEvent::Pause { .. }
            | OwnedEvent::Resume
            | OwnedEvent::Keep { .. }
            | OwnedEvent::LimitDials { .. }
    )
}

fn is_last_of_its_kind<K>(line: &Line<K>, later: &[Line<K>]) -> bool {
    later.iter().skip(1).all(|other| discriminant(&other.event) != discriminant(&line.event))
}

/// Who is left at the end of a run.
struct Alive {
    conns: BTreeSet<ConnId>,
    tokens: BTreeSet<u64>,
}

impl Alive {
    fn at_the_end_of<K: Clone>(script: &Script<K>, run: &Run<K>) -> Self {
        let mut alive = Self { conns: BTreeSet::new(), tokens: BTreeSet::new() };
        for (line, step) in script.lines.iter().zip(&run.steps) {
            match step.event {
                OwnedEvent::ConnClosed { conn } | OwnedEvent::DialDone { conn, outcome: Err(_) }
                    if step.actions.is_some() =>
                {
                    alive.conns.remove(&conn);
                }
                OwnedEvent::Cancel { .. } => _ = line.token.map(|token| alive.tokens.remove(&token)),
                _ => {}
            }
            for action in step.actions.iter().flatten() {
                match *action {
                    Action::StartDial { conn } => _ = alive.conns.insert(conn),
                    Action::Wait { token, .. } => _ = alive.tokens.insert(token),
                    Action::Deliver { token, .. } | Action::Fail { token, .. } => {
                        _ = alive.tokens.remove(&token);
                    }
                    _ => {}
                }
            }
        }
        alive
    }

    fn concerns<K: Clone>(&self, line: &Line<K>, step: &Step<K>) -> bool {
        let names = match step.event {
            OwnedEvent::DialDone { conn, .. }
            | OwnedEvent::ConnIdle { conn }
            | OwnedEvent::ConnClosed { conn }
            | OwnedEvent::CheckDone { conn, .. }
            | OwnedEvent::Capacity { conn, .. }
            | OwnedEvent::Draining { conn } => self.conns.contains(&conn),
            _ => line.token.is_some_and(|token| self.tokens.contains(&token)),
        };
        names
            || step.actions.iter().flatten().any(|action| match action {
                Action::StartDial { conn } | Action::Deliver { conn, .. } => self.conns.contains(conn),
                Action::Wait { token, .. } => self.tokens.contains(token),
                _ => false,
            })
    }
}
