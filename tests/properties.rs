//! Any sequence of events, under any config: the rig's checks after each, and rest in the end.
//!
//! A failure is shrunk to a script that can be read and made a named test.

#[path = "properties/hung.rs"]
mod hung;

use latebind::Config;
use latebind_testkit::Broken;
use latebind_testkit::moves::Move;
use latebind_testkit::rig::{Key, Rig};
use latebind_testkit::strategies::{any_config, any_run, valid_config};
use proptest::prelude::*;

const KEYS: [Key; 3] = ["a", "b", "c"];

/// 256 cases, unless `PROPTEST_CASES` says otherwise. A failure prints its script, so none is kept in a file.
fn settings() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, max_shrink_iters: 20_000, ..ProptestConfig::default() }
}

fn moves(length: usize) -> impl Strategy<Value = Vec<Move>> {
    any_run(KEYS.len(), length, any_config())
}

fn run_through(config: Config, moves: &[Move]) -> Result<Rig, TestCaseError> {
    let mut rig = Rig::new(config);
    for step in moves {
        rig.play(&KEYS, step).map_err(fail)?;
    }
    Ok(rig)
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn fail(broken: Broken) -> TestCaseError {
    TestCaseError::fail(broken.to_string())
}

proptest! {
    #![proptest_config(settings())]

    /// R1 to R24, I1 to I9: whatever happens, in whatever order, at whatever times, the pool does what the model
    /// does; told twice, it answers twice the same; lost races and misuse change nothing.
    #[test]
    fn every_sequence_of_events_keeps_the_rules(config in valid_config(), moves in moves(80)) {
        run_through(config, &moves)?;
    }

    /// I10: once faults stop and leases end, everybody is answered, and nothing is left that could expire.
    #[test]
    fn in_the_end_everybody_is_answered(config in valid_config(), moves in moves(50)) {
        run_through(config, &moves)?.come_to_rest(&KEYS).map_err(fail)?;
    }

    /// R21: the same after a shutdown, and then the pool is drained.
    #[test]
    fn after_a_shutdown_everything_ends(config in valid_config(), moves in moves(50)) {
        run_through(config, &moves)?.shut_down().map_err(fail)?;
    }

    /// R4, R10: where every dial hangs, nobody waits for room that somebody could spare.
    #[test]
    fn nobody_waits_for_what_could_be_spared(config in valid_config(), moves in moves(60)) {
        hung::nobody_waits_for_what_could_be_spared(config, &moves)?;
    }
}
