//! The simulation in its short form, and that it can fail.

use std::process::{Command, Output};

use latebind::Source;
use latebind_lab::simulate::culprit::Case;
use latebind_lab::simulate::faults::Fault;
use latebind_lab::simulate::fleet::{Fleet, Outcome};
use latebind_lab::simulate::judge::Kind;
use latebind_lab::simulate::kinds::{ACTIONS, ERRORS, EVENTS, MISUSES, REASONS};
use latebind_lab::simulate::tally::Rarity;
use latebind_lab::simulate::world::{Manner, Planted};

/// Enough to meet everything once; the long form has thousands.
const SEEDS: Fleet = Fleet { first: 1, seeds: 100, threads: 2, manner: BRIEF };

const BRIEF: Manner = Manner { with_model: true, planted: None, most_events: 2_500 };

const WITHOUT_MODEL: Manner = Manner { with_model: false, ..BRIEF };

fn run(fleet: Fleet) -> Outcome {
    fleet.run(&|_| ())
}

#[test]
fn dozens_of_worlds_show_nothing_wrong_and_everything_is_met_in_them() {
    let Outcome { tally, failure } = run(SEEDS);
    if let Some((seed, _)) = failure {
        let culprit = Case { seed, manner: BRIEF }.record().shrink().expect("it fails again");
        panic!("seed {seed}: {culprit}");
    }
    let met = [
        missing(&EVENTS, &tally.told),
        missing(&ACTIONS, &tally.done),
        missing(&Source::ALL, &tally.sources),
        missing(&ERRORS, &tally.errors),
        missing(&REASONS, &tally.reasons),
        missing(&MISUSES, &tally.refused),
        missing(&Fault::ALL, &tally.struck),
        missing(&Rarity::ALL, &tally.rare),
    ];
    assert!(met.concat().is_empty(), "never met: {}", met.concat().join(", "));
    assert!(tally.large > 0, "no large world");
}

fn missing(kinds: &[impl std::fmt::Debug], counts: &[u64]) -> Vec<String> {
    let never = kinds.iter().zip(counts).filter(|(_, count)| **count == 0);
    never.map(|(kind, _)| format!("{kind:?}")).collect()
}

#[test]
fn what_comes_out_does_not_depend_on_the_number_of_threads() {
    let seeds = Fleet { seeds: 12, manner: WITHOUT_MODEL, ..SEEDS };
    let [one, three] = [1, 3].map(|threads| run(Fleet { threads, ..seeds }).tally);
    assert_eq!(one, three);
    assert_ne!(one.digest, run(Fleet { first: 2, ..seeds }).tally.digest, "other seeds, other runs");
}

#[test]
fn a_recorded_world_is_replayed_by_its_script_alone() {
    for seed in 1..6 {
        let recorded = Case { seed, manner: WITHOUT_MODEL }.record();
        assert!(recorded.run.steps.len() > 100, "seed {seed}");
        recorded.run.replay().unwrap_or_else(|divergence| panic!("seed {seed}: {divergence}"));
    }
}

/// The search itself is tested: a driver that is broken on purpose must be found, and with a script to look at.
fn find(planted: Planted) -> latebind_lab::simulate::culprit::Culprit {
    let manner = Manner { planted: Some(planted), ..WITHOUT_MODEL };
    let (seed, _) = run(Fleet { manner, ..SEEDS }).failure.expect("it is found");
    Case { seed, manner }.record().shrink().expect("it fails again")
}

#[test]
fn a_driver_that_swallows_a_dial_is_found_and_shown_in_one_event() {
    let culprit = find(Planted::SwallowedDial);
    assert_eq!(culprit.complaint.kind, Kind::Restless);
    assert_eq!(culprit.run.steps.len(), 1, "{culprit}");
    assert!(culprit.shows.text.contains("1 dialing"), "{culprit}");
}

#[test]
fn a_driver_that_gives_back_what_others_have_is_found_and_shown_in_a_few_events() {
    let culprit = find(Planted::ReturnedTwice);
    assert!(matches!(culprit.complaint.kind, Kind::Refused(_)), "{culprit}");
    assert!(culprit.run.steps.len() <= 5, "{culprit}");
    assert!(culprit.shows.text.contains("is not on lease"), "{culprit}");
}

fn lab(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_latebind-lab")).args(arguments).output().expect("the program starts")
}

#[test]
fn a_seed_is_shown_the_same_every_time() {
    let [first, second] =
        [(); 2].map(|()| lab(&["simulate", "--seed", "7", "--script", "--no-model", "--events", "1000"]));
    assert!(first.status.success(), "{}", String::from_utf8_lossy(&first.stderr));
    assert_eq!(first.stdout, second.stdout);
    let text = String::from_utf8_lossy(&first.stdout);
    for words in ["request r0 for", "→ ", "drained", "deliveries by source", "digest"] {
        assert!(text.contains(words), "{words} in what is shown");
    }
}

#[test]
fn a_seed_that_fails_tells_its_script_and_the_command_that_shows_it_again() {
    let output =
        lab(&["simulate", "--seeds", "40", "--no-model", "--events", "2000", "--plant", "swallowed-dial"]);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("of which these show it"), "{text}");
    let command =
        text.lines().find_map(|line| line.trim().strip_prefix("cargo run --release -p latebind-lab -- "));
    let arguments: Vec<_> =
        command.expect("the command").split(' ').filter(|word| *word != "--script").collect();
    let again = lab(&arguments);
    assert_eq!(again.status.code(), Some(1), "{arguments:?}");
    assert!(String::from_utf8_lossy(&again.stdout).contains("of which these show it"), "{arguments:?}");
}
