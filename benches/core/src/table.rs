//! The table on the screen.

use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{CellAlignment, Table};

use crate::comparison::{Comparison, Row, percent};

pub(crate) fn of(comparison: &Comparison) -> Table {
    let mut table = Table::new();
    table.load_preset(UTF8_HORIZONTAL_ONLY);
    table.set_header(["", "size", "committed", "now", "change", "beside size 1", "goal", "allocations", ""]);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    for row in &comparison.rows {
        let mark = if comparison.has_grown(row) { "!" } else { "" };
        table.add_row([
            row.name.clone(),
            row.size.to_string(),
            row.committed.map_or("none".to_owned(), |count| count.to_string()),
            format!("{} {}", row.now, if row.allocations.is_some() { "instr" } else { "bytes" }),
            row.change().map(signed).unwrap_or_default(),
            row.smallest.map(|smallest| signed(percent(smallest, row.now))).unwrap_or_default(),
            goal(row),
            row.allocations.map(|count| count.to_string()).unwrap_or_default(),
            mark.to_owned(),
        ]);
    }
    table
}

fn signed(percent: f64) -> String {
    format!("{percent:+.1} %")
}

fn goal(row: &Row) -> String {
    row.goal
        .map(|goal| format!("≤ {goal}{}", if row.now > goal { ", missed" } else { "" }))
        .unwrap_or_default()
}
