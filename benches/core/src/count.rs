//! Counts everything there is to count.

use std::collections::BTreeMap;
use std::env;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use latebind_core_costs::{Holding, REPETITIONS, cases};
use serde_json::Value;

/// By name and size; for one operation, one connection, one waiter.
pub(crate) type Counts = BTreeMap<String, BTreeMap<u32, u64>>;

/// Allocations in all repetitions of each operation together. In the steady state, there is none.
pub(crate) fn allocations() -> Counts {
    let mut counts = Counts::new();
    for (operation, size) in cases() {
        let mut operate = operation.prepare(size);
        let counted = allocation_counter::measure(|| (0..REPETITIONS).for_each(|_| operate()));
        counts.entry(operation.name().to_owned()).or_default().insert(size, counted.count_total);
    }
    counts
}

pub(crate) fn bytes() -> Counts {
    let weigh = |holding: Holding| {
        let mut held = None;
        let counted = allocation_counter::measure(|| held = Some(holding.hold()));
        counted.bytes_current.unsigned_abs() / u64::from(Holding::COUNT)
    };
    let row = |holding: Holding| (holding.name().to_owned(), [(Holding::COUNT, weigh(holding))].into());
    Holding::ALL.into_iter().map(row).collect()
}

/// Runs `benches/instructions.rs`, and reads what gungraun prints: a line of JSON for each case.
pub(crate) fn instructions() -> anyhow::Result<Counts> {
    let mut bench = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()))
        .args(["bench", "--quiet", "--package", env!("CARGO_PKG_NAME"), "--bench", "instructions", "--"])
        .args(["--output-format=json", "--parallel=auto"])
        .stdout(Stdio::piped())
        .spawn()
        .context("cargo does not start")?;
    let output = bench.stdout.take().context("its output is piped")?;
    let cases = cases();
    let style = ProgressStyle::with_template("{bar:40} {pos} of {len} cases under callgrind, {elapsed}")?;
    let bar = ProgressBar::new(cases.len() as u64).with_style(style);
    let mut counts = Counts::new();
    for line in BufReader::new(output).lines() {
        let line = line?;
        if line.starts_with('{') {
            let (case, instructions) = read(&line).with_context(|| format!("gungraun wrote {line}"))?;
            let &(operation, size) = cases.get(case).context("gungraun tells of a case that is none")?;
            counts.entry(operation.name().to_owned()).or_default().insert(size, instructions);
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    let status = bench.wait()?;
    ensure!(
        status.success(),
        "the instructions could not be counted; CONTRIBUTING.md tells what must be installed"
    );
    Ok(counts)
}

/// The number of a case, and its instructions for one operation.
fn read(line: &str) -> anyhow::Result<(usize, u64)> {
    let summary: Value = serde_json::from_str(line)?;
    let id = summary["id"].as_str().context("no `id`")?;
    let case = id.rsplit_once('_').context("no number in `id`")?.1.parse()?;
    let total = summary.pointer("/profiles/0/data/total/metrics/Ir/values/new").and_then(Value::as_u64);
    let total = total.context("no instructions")?;
    ensure!(total > 0, "nothing was counted");
    let repetitions = u64::from(REPETITIONS);
    Ok((case, (total + repetitions / 2) / repetitions))
}
