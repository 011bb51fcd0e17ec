//! Any sequence of events, under any config: the rig's checks after each, and rest in the end.
//!
//! A failure is shrunk to a script that can be read and made a named test.

#[expect(dead_code, reason = "the words of scripts, which are not needed here")]
mod support;

#[path = "properties/configs.rs"]
mod configs;
#[path = "properties/rest.rs"]
mod rest;
#[path = "properties/run.rs"]
mod run;

use latebind::Config;
use proptest::prelude::*;

use configs::{any_config, valid_config};
use rest::{come_to_rest, shut_down};
use run::{Move, any_move, play};
use support::Rig;

/// 256 cases, unless `PROPTEST_CASES` says otherwise. A failure prints its script, so none is kept in a file.
fn settings() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, max_shrink_iters: 20_000, ..ProptestConfig::default() }
}

/// Each run leaves some kinds of moves out, so that others meet more often (swarm testing).
fn any_run(length: usize) -> impl Strategy<Value = Vec<Move>> {
    let moves = prop::collection::vec(any_move(any_config()), 1..length);
    (moves, prop::collection::vec(prop::bool::weighted(0.8), Move::KINDS)).prop_map(|(moves, kept)| {
        moves.into_iter().filter(|step| step.kind().is_none_or(|kind| kept[kind])).collect()
    })
}

fn run_through(config: Config, moves: &[Move]) -> Result<Rig, String> {
    let mut rig = Rig::new(config);
    for (number, step) in moves.iter().enumerate() {
        play(&mut rig, step, number)?;
    }
    Ok(rig)
}

proptest! {
    #![proptest_config(settings())]

    /// R23, R24, I1 to I9: whatever happens, in whatever order, at whatever times.
    #[test]
    fn every_sequence_of_events_keeps_the_rules(config in valid_config(), moves in any_run(80)) {
        run_through(config, &moves).map_err(TestCaseError::fail)?;
    }

    /// I10: once faults stop and leases end, everybody is answered, and nothing is left that could expire.
    #[test]
    fn in_the_end_everybody_is_answered(config in valid_config(), moves in any_run(50)) {
        let mut rig = run_through(config, &moves).map_err(TestCaseError::fail)?;
        come_to_rest(&mut rig).map_err(TestCaseError::fail)?;
    }

    /// R21: the same after a shutdown, and then the pool is drained.
    #[test]
    fn after_a_shutdown_everything_ends(config in valid_config(), moves in any_run(50)) {
        let mut rig = run_through(config, &moves).map_err(TestCaseError::fail)?;
        shut_down(&mut rig).map_err(TestCaseError::fail)?;
    }
}
