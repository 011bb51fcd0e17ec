//! What is shown in the end, and written down.

use std::fs::File;
use std::io;
use std::path::Path;
use std::thread;

use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;

use super::figures::{Figure, Ratio, Rounds, ratio};
use super::goals::{Goal, Outcome, Verdict};
use super::peers::Kind;
use super::scenarios::Scenario;

/// A scenario, and what came of it.
pub(crate) struct Measured {
    pub(crate) scenario: &'static Scenario,
    pub(crate) pools: Vec<Rounds>,
}

/// Of what run the figures are.
#[derive(Serialize)]
pub(crate) struct About {
    rounds: u32,
    quick: bool,
    processors: usize,
    versions: Vec<String>,
}

pub(crate) fn about(rounds: u32, quick: bool) -> About {
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let versions =
        ["bb8", "deadpool", "mobc", "fast_pool", "hyper-util", "r2d2", "tokio"].map(version).to_vec();
    About { rounds, quick, processors, versions }
}

/// With its version, as it was built.
fn version(name: &str) -> String {
    const LOCK: &str = include_str!("../../../Cargo.lock");
    let (_, package) = LOCK.split_once(&format!("name = \"{name}\"\nversion = \"")).unwrap_or_default();
    format!("{name} {}", package.split('"').next().unwrap_or_default())
}

/// All tables, with their goals.
pub(crate) fn markdown(about: &About, measured: &[Measured]) -> String {
    let About { rounds, quick, processors, versions } = about;
    let quick = if *quick { ", `--quick`" } else { "" };
    let mut parts = vec![format!(
        "Medians of {rounds} interleaved rounds{quick} on {processors} processors; in parentheses, the quartiles of the \
         ratios within each round. Compare within one table only. Beside {}.",
        versions.join(", ")
    )];
    for measured in measured {
        let Scenario { title, shows, left_out, goals, .. } = measured.scenario;
        parts.extend([format!("### {title}"), (*shows).to_owned(), table(measured).to_string()]);
        if !left_out.is_empty() {
            parts.push(format!("Left out: {}.", self::left_out(measured.scenario)));
        }
        if !goals.is_empty() {
            parts.push(goals_table(measured).to_string());
        }
    }
    parts.push(summary(measured));
    parts.join("\n\n") + "\n"
}

fn left_out(scenario: &Scenario) -> String {
    let told = |(kind, why): &(Kind, &str)| format!("{} ({why})", kind.name());
    scenario.left_out.iter().map(told).collect::<Vec<_>>().join(", ")
}

fn new_table(header: Vec<String>) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::ASCII_MARKDOWN).set_header(header);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn table(Measured { scenario, pools }: &Measured) -> Table {
    let mut header = vec!["pool".to_owned()];
    for figure in scenario.figures {
        header.push(figure.name.to_owned());
        header.extend(figure.limit.map(|limit| format!("× {}", limit.name())));
    }
    let mut table = new_table(header);
    for pool in pools {
        let mut row = vec![pool.kind.name().to_owned()];
        for (place, figure) in scenario.figures.iter().enumerate() {
            row.extend(cells(pool, pools, place, figure));
        }
        table.add_row(row);
    }
    table
}

/// The median or the word, and the ratio to the limit if there is one.
fn cells(pool: &Rounds, pools: &[Rounds], place: usize, figure: &Figure) -> Vec<String> {
    let decimals = figure.decimals;
    let value = match pool.median(place) {
        Some(number) if number.is_infinite() => "∞".to_owned(),
        Some(number) => format!("{number:.decimals$}"),
        None => pool.word(place).unwrap_or_default(),
    };
    let mut cells = vec![value];
    if figure.limit.is_some() {
        let ratio = ratio_to_limit(pool, pools, place, figure);
        cells.push(ratio.map_or_else(|| "n/a".to_owned(), |ratio| told(&ratio)));
    }
    cells
}

/// `None` if the limit did not take part, or there is none.
fn ratio_to_limit(pool: &Rounds, pools: &[Rounds], place: usize, figure: &Figure) -> Option<Ratio> {
    let limit = pools.iter().find(|other| Some(other.kind) == figure.limit)?;
    ratio(pool, limit, place)
}

fn told(Ratio { times, spread: (low, high) }: &Ratio) -> String {
    if times.is_finite() { format!("{times:.2} ({low:.2}–{high:.2})") } else { "∞".to_owned() }
}

/// In words: `latebind-tokio: ns ≤ 2 × Mutex and Vec`.
fn in_words(scenario: &Scenario, goal: &Goal) -> String {
    format!("{}: {} {}", goal.who.name(), scenario.figures[goal.figure].name, goal.bound)
}

fn goals_table(Measured { scenario, pools }: &Measured) -> Table {
    let mut table = new_table(["goal", "seen", "verdict"].map(str::to_owned).to_vec());
    for goal in scenario.goals {
        let Verdict { seen, outcome } = goal.judge(pools);
        table.add_row([in_words(scenario, goal), seen, outcome.to_string()]);
    }
    table
}

/// How many goals are met, and which are not.
fn summary(measured: &[Measured]) -> String {
    let mut missed = Vec::new();
    let (mut met, mut open) = (0, 0);
    for Measured { scenario, pools } in measured {
        for goal in scenario.goals {
            let Verdict { seen, outcome } = goal.judge(pools);
            match outcome {
                Outcome::Met => met += 1,
                Outcome::Open => open += 1,
                Outcome::Missed => {
                    missed.push(format!("- {}: {}: {seen}", scenario.title, in_words(scenario, goal)));
                }
            }
        }
    }
    let all = met + open + missed.len();
    let open = if open > 0 { format!(", {open} open") } else { String::new() };
    let missed = if missed.is_empty() { String::new() } else { format!(" Missed:\n\n{}", missed.join("\n")) };
    format!("### Goals\n\n{met} of {all} met{open}.{missed}")
}

const BEGIN: &str = "<!-- figures: written by the program -->\n";
const END: &str = "<!-- end of the figures -->\n";

/// `page` with the tables between its marks; the tables alone if it has none.
pub(crate) fn in_page(page: &str, tables: &str) -> String {
    let parts = page.split_once(BEGIN).and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    let (before, after) = parts.unwrap_or_default();
    format!("{before}{BEGIN}\n{tables}\n{END}{after}")
}

#[derive(Serialize)]
struct Written<'a> {
    about: &'a About,
    scenarios: Vec<WrittenScenario<'a>>,
}

#[derive(Serialize)]
struct WrittenScenario<'a> {
    name: &'a str,
    title: &'a str,
    figures: Vec<&'a str>,
    pools: Vec<WrittenPool<'a>>,
    left_out: &'a [(Kind, &'a str)],
    goals: Vec<(String, Verdict)>,
}

#[derive(Serialize)]
struct WrittenPool<'a> {
    pool: Kind,
    /// In the order of the figures, of each round.
    rounds: &'a [Vec<super::figures::Measure>],
    medians: Vec<Option<f64>>,
    /// To the limit of the figure, if it has one.
    ratios: Vec<Option<Ratio>>,
}

/// Writes down every round. What is infinite is null.
pub(crate) fn write_json(file: &Path, about: &About, measured: &[Measured]) -> io::Result<()> {
    let scenarios = measured.iter().map(written).collect();
    Ok(serde_json::to_writer_pretty(File::create(file)?, &Written { about, scenarios })?)
}

fn written(Measured { scenario, pools }: &Measured) -> WrittenScenario<'_> {
    let pool = |pool| written_pool(pool, pools, scenario.figures);
    WrittenScenario {
        name: scenario.name,
        title: scenario.title,
        figures: scenario.figures.iter().map(|figure| figure.name).collect(),
        pools: pools.iter().map(pool).collect(),
        left_out: scenario.left_out,
        goals: scenario.goals.iter().map(|goal| (in_words(scenario, goal), goal.judge(pools))).collect(),
    }
}

fn written_pool<'a>(pool: &'a Rounds, pools: &[Rounds], figures: &[Figure]) -> WrittenPool<'a> {
    let places = || 0..figures.len();
    WrittenPool {
        pool: pool.kind,
        rounds: &pool.rounds,
        medians: places().map(|place| pool.median(place)).collect(),
        ratios: places().map(|place| ratio_to_limit(pool, pools, place, &figures[place])).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pools::scenarios;

    fn measured(name: &str, pools: &[(Kind, &[f64])]) -> Measured {
        let scenario = scenarios::ALL.iter().find(|scenario| scenario.name == name).unwrap();
        let rounds = |&(kind, numbers): &(Kind, &[f64])| Rounds {
            kind,
            rounds: numbers.iter().map(|&number| vec![number.into()]).collect(),
        };
        Measured { scenario, pools: pools.iter().map(rounds).collect() }
    }

    #[test]
    fn tables_tell_medians_ratios_and_verdicts() {
        let measured = measured(
            "get-and-drop",
            &[
                (Kind::Latebind, &[90.0, 100.0, 300.0]),
                (Kind::HyperUtil, &[110.0, 110.0, 110.0]),
                (Kind::MutexVec, &[30.0, 40.0, 50.0]),
            ],
        );
        let text = markdown(&about(3, true), &[measured]);
        let cells = |line: &str| line.split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
        let row =
            |start: &str| cells(text.lines().find(|line| line.starts_with(start)).unwrap())[1..4].to_vec();
        assert_eq!(row("| latebind-tokio "), ["latebind-tokio", "100", "2.50 (2.75–4.50)"]);
        assert_eq!(row("| Mutex and Vec "), ["Mutex and Vec", "40", "1.00 (1.00–1.00)"]);
        assert_eq!(
            row("| latebind-tokio: ns ≤ 2"),
            ["latebind-tokio: ns ≤ 2 × Mutex and Vec", "2.50 ×", "MISSED"]
        );
        assert_eq!(
            row("| latebind-tokio: ns less"),
            ["latebind-tokio: ns less than hyper-util cache", "0.91 ×", "met"]
        );
        assert!(text.ends_with(
            "1 of 2 met. Missed:\n\n- Get and drop, as shipped: latebind-tokio: ns ≤ 2 × Mutex and Vec: 2.50 ×\n"
        ));
        assert!(text.contains("bb8 0."), "{text}");
    }

    #[test]
    fn a_page_keeps_what_stands_around_its_tables() {
        let page = in_page("", "old");
        assert_eq!(
            in_page(&format!("above\n{page}below\n"), "new"),
            format!("above\n{}below\n", in_page("", "new"))
        );
    }
}
