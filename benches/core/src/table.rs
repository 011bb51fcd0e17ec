//! The table on the screen.

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, Table, TableComponent};

use crate::comparison::{Comparison, Row, percent};

pub(crate) fn of(comparison: &Comparison) -> Table {
    let mut table = Table::new();
    table.load_preset(NOTHING).set_style(TableComponent::HeaderLines, '─');
    table.set_header([
        "",
        "size",
        "committed",
        "now",
        "",
        "change",
        "beside size 1",
        "goal",
        "allocations",
        "",
    ]);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    for row in &comparison.rows {
        let mark = if comparison.has_grown(row) { "!" } else { "" };
        table.add_row([
            row.name.clone(),
            row.size.to_string(),
            row.committed.map_or("none".to_owned(), |count| count.to_string()),
            row.now.to_string(),
            if row.allocations.is_some() { "instructions" } else { "bytes" }.to_owned(),
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
