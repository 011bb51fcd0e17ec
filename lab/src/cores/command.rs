//! The command: runs the trials, shows progress, and tells what came of them.

use std::collections::BTreeMap;
use std::fs;
use std::io::{IsTerminal, Write, stderr};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use indicatif::{ProgressBar, ProgressStyle};

use super::designs::Sharing;
use super::judge::Figures;
use super::trial::Trial;
use super::workload::Workload;
use super::{picture, report};
use crate::args::CoresOptions;

/// Between two lines of progress, where there is no terminal.
const EVERY: Duration = Duration::from_secs(5);

/// What came of all trials.
pub type Results = BTreeMap<(Trial, Sharing), Figures>;

/// Runs all trials and writes what came of them to `out`.
///
/// # Errors
///
/// If a limit was violated or a request not answered, or an I/O error.
pub fn run(options: &CoresOptions, out: &mut impl Write) -> anyhow::Result<()> {
    let began = Instant::now();
    let results = simulate(options, &Progress::new(trials(options).len()));
    writeln!(out, "{}", report::screen(options, &results))?;
    writeln!(out, "The same seed, the same figures; {} ms of computing.", began.elapsed().as_millis())?;
    if let Some(path) = &options.markdown {
        fs::write(path, report::markdown(options, &results)).with_context(|| path.display().to_string())?;
    }
    if let Some(path) = &options.picture {
        let svg = picture::draw(options, &results)?;
        fs::write(path, svg).with_context(|| path.display().to_string())?;
    }
    for ((trial, sharing), figures) in &results {
        let place = || format!("{}, {}, {} cores", sharing.name(), trial.workload.name(), trial.cores);
        ensure!(figures.violations == 0, "{}: {} limits violated", place(), figures.violations);
        ensure!(figures.unanswered == 0, "{}: {} requests never answered", place(), figures.unanswered);
    }
    Ok(())
}

fn trials(options: &CoresOptions) -> Vec<(Trial, Sharing)> {
    let mut trials = Vec::new();
    // The largest first, so that no thread is left alone with one of them at the end.
    for &cores in options.sizes().iter().rev() {
        for workload in Workload::ALL {
            trials.extend(Sharing::ALL.map(|sharing| (Trial { cores, workload }, sharing)));
        }
    }
    trials
}

/// All trials, on so many threads; the figures do not depend on their number.
pub fn simulate(options: &CoresOptions, progress: &Progress) -> Results {
    let trials = trials(options);
    let (next, results) = (AtomicUsize::new(0), Mutex::new(Results::new()));
    thread::scope(|scope| {
        for _ in 0..options.threads {
            scope.spawn(|| {
                while let Some((trial, sharing)) = trials.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let figures = sharing.run(trial, &options.machine, &options.course);
                    if let Ok(mut results) = results.lock() {
                        results.insert((*trial, *sharing), figures);
                        progress.trial(results.len());
                    }
                }
            });
        }
    });
    results.into_inner().unwrap_or_default()
}

/// A bar on a terminal, a line now and then elsewhere.
pub struct Progress {
    bar: Option<ProgressBar>,
    told: Mutex<Instant>,
    trials: usize,
}

impl Progress {
    /// For so many trials.
    pub fn new(trials: usize) -> Self {
        let bar = stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{bar:40} {pos}/{len} trials, {eta} left");
            ProgressBar::new(trials as u64).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        Self { bar, told: Mutex::new(Instant::now()), trials }
    }

    fn trial(&self, done: usize) {
        if let Some(bar) = &self.bar {
            bar.set_position(done as u64);
            if done == self.trials {
                bar.finish_and_clear();
            }
            return;
        }
        let Ok(mut told) = self.told.lock() else { return };
        if told.elapsed() >= EVERY {
            *told = Instant::now();
            eprintln!("{done}/{} trials", self.trials);
        }
    }
}
