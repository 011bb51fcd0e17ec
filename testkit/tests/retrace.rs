//! A run that was recorded is the same when it is made of moves again.

use latebind_testkit::Rig;
use latebind_testkit::moves::{Move, Pause};
use latebind_testkit::rig::Key;
use latebind_testkit::strategies::{any_config, any_run, valid_config};
use proptest::prelude::*;

const KEYS: [Key; 3] = ["a", "b", "c"];

fn settings() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::default() }
}

/// Pauses that a move can tell wherever the clock stands.
fn in_milliseconds(step: Move) -> Move {
    match step.pause {
        Pause::UntilDeadline | Pause::JustBeforeDeadline => Move { pause: Pause::Millis(7), ..step },
        _ => step,
    }
}

fn play(config: latebind::Config, moves: impl IntoIterator<Item = Move>) -> Rig {
    let mut rig = Rig::new(config);
    for step in moves {
        // What is wrong with the pool is found elsewhere.
        if rig.play(&KEYS, &step).is_err() {
            break;
        }
    }
    rig
}

proptest! {
    #![proptest_config(settings())]

    #[test]
    fn a_run_and_its_moves_are_the_same(config in valid_config(), moves in any_run(3, 40, any_config())) {
        let first = play(config.clone(), moves.into_iter().map(in_milliseconds));
        let second = play(config, first.run().moves(KEYS.len()));
        let told = |rig: &Rig| rig.run().steps.iter().map(|step| (step.at, step.actions.clone())).collect::<Vec<_>>();
        prop_assert_eq!(told(&first), told(&second), "{}\n{}", first.run(), second.run());
    }
}

#[test]
fn a_script_becomes_moves_among_those_who_are_there() {
    let mut rig = Rig::new(latebind::Config::default().max_connections_per_key(1));
    rig.request("r1", "x").gives("r1 waits, dial x1");
    rig.at(20).request("r2", "x").gives("r2 waits");
    rig.at(30_000).dialed("x1").gives("r1 fails: timeout, r2 gets x1 (other dial)");
    let moves = rig.run().moves(2);
    let shown: Vec<String> = moves.iter().map(|step| format!("{:?} {:?}", step.pause, step.deed)).collect();
    let expected = [
        "None Request { key: 0, level: 3, deadline: None }",
        "Millis(20) Request { key: 0, level: 3, deadline: None }",
        "UntilDeadline Dialed(Fit(0), 1)",
    ];
    assert_eq!(shown, expected);
}
