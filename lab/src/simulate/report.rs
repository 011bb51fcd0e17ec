//! The summary: what was met, as tables that are pleasant to read.

use std::time::Duration;

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, Table, TableComponent};
use latebind::Source;

use super::faults::Fault;
use super::kinds::{ACTIONS, ERRORS, EVENTS, MISUSES, REASONS};
use super::tally::{Rarity, Tally};

/// A number with spaces between its thousands.
pub fn number(number: u64) -> String {
    let digits = number.to_string();
    let first = digits.len() % 3;
    let mut shown = digits[..first].to_owned();
    for place in (first..digits.len()).step_by(3) {
        if !shown.is_empty() {
            shown.push(' ');
        }
        shown.push_str(&digits[place..place + 3]);
    }
    shown
}

fn table(rows: impl IntoIterator<Item = (String, String)>, header: [&str; 2]) -> Vec<String> {
    let mut table = Table::new();
    table.load_preset(NOTHING).set_style(TableComponent::HeaderLines, '─');
    table.set_header(header);
    for (label, count) in rows {
        table.add_row([label, count]);
    }
    if let Some(column) = table.column_mut(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.lines().map(|line| line.trim_end().to_owned()).collect()
}

/// Two tables beside each other.
fn beside(left: &[String], right: &[String]) -> String {
    let width = left.iter().map(|line| line.chars().count()).max().unwrap_or(0) + 4;
    let mut text = String::new();
    for row in 0..left.len().max(right.len()) {
        let (left, right) =
            (left.get(row).map_or("", String::as_str), right.get(row).map_or("", String::as_str));
        text += format!("{left:width$}{right}").trim_end();
        text.push('\n');
    }
    text
}

fn rows(labels: impl IntoIterator<Item = String>, counts: &[u64]) -> Vec<(String, String)> {
    labels.into_iter().zip(counts).map(|(label, count)| (label, number(*count))).collect()
}

fn plain(labels: &[&str]) -> Vec<String> {
    labels.iter().map(|label| (*label).to_owned()).collect()
}

fn debug(labels: &[impl std::fmt::Debug]) -> Vec<String> {
    labels.iter().map(|label| format!("{label:?}")).collect()
}

/// What was met in all the worlds.
pub fn summary(tally: &Tally) -> String {
    let of = |labels, counts: &[u64], header| table(rows(labels, counts), header);
    let tables = [
        (
            of(plain(&EVENTS), &tally.told, ["events told", "times"]),
            of(plain(&ACTIONS), &tally.done, ["actions", "times"]),
        ),
        (
            of(debug(&Source::ALL), &tally.sources, ["deliveries by source", "times"]),
            of(debug(&ERRORS), &tally.errors, ["failed requests", "times"]),
        ),
        (
            of(debug(&REASONS), &tally.reasons, ["closes by reason", "times"]),
            of(plain(&MISUSES), &tally.refused, ["refused as misuse", "times"]),
        ),
        (
            faults(tally),
            of(
                Rarity::ALL.map(|rarity| rarity.label().to_owned()).to_vec(),
                &tally.rare,
                ["rare things", "times"],
            ),
        ),
    ];
    let mut text = String::new();
    for (left, right) in tables {
        text += &beside(&left, &right);
        text.push('\n');
    }
    text + &totals(tally)
}

fn faults(tally: &Tally) -> Vec<String> {
    let row = |fault: Fault| {
        let (times, worlds) = (tally.struck[fault as usize], tally.worlds_with[fault as usize]);
        (fault.label().to_owned(), format!("{} in {}", number(times), number(worlds)))
    };
    table(Fault::ALL.map(row), ["faults", "times, in worlds"])
}

fn totals(tally: &Tally) -> String {
    let checks = tally.checks_passed + tally.checks_failed;
    format!(
        "{} worlds ({} large), {} events, {} simulated\n\
         {} requests, {} waited; {} dials, {} opened, {} timed out; {} checks, {} failed\n\
         digest {:016x}",
        number(tally.worlds),
        number(tally.large),
        number(tally.events),
        days(tally.simulated_ms),
        number(tally.told[0]),
        number(tally.waited),
        number(tally.done[3]),
        number(tally.opened),
        number(tally.dials_timed_out),
        number(checks),
        number(tally.checks_failed),
        tally.digest,
    )
}

fn days(milliseconds: u64) -> String {
    let hours = milliseconds / 3_600_000;
    if hours < 48 { format!("{hours} hours") } else { format!("{} days", number(hours / 24)) }
}

/// How fast that was.
pub fn speed(events: u64, took: Duration) -> String {
    let per_second = u128::from(events) * 1_000 / took.as_millis().max(1);
    format!("{:.1} s, {} events per second", took.as_secs_f64(), number(per_second as u64))
}

#[cfg(test)]
mod tests {
    use super::{number, summary};
    use crate::simulate::tally::{Rarity, Tally};

    #[test]
    fn thousands_are_told_apart() {
        assert_eq!([0, 12, 999, 1_000, 1_234_567].map(number), ["0", "12", "999", "1 000", "1 234 567"]);
    }

    #[test]
    fn every_count_has_a_line_with_its_name() {
        let mut tally = Tally { events: 7_654_321, ..Tally::default() };
        for _ in 0..4_321 {
            tally.note(Rarity::Backup);
        }
        let text = summary(&tally);
        let has =
            |label: &str, count: &str| text.lines().any(|line| line.contains(label) && line.contains(count));
        assert!(has("backup dials", "4 321"), "{text}");
        assert!(has("events", "7 654 321"), "{text}");
    }
}
