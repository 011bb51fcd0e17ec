//! R4, R10: where every dial hangs, nobody waits for room that somebody could spare.

use latebind::{Config, Event, Pool};
use latebind_testkit::model::{ConnView, State};
use latebind_testkit::moves::{Deed, Move};
use latebind_testkit::rig::Key;
use latebind_testkit::{Rig, rest};
use proptest::prelude::*;

use crate::{KEYS, fail};

/// Far more than what is left of any run could need.
const STEPS: usize = 3_000;

/// Nothing gives a hung dial up, and nobody who waits.
pub(crate) fn patient(config: Config) -> Config {
    config.dial_timeout(None).request_timeout(None).backup_dial_after(None)
}

fn patient_move(step: &Move) -> Move {
    let deed = match step.deed.clone() {
        Deed::Reconfigure(config) => Deed::Reconfigure(Box::new(patient(*config))),
        Deed::Request { key, level, .. } => Deed::Request { key, level, deadline: None },
        Deed::Shutdown => Deed::Tick,
        other => other,
    };
    Move { deed, ..step.clone() }
}

/// Plays the moves, has everything end well but the dials, and looks at those who still wait.
pub(crate) fn nobody_waits_for_what_could_be_spared(
    config: Config,
    moves: &[Move],
) -> Result<(), TestCaseError> {
    let mut rig = Rig::new(patient(config.clone()));
    let mut limits = config;
    for step in moves.iter().map(patient_move) {
        rig.play(&KEYS, &step).map_err(fail)?;
        if let Deed::Reconfigure(config) = step.deed
            && Pool::<Key>::new((*config).clone()).is_ok()
        {
            limits = *config;
        }
    }
    let now = rig.now().max(rig.model().now());
    rig.at_time(now).attempt(Event::Resume).map_err(fail)?;
    for key in &KEYS {
        rig.attempt(Event::Keep { key, min_idle: 0 }).map_err(fail)?;
    }
    for _ in 0..STEPS {
        if let Some(event) = rest::finish_beside_dials(rig.model()) {
            rig.attempt(event.as_event()).map_err(fail)?;
        } else if let Some(deadline) = rig.deadline() {
            let now = rig.now().max(deadline);
            rig.at_time(now).attempt(Event::Tick).map_err(fail)?;
        } else {
            break;
        }
    }
    let stuck = KEYS.into_iter().find(|key| could_dial(&rig, &limits, key));
    prop_assert!(
        stuck.is_none(),
        "{}",
        rig.with_script(&format!("R10: {stuck:?} waits for what could be spared"))
    );
    Ok(())
}

/// Whether the key has a waiter without a dial, and its own limits permit one, and so would the pool's if it took what
/// nobody needs.
fn could_dial(rig: &Rig, limits: &Config, key: Key) -> bool {
    let count = |fits: &dyn Fn(&ConnView<'_, Key>) -> bool| rig.model().conns().filter(fits).count();
    let reached = |count: usize, limit: Option<u32>| limit.is_some_and(|limit| count >= limit as usize);
    let waiters = |key: Key| rig.model().waiters().filter(|waiter| *waiter.key == key).count();
    let dials = |key: Key| count(&|conn| *conn.key == key && conn.state == State::Dialing);
    let by_key = reached(count(&|conn| *conn.key == key), limits.max_connections_per_key)
        || reached(dials(key), rig.model().max_dials_of(&key));
    let is_full = reached(count(&|_| true), limits.max_connections);
    let dials_are_full = reached(count(&|conn| conn.state.is_dial()), limits.max_dials);
    let has_surplus = KEYS.iter().any(|key| dials(key) > waiters(key));
    let has_parked = count(&|conn| conn.state.is_parked()) > 0;
    // A parked connection makes room, but no place among the dials; a surplus dial makes both.
    let room = if is_full { has_surplus || (has_parked && !dials_are_full) } else { !dials_are_full };
    waiters(key) > dials(key) && !by_key && room
}
