//! Liveness (I10): faults stop, leases end, time passes, and the pool comes to rest.

use std::hash::Hash;

use latebind::{ConnId, DialError, Opened, OwnedEvent, Pool, Stats, Time};

use crate::model::{ConnView, Model, State};
use crate::rig::ms;

/// What has to happen next on the way to rest, and when; `None`: there is nothing left but time.
///
/// Whatever is under way ends well: dials and checks first, then leases, closes, and waits for capacity. Then time
/// leaps to the next deadline; and once nobody waits any more, parked connections are closed by their peers, one by
/// one. Nobody is served in a pause, and a floor would be refilled for ever: both must
/// have been ended before, with `Resume` and [`Keep`](latebind::Event::Keep) of 0.
pub fn next<K: Clone + Eq + Hash>(model: &Model<K>, now: Time) -> Option<(Time, OwnedEvent<K>)> {
    finish(model)
        .map(|event| (now, event))
        .or_else(|| model.deadline().map(|deadline| (now.max(deadline), OwnedEvent::Tick)))
        .or_else(|| {
            // Never for the room of somebody who waits: the pool has to make that itself (R10).
            let nobody_waits = model.waiters().next().is_none();
            let conn = first(model, |conn| conn.state.is_parked()).filter(|_| nobody_waits)?;
            Some((now, OwnedEvent::ConnClosed { conn }))
        })
}

/// What is under way and has to end, dials first: `None` if nothing is.
pub fn finish<K: Clone + Eq + Hash>(model: &Model<K>) -> Option<OwnedEvent<K>> {
    let dialed = |conn| OwnedEvent::DialDone { conn, outcome: Ok(Opened::EXCLUSIVE) };
    first(model, |conn| conn.state.is_dial()).map(dialed).or_else(|| finish_beside_dials(model))
}

/// The same where every dial hangs, unless it was told to stop.
pub fn finish_beside_dials<K: Clone + Eq + Hash>(model: &Model<K>) -> Option<OwnedEvent<K>> {
    let stopped = |conn| OwnedEvent::DialDone { conn, outcome: Err(DialError::Transient) };
    let checked = |conn| OwnedEvent::CheckDone { conn, alive: true };
    let dormant = |conn| OwnedEvent::Capacity { conn, capacity: 1 };
    first(model, |conn| conn.state == State::Stopping)
        .map(stopped)
        .or_else(|| first(model, |conn| conn.leases > 0).map(|conn| OwnedEvent::ConnIdle { conn }))
        .or_else(|| first(model, |conn| conn.state.is_checking()).map(checked))
        .or_else(|| {
            let closing = first(model, |conn| conn.state == State::Closing);
            closing.map(|conn| OwnedEvent::ConnClosed { conn })
        })
        .or_else(|| first(model, |conn| conn.state == State::Dormant).map(dormant))
}

fn first<K: Clone + Eq + Hash>(model: &Model<K>, fits: fn(&ConnView<'_, K>) -> bool) -> Option<ConnId> {
    model.conns().find(fits).map(|conn| conn.id)
}

/// An hour later: after all backoffs, which arm no timer where nobody is held up by them (I7). Longer ones must have
/// been ended before, with [`Clear`](latebind::Event::Clear).
pub fn much_later(now: Time) -> Time {
    now.after(ms(3_600_000))
}

/// Whether nothing is left, and nothing can expire.
pub fn is_at_rest<K: Clone + Eq + Hash>(pool: &Pool<K>) -> bool {
    let stats = pool.stats();
    holds_nothing(stats) && stats.keys == 0 && pool.deadline().is_none()
}

/// Whether no one waits and no connection is left.
pub fn holds_nothing(stats: Stats) -> bool {
    stats.waiters == 0 && stats.connections() == 0
}
