//! The comparison as one table.

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, Table, TableComponent};
use latebind_tokio::Source;

use crate::outcome::Outcome;
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
    let mut table = Table::new();
    table.load_preset(NOTHING).set_style(TableComponent::HeaderLines, '─');
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

    use super::comparison;
    use crate::outcome::{Outcome, Served};

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
}
