//! The tables as docs/STATES.md has them.

/// Rows of cells; the first row has the events, the first cell of the others the states.
pub(crate) struct Table(Vec<Vec<String>>);

impl Table {
    pub(crate) fn events(&self) -> impl Iterator<Item = &str> {
        self.0[0].iter().skip(1).map(String::as_str)
    }

    pub(crate) fn states(&self) -> impl Iterator<Item = &str> {
        self.0.iter().skip(1).map(|row| row[0].as_str())
    }

    /// What the table says; panics if it says nothing.
    pub(crate) fn cell(&self, state: &str, event: &str) -> &str {
        let row = self.0.iter().find(|row| row[0] == state).unwrap_or_else(|| panic!("no row {state}"));
        let column = self.0[0].iter().position(|head| head == event);
        column.and_then(|column| row.get(column)).unwrap_or_else(|| panic!("no cell {state}, {event}"))
    }
}

/// The tables of events, in their order: those whose first cell is empty.
pub(crate) fn read() -> Vec<Table> {
    let text = include_str!("../../docs/STATES.md");
    let mut tables: Vec<Table> = Vec::new();
    let mut goes_on = false;
    for line in text.lines() {
        let Some(row) = line.strip_prefix('|').and_then(|line| line.strip_suffix('|')) else {
            goes_on = false;
            continue;
        };
        let row: Vec<String> = row.split('|').map(|cell| cell.trim().replace('`', "")).collect();
        if row[0].is_empty() {
            tables.push(Table(vec![row]));
            goes_on = true;
        } else if goes_on && !row[0].starts_with("---") {
            tables[..].last_mut().expect("a table goes on").0.push(row);
        }
    }
    tables
}
