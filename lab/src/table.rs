//! The comparisons, each as one table.

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, Table, TableComponent};
use latebind_tokio::Source;

use crate::outcome::Outcome;
use crate::scene::Shown;
use crate::text::millis;

/// How connections came, in the words of the table.
const SOURCES: [(Source, &str); 4] = [
    (Source::Idle, "  an idle connection"),
    (Source::Returned, "  one that another request gave back"),
    (Source::OwnDial, "  the dial started for it"),
    (Source::OtherDial, "  a dial started for another request"),
];

/// Both pools side by side, a line for each figure.
pub fn comparison(late: &Outcome, own: &Outcome) -> String {
    let mut table = plain();
    table.set_header(["time to a connection", "late binding", "own dial only"]);
    table.add_row(["  mean".to_owned(), millis(late.mean_wait()), millis(own.mean_wait())]);
    for percent in [50, 95, 99] {
        table.add_row([format!("  p{percent}"), millis(late.wait(percent)), millis(own.wait(percent))]);
    }
    let mut counts = |label: &str, count: &dyn Fn(&Outcome) -> usize| {
        table.add_row([label.to_owned(), count(late).to_string(), count(own).to_string()]);
    };
    counts("dials made", &|outcome| outcome.dials);
    counts("connections at the peak", &|outcome| outcome.peak);
    counts("requests answered, each on", &Outcome::answered);
    for (source, label) in SOURCES {
        counts(label, &|outcome| outcome.came_from(source));
    }
    written(table)
}

/// What the scene has shown on each runtime, a line for each.
pub fn runtimes(scenes: &[(&str, Shown)]) -> String {
    let mut table = plain();
    table.set_header(["runtime", "/foo from", "/bar from", "/bar waited", "its own dial"]);
    for (name, Shown { first, second, wait, dial, .. }) in scenes {
        let second = if first == second { "the same".to_owned() } else { second.to_string() };
        table.add_row([(*name).to_owned(), first.to_string(), second, millis(*wait), millis(*dial)]);
    }
    written(table)
}

fn plain() -> Table {
    let mut table = Table::new();
    table.load_preset(NOTHING).set_style(TableComponent::HeaderLines, '─');
    table
}

/// Figures to the right, and the whole a bit indented.
fn written(mut table: Table) -> String {
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let lines: Vec<_> = table.lines().map(|line| format!("  {}", line.trim_end())).collect();
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use latebind_tokio::Source;

    use super::{comparison, runtimes};
    use crate::outcome::{Outcome, Served};
    use crate::scene::Shown;

    #[test]
    fn every_figure_stands_in_the_column_of_its_pool() {
        let served = |wait_ms, source| Served {
            wait: Duration::from_millis(wait_ms),
            source,
            lateness: Duration::ZERO,
        };
        let late = Outcome::new(&[served(1, Source::Idle), served(2, Source::Returned)], 3, 4);
        let own = Outcome::new(&[served(60, Source::OwnDial)], 5, 6);
        let table = comparison(&late, &own);
        let row = |label: &str| {
            let line = table.lines().find(|line| line.trim_start().starts_with(label)).expect(label);
            line.split_whitespace().rev().take(4).map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(row("mean"), ["ms", "60.0", "ms", "1.5"]);
        assert_eq!(row("p50"), ["ms", "60.0", "ms", "1.0"]);
        assert_eq!(row("p99"), ["ms", "60.0", "ms", "2.0"]);
        assert_eq!(row("dials made")[..2], ["5", "3"]);
        assert_eq!(row("connections at the peak")[..2], ["6", "4"]);
        assert_eq!(row("requests answered")[..2], ["1", "2"]);
        assert_eq!(row("one that another")[..2], ["0", "1"]);
        assert_eq!(row("the dial started for it")[..2], ["1", "0"]);
    }

    #[test]
    fn a_runtime_that_bound_early_would_stand_out() {
        let shown = |second: &str| Shown {
            first: "127.0.0.1:1".parse().unwrap(),
            second: second.parse().unwrap(),
            third: "127.0.0.1:3".parse().unwrap(),
            wait: Duration::from_millis(2),
            dial: Duration::from_millis(100),
        };
        let table = runtimes(&[("late", shown("127.0.0.1:1")), ("early", shown("127.0.0.1:2"))]);
        let rows: Vec<_> = table.lines().map(|row| row.split_whitespace().collect::<Vec<_>>()).collect();
        assert_eq!(rows[2], ["late", "127.0.0.1:1", "the", "same", "2.0", "ms", "100.0", "ms"]);
        assert_eq!(rows[3][..3], ["early", "127.0.0.1:1", "127.0.0.1:2"]);
    }
}
