//! I10: faults stop, leases end, time passes, and the pool comes to rest.

use latebind::{Event, Opened, Time};

use crate::run::KEYS;
use crate::support::{Rig, ms};

/// Far more than the moves of any run could need.
const STEPS: usize = 5_000;

/// Whatever is under way ends well. `Ok(false)`: nothing is.
fn finish_something(rig: &mut Rig) -> Result<bool, String> {
    let first = |conns: Vec<latebind::ConnId>| conns.first().copied();
    let event = if let Some(conn) = first(rig.dials()) {
        Event::DialDone { conn, outcome: Ok(Opened::EXCLUSIVE) }
    } else if let Some(conn) = first(rig.leases()) {
        Event::ConnIdle { conn }
    } else if let Some(conn) = first(rig.checking()) {
        Event::CheckDone { conn, alive: true }
    } else if let Some(conn) = first(rig.closing()) {
        Event::ConnClosed { conn }
    } else if let Some(conn) = first(rig.dormant()) {
        Event::Capacity { conn, capacity: 1 }
    } else {
        return Ok(false);
    };
    rig.attempt(event)?;
    Ok(true)
}

/// The next deadline comes. `Ok(false)`: there is none.
fn wait(rig: &mut Rig) -> Result<bool, String> {
    let Some(deadline) = rig.deadline() else { return Ok(false) };
    let now = rig.now().max(deadline);
    rig.at_time(now);
    rig.attempt(Event::Tick)?;
    Ok(true)
}

/// A parked connection is closed by its peer. `Ok(false)`: none is parked.
fn lose_one(rig: &mut Rig) -> Result<bool, String> {
    let Some(&conn) = rig.parked().first() else { return Ok(false) };
    rig.attempt(Event::ConnClosed { conn })?;
    Ok(true)
}

/// Everybody is answered, and in the end nothing is left.
///
/// Nobody is served in a pause, so it ends; and a floor would be refilled for ever.
pub(crate) fn come_to_rest(rig: &mut Rig) -> Result<(), String> {
    rig.attempt(Event::Resume)?;
    for key in &KEYS {
        rig.attempt(Event::Keep { key, min_idle: 0 })?;
    }
    for _ in 0..STEPS {
        // A waiter may need the room of another key's parked connection.
        if finish_something(rig)? || wait(rig)? || lose_one(rig)? {
            continue;
        }
        let later = rig.now().after(ms(3_600_000));
        rig.at_time(later).attempt(Event::Tick)?;
        let stats = rig.stats();
        return if holds_nothing(stats) && rig.deadline().is_none() {
            Ok(())
        } else {
            Err(rig.with_script(&format!("I10: at rest with {stats:?}, deadline {:?}", rig.deadline())))
        };
    }
    Err(rig.with_script("I10: the pool does not come to rest"))
}

/// After a shutdown nothing is left once all is reported, and no time has to pass for it.
pub(crate) fn shut_down(rig: &mut Rig) -> Result<(), String> {
    rig.attempt(Event::Shutdown)?;
    let warns = rig.warns_of_leases() && !rig.leases().is_empty();
    let waiting: Option<Time> = rig.deadline().filter(|_| !warns);
    if waiting.is_some() || rig.stats().waiters > 0 || rig.stats().idle > 0 {
        return Err(rig.with_script(&format!("R21: after shutdown {:?}, deadline {waiting:?}", rig.stats())));
    }
    while finish_something(rig)? {}
    if rig.is_drained() && holds_nothing(rig.stats()) {
        Ok(())
    } else {
        Err(rig.with_script(&format!("R21: not drained: {:?}", rig.stats())))
    }
}

fn holds_nothing(stats: latebind::Stats) -> bool {
    stats.waiters == 0 && stats.connections() == 0 && stats.keys == 0
}
