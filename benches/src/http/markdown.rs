//! The table of a page, written into it by the run itself: nobody copies figures by hand.

use std::fs;
use std::io::{self, ErrorKind};
use std::num::NonZero;
use std::path::Path;
use std::thread;

use super::figures::{Ratio, Round, Verdict, float, median};
use super::report::Comparison;
use super::scenario::{Pace, Scenario};
use super::{Measured, OWN};

/// What stands in a page before the table, and behind it.
const BEGIN: &str = "<!-- Written by `http --markdown`: -->";
const END: &str = "<!-- Until here. -->";

/// How it was measured.
pub(super) struct Run {
    pub(super) rounds: u32,
    pub(super) pace: Pace,
    pub(super) threads: u32,
    pub(super) go: String,
}

/// Whether a table can be written there.
pub(super) fn check(page: &Path) -> io::Result<()> {
    write_between(page, None)
}

pub(super) fn write(page: &Path, run: &Run, measured: &[(Scenario, Vec<Measured>)]) -> io::Result<()> {
    write_between(page, Some(&text(run, measured)))
}

/// Of a page that is not there yet, it is all.
fn write_between(page: &Path, text: Option<&str>) -> io::Result<()> {
    let whole = match fs::read_to_string(page) {
        Ok(whole) => whole,
        Err(error) if error.kind() == ErrorKind::NotFound => format!("{BEGIN}\n{END}\n"),
        Err(error) => return Err(error),
    };
    let parts = whole.split_once(BEGIN).and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    let Some((before, after)) = parts else {
        let why = format!("{} has no lines `{BEGIN}` and `{END}`", page.display());
        return Err(io::Error::new(ErrorKind::InvalidData, why));
    };
    match text {
        Some(text) => fs::write(page, format!("{before}{BEGIN}\n\n{text}\n{END}{after}")),
        None => Ok(()),
    }
}

/// A column, and how one client's figure is shown in it.
type Column = (&'static str, fn(&Round) -> f64, fn(f64) -> String);

const COLUMNS: [Column; 6] = [
    ("requests per second", |round| round.requests_per_second, rate),
    ("p50, ms", |round| round.p50_ms, milliseconds),
    ("p99, ms", |round| round.p99_ms, milliseconds),
    ("p99.9, ms", |round| round.p999_ms, milliseconds),
    ("connections made", |round| float(round.connections.made), count),
    ("open at once", |round| float(round.connections.peak), count),
];

fn text(run: &Run, measured: &[(Scenario, Vec<Measured>)]) -> String {
    let Run { rounds, pace: Pace { measure_ms, bursts }, threads, go } = run;
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    let clients: Vec<&str> = measured.iter().take(1).flat_map(|(_, all)| all).map(|one| one.client).collect();
    let mut lines = vec![
        format!(
            "Processors: {processors}; {go}; `--rounds {rounds} --measure-ms {measure_ms} --bursts {bursts} --threads {threads}`."
        ),
        format!("Each cell: {}.", clients.join(" / ")),
        String::new(),
    ];
    let titles: Vec<&str> = COLUMNS.iter().map(|(title, ..)| *title).collect();
    lines.push(format!("| scenario | {} | {OWN} |", titles.join(" | ")));
    lines.push("| --- ".repeat(COLUMNS.len() + 2) + "|");
    for (scenario, clients) in measured {
        let cells: Vec<String> = COLUMNS.iter().map(|column| cell(column, clients)).collect();
        lines.push(format!("| {scenario} | {} | {} |", cells.join(" | "), verdict(clients)));
    }
    lines.push(String::new());
    lines.join("\n")
}

/// All clients' medians.
fn cell((_, figure, shown): &Column, clients: &[Measured]) -> String {
    let of = |client: &Measured| match &client.rounds[..] {
        [] => "n/a".to_owned(),
        rounds => shown(median(rounds.iter().map(figure))),
    };
    clients.iter().map(of).collect::<Vec<_>>().join(" / ")
}

/// Against the best of the others, and who had errors.
fn verdict(clients: &[Measured]) -> String {
    let mut words = Vec::new();
    for (name, Ratio { times, verdict }) in Comparison::new(clients).named() {
        let verdict = match verdict {
            Verdict::Ahead => "ahead",
            Verdict::Even => "even",
            Verdict::Behind => "**behind**",
        };
        words.push(format!("{name} {times:.2}× {verdict}"));
    }
    let mut parts = vec![words.join(", ")];
    for client in clients {
        let errors: u64 = client.rounds.iter().map(|round| round.errors).sum();
        if errors > 0 {
            parts.push(format!("{}: {errors} errors", client.client));
        }
    }
    parts.join("; ")
}

fn rate(value: f64) -> String {
    if value < 1e3 { format!("{value:.0}") } else { format!("{}k", three_digits(value / 1e3)) }
}

fn milliseconds(value: f64) -> String {
    three_digits(value)
}

fn count(value: f64) -> String {
    format!("{value:.0}")
}

/// More would be noise.
fn three_digits(value: f64) -> String {
    if value.is_infinite() {
        return "none".to_owned();
    }
    let decimals = if value < 10.0 { 2 } else { usize::from(value < 100.0) };
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::figures::Connections;
    use crate::http::protocol::Protocol;
    use crate::http::scenario::Scene;

    fn measured(client: &'static str, rates: &[f64], errors: u64) -> Measured {
        let round = |&requests_per_second: &f64| Round {
            requests_per_second,
            p50_ms: 0.123,
            p99_ms: 12.34,
            p999_ms: 567.8,
            processor_us: None,
            connections: Connections { made: 5, peak: 2 },
            errors,
        };
        Measured { client, rounds: rates.iter().map(round).collect(), first_error: None, not_available: None }
    }

    #[test]
    fn the_table_of_a_page_is_replaced_and_the_rest_stays() {
        let folder = std::env::temp_dir().join(format!("latebind-bench-markdown-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let page = folder.join("page.md");
        let scenario =
            Scenario { protocol: Protocol::H2c, callers: 64, scene: Scene::Steady, is_slow: false };
        let clients = vec![measured(OWN, &[1234.0], 0), measured("b", &[2468.0], 7), measured("c", &[], 0)];
        let run = Run {
            rounds: 1,
            pace: Pace { measure_ms: 10, bursts: 3 },
            threads: 2,
            go: "without Go".to_owned(),
        };

        fs::write(&page, "no place").unwrap();
        assert_eq!(check(&page).unwrap_err().kind(), ErrorKind::InvalidData);
        fs::write(&page, format!("before\n{BEGIN}\nold\n{END}\nbehind\n")).unwrap();
        check(&page).unwrap();
        write(&page, &run, &[(scenario, clients)]).unwrap();
        let written = fs::read_to_string(&page).unwrap();
        assert!(written.starts_with("before\n") && written.ends_with("\nbehind\n"), "{written}");
        assert!(!written.contains("old"), "{written}");
        let row = "| h2c, 64 callers, steady | 1.23k / 2.47k / n/a | 0.12 / 0.12 / n/a | 12.3 / 12.3 / n/a | 568 / 568 / n/a \
             | 5 / 5 / n/a | 2 / 2 / n/a | req/s 0.50× **behind**, p99 1.00× even; b: 7 errors |";
        assert!(written.contains(row), "{written}");

        let fresh = folder.join("fresh.md");
        check(&fresh).unwrap();
        assert!(!fresh.exists(), "to look changes nothing");
        write(&fresh, &run, &[]).unwrap();
        assert!(check(&fresh).is_ok());
        fs::remove_dir_all(&folder).unwrap();
    }
}
