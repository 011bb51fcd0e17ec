//! Pools side by side, in one process, in turns.
//!
//! Absolute times mean little on a shared machine: what counts is the ratio to the bare limit, and to the other pools,
//! within one scenario of one run.

mod allocations;
mod dialer;
mod figures;
mod goals;
mod harness;
mod peers;
mod report;
mod scenarios;
mod threads;

use std::fs;
use std::io;
use std::path::PathBuf;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use figures::Rounds;
use peers::Kind;
use report::Measured;
use scenarios::{Scale, Scenario};

/// What is measured, and how often.
#[derive(Args)]
#[command(after_long_help = scenarios_help())]
pub(crate) struct Options {
    /// Smaller and fewer rounds: less than a minute instead of about five.
    #[arg(long)]
    quick: bool,
    /// How many rounds; all pools take their turns in each, and the medians count. Default: 21, or 5 with `--quick`;
    /// scenarios that tell outcomes and no speed have three at most.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: Option<u32>,
    /// Only scenarios whose names contain one of these: see below, with `--help`.
    #[arg(long, value_delimiter = ',', value_name = "PART")]
    only: Vec<String>,
    /// Only these pools. Ratios and goals need those that they compare with.
    #[arg(long, value_delimiter = ',', value_name = "POOL")]
    pools: Vec<Kind>,
    /// All rounds are written here, too, as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// The tables are written here, too, as Markdown: between the marks of a page that has them, else as a file of
    /// their own.
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
}

/// Rounds of a scenario whose outcome is the same however quick the machine is.
const OUTCOME_ROUNDS: u32 = 3;

pub(crate) fn run(options: &Options) -> io::Result<()> {
    let (scale, rounds) = if options.quick { (Scale::QUICK, 5) } else { (Scale::FULL, 21) };
    let rounds = options.rounds.unwrap_or(rounds);
    let plan = plan(options);
    if plan.is_empty() {
        return Err(io::Error::other("no scenario with such a name has such a pool: see `pools --help`"));
    }
    let measured = measure(&plan, rounds, &scale)?;
    let about = report::about(rounds, options.quick);
    let tables = report::markdown(&about, &measured);
    println!("{tables}");
    if let Some(file) = &options.json {
        report::write_json(file, &about, &measured)?;
    }
    if let Some(file) = &options.markdown {
        let page = fs::read_to_string(file).unwrap_or_default();
        fs::write(file, report::in_page(&page, &tables))?;
    }
    Ok(())
}

/// Which scenarios, with whom.
fn plan(options: &Options) -> Vec<(&'static Scenario, Vec<Kind>)> {
    let is_wanted = |scenario: &&Scenario| {
        options.only.is_empty() || options.only.iter().any(|part| scenario.name.contains(part.as_str()))
    };
    let takes_part = |kind: &Kind| options.pools.is_empty() || options.pools.contains(kind);
    let with_pools = |scenario: &'static Scenario| {
        (scenario, scenario.who.iter().copied().filter(takes_part).collect::<Vec<_>>())
    };
    let scenarios = scenarios::ALL.iter().filter(is_wanted).map(with_pools);
    scenarios.filter(|(_, who)| !who.is_empty()).collect()
}

fn measure(plan: &[(&'static Scenario, Vec<Kind>)], rounds: u32, scale: &Scale) -> io::Result<Vec<Measured>> {
    let rounds_of =
        |scenario: &Scenario| if scenario.is_outcome { rounds.min(OUTCOME_ROUNDS) } else { rounds };
    let steps = plan.iter().map(|(scenario, who)| u64::from(rounds_of(scenario)) * who.len() as u64).sum();
    let progress = ProgressBar::new(steps);
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {msg} ({eta})");
    progress.set_style(style.map_err(io::Error::other)?);
    let mut measured = Vec::new();
    for (scenario, who) in plan {
        progress.set_message(scenario.name);
        if progress.is_hidden() {
            eprintln!("{}", scenario.name);
        }
        measured
            .push(Measured { scenario, pools: play(scenario, who, rounds_of(scenario), scale, &progress) });
    }
    progress.finish_and_clear();
    Ok(measured)
}

fn play(
    scenario: &Scenario,
    who: &[Kind],
    rounds: u32,
    scale: &Scale,
    progress: &ProgressBar,
) -> Vec<Rounds> {
    let mut pools: Vec<_> = who.iter().map(|&kind| Rounds { kind, rounds: Vec::new() }).collect();
    for round in 0..rounds as usize {
        // Nobody is always the first one.
        for turn in 0..pools.len() {
            let pool = &mut pools[(turn + round) % who.len()];
            pool.rounds.push((scenario.play)(pool.kind, scale));
            progress.inc(1);
        }
    }
    pools
}

fn scenarios_help() -> String {
    let told = |Scenario { name, shows, .. }: &Scenario| format!("  {name}\n          {shows}");
    format!("Scenarios:\n\n{}", scenarios::ALL.iter().map(told).collect::<Vec<_>>().join("\n\n"))
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;
    use crate::pools::figures::Measure;

    /// All that every pool does, in small.
    #[test]
    fn every_scenario_runs_with_every_pool() {
        for scenario in scenarios::ALL {
            for &kind in scenario.who {
                let round = (scenario.play)(kind, &Scale::TINY);
                assert_eq!(round.len(), scenario.figures.len(), "{}: {}", scenario.name, kind.name());
                for measure in round {
                    let is_sound =
                        !matches!(measure, Measure::Number(number) if number.is_nan() || number < -16.0);
                    assert!(is_sound, "{}: {}: {measure:?}", scenario.name, kind.name());
                }
            }
        }
    }

    fn play_tiny(name: &str, kind: Kind) -> Vec<Measure> {
        let scenario = scenarios::ALL.iter().find(|scenario| scenario.name == name).unwrap();
        (scenario.play)(kind, &Scale::TINY)
    }

    /// What does not depend on the machine: the clock jumps.
    #[test]
    fn outcomes_are_told_apart() {
        let late = |kind| play_tiny("late-binding", kind);
        assert_eq!(late(Kind::Latebind), [Measure::Number(20.0), "kept".into()]);
        assert_eq!(late(Kind::SemaphoreAndVec), [Measure::Number(200.0), "aborted".into()]);
        let stampede = |kind| play_tiny("stampede", kind)[..4].to_vec();
        assert_eq!(stampede(Kind::Latebind), [10.0, 10.0, 0.0, 0.0].map(Measure::from));
        assert_eq!(stampede(Kind::HyperUtil), [30.0, 30.0, 0.0, 5.0].map(Measure::from));
        let failure = |kind| play_tiny("dial-failure", kind);
        assert_eq!(failure(Kind::Latebind), [Measure::Number(5.0), "told".into()]);
        assert_eq!(failure(Kind::Bb8), [Measure::Number(2000.0), "not told".into()]);
    }

    #[test]
    fn each_pool_takes_part_or_is_left_out_for_a_reason() {
        for scenario in scenarios::ALL {
            let is_on_threads = scenario.who[0].is_on_threads();
            let out = |kind| scenario.left_out.iter().any(|(left_out, _)| *left_out == kind);
            for &kind in Kind::value_variants().iter().filter(|kind| kind.is_on_threads() == is_on_threads) {
                // With text for a key, or without timeouts, only what those cost is of interest.
                let is_same = matches!(kind, Kind::LatebindKeyed | Kind::LatebindUntimed);
                let parts = u32::from(scenario.who.contains(&kind)) + u32::from(out(kind));
                assert!(parts == 1 || is_same && parts == 0, "{}: {}", scenario.name, kind.name());
            }
            assert!(scenario.goals.iter().all(|goal| goal.figure < scenario.figures.len()));
        }
    }

    #[test]
    fn filters_leave_what_was_asked_for() {
        let options = |only: &[&str], pools: &[Kind]| Options {
            quick: false,
            rounds: None,
            only: only.iter().map(ToString::to_string).collect(),
            pools: pools.to_vec(),
            json: None,
            markdown: None,
        };
        assert_eq!(plan(&options(&[], &[])).len(), scenarios::ALL.len());
        let plan = plan(&options(&["contended"], &[Kind::Bb8, Kind::MutexVec]));
        let names: Vec<_> = plan.iter().map(|(scenario, who)| (scenario.name, who.as_slice())).collect();
        assert_eq!(names, [("contended", &[Kind::Bb8][..]), ("contended-two-workers", &[Kind::Bb8])]);
    }
}
