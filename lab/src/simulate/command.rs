//! The command: runs the seeds, shows progress, and tells what came of it.

use std::io::{IsTerminal, Write, stderr};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::bail;
use indicatif::{ProgressBar, ProgressStyle};

use super::culprit::Case;
use super::fleet::{Fleet, Outcome};
use super::report;
use super::tally::Tally;
use super::world::Manner;
use crate::args::SimulateOptions;

/// Between two lines of progress, where there is no terminal.
const EVERY: Duration = Duration::from_secs(5);

/// Runs the simulation and writes what came of it to `out`.
///
/// # Errors
///
/// If a seed fails, or an I/O error.
pub fn run(options: &SimulateOptions, out: &mut impl Write) -> anyhow::Result<()> {
    match options.seed {
        Some(seed) => one(options, seed, out),
        None => many(options, out),
    }
}

/// One world; what is written is the same every time.
fn one(options: &SimulateOptions, seed: u64, out: &mut impl Write) -> anyhow::Result<()> {
    let fleet = fleet(options, seed, 1);
    if options.script {
        let recorded = Case { seed, manner: fleet.manner }.record();
        writeln!(out, "{}\n", recorded.run)?;
    }
    let outcome = fleet.run(&|_| ());
    writeln!(out, "{}", report::summary(&outcome.tally))?;
    tell_failure(options, &outcome, out)
}

fn many(options: &SimulateOptions, out: &mut impl Write) -> anyhow::Result<()> {
    let fleet = fleet(options, options.first, options.seeds);
    let progress = Progress::new(options.seeds);
    let outcome = fleet.run(&|tally| progress.world(tally));
    let took = progress.end();
    writeln!(out, "{}", report::summary(&outcome.tally))?;
    writeln!(out, "{}", report::speed(outcome.tally.events, took))?;
    tell_failure(options, &outcome, out)
}

fn fleet(options: &SimulateOptions, first: u64, seeds: u64) -> Fleet {
    let threads = if seeds == 1 { 1 } else { options.threads.into() };
    Fleet { first, seeds, threads, manner: manner(options) }
}

fn manner(options: &SimulateOptions) -> Manner {
    Manner { with_model: !options.no_model, planted: options.plant, most_events: options.events }
}

/// The shortest script that shows it, and how to run it again.
fn tell_failure(options: &SimulateOptions, outcome: &Outcome, out: &mut impl Write) -> anyhow::Result<()> {
    let Some((seed, complaint)) = &outcome.failure else { return Ok(()) };
    writeln!(out, "\nSeed {seed} fails. Looking for the shortest script that shows it ...\n")?;
    out.flush()?;
    let case = Case { seed: *seed, manner: manner(options) };
    match case.record().shrink() {
        Some(culprit) => writeln!(out, "{culprit}")?,
        None => writeln!(
            out,
            "{}\nbut it does not fail a second time: the run is not deterministic",
            complaint.text
        )?,
    }
    let planted = options.plant.map_or(String::new(), |plant| format!(" --plant {}", plant.name()));
    let model = if options.no_model { " --no-model" } else { "" };
    writeln!(out, "\nTo see it again, with the whole script:")?;
    let events =
        if options.events == u64::MAX { String::new() } else { format!(" --events {}", options.events) };
    let arguments = format!("--seed {seed} --script{model}{events}{planted}");
    writeln!(out, "    cargo run --release -p latebind-lab -- simulate {arguments}")?;
    bail!("seed {seed}: {}", complaint.text.lines().next().unwrap_or_default())
}

/// A bar on a terminal, a line now and then elsewhere.
struct Progress {
    began: Instant,
    bar: Option<ProgressBar>,
    state: Mutex<State>,
    seeds: u64,
}

struct State {
    worlds: u64,
    events: u64,
    told: Instant,
}

impl Progress {
    fn new(seeds: u64) -> Self {
        let began = Instant::now();
        let bar = stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{bar:40} {pos}/{len} worlds, {msg}, {eta} left");
            ProgressBar::new(seeds).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        Self { began, bar, state: Mutex::new(State { worlds: 0, events: 0, told: began }), seeds }
    }

    fn world(&self, tally: &Tally) {
        let Ok(mut state) = self.state.lock() else { return };
        state.worlds += 1;
        state.events += tally.events;
        let events = format!("{} events", report::number(state.events));
        if let Some(bar) = &self.bar {
            bar.set_message(events);
            bar.inc(1);
        } else if state.told.elapsed() >= EVERY {
            state.told = Instant::now();
            eprintln!(
                "{}/{} worlds, {events}, {} s",
                state.worlds,
                self.seeds,
                self.began.elapsed().as_secs()
            );
        }
    }

    fn end(&self) -> Duration {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        self.began.elapsed()
    }
}
