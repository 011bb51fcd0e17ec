//! The figures as tables, for a screen or a page.

use comfy_table::presets::{ASCII_MARKDOWN, NOTHING};
use comfy_table::{CellAlignment, Table, TableComponent};

use super::command::Results;
use super::designs::Sharing;
use super::judge::Figures;
use super::trial::Trial;
use super::workload::Workload;
use crate::args::CoresOptions;
use crate::text::ratio;

/// For a screen.
pub fn screen(options: &CoresOptions, results: &Results) -> String {
    written(
        options,
        results,
        |title| format!("{title}\n"),
        |mut table| {
            table.load_preset(NOTHING).set_style(TableComponent::HeaderLines, '─');
            let lines: Vec<_> = table.lines().map(|line| format!("  {}", line.trim_end())).collect();
            lines.join("\n") + "\n"
        },
    )
}

/// For a page; says which command wrote it.
pub fn markdown(options: &CoresOptions, results: &Results) -> String {
    written(
        options,
        results,
        |title| format!("**{title}**\n"),
        |mut table| {
            table.load_preset(ASCII_MARKDOWN);
            table.to_string() + "\n"
        },
    )
}

fn written(
    options: &CoresOptions,
    results: &Results,
    title: impl Fn(&str) -> String,
    draw: impl Fn(Table) -> String,
) -> String {
    let mut parts = Vec::new();
    for workload in Workload::ALL {
        let line = format!("Million cycles per second, {} ({})", workload.name(), workload.words());
        parts.extend([title(&line), draw(rates(options, results, workload))]);
    }
    if let Some(cores) = options.sizes().into_iter().rev().find(|cores| *cores <= 64) {
        parts.extend([title(&format!("What it costs, on {cores} cores")), draw(costs(results, cores))]);
    }
    parts.join("\n")
}

/// A line for each number of cores, and one for where it saturates.
fn rates(options: &CoresOptions, results: &Results, workload: Workload) -> Table {
    let mut table = Table::new();
    table.set_header(["cores"].into_iter().chain(Sharing::ALL.map(Sharing::name)));
    let sizes = options.sizes();
    let rate = |cores, sharing| results.get(&(Trial { cores, workload }, sharing)).map_or(0.0, Figures::rate);
    for &cores in &sizes {
        let cell = |sharing| {
            let (rate, alone) = (rate(cores, sharing), rate(sizes[0], sharing));
            format!("{rate:.1} ({:.1} ×)", rate / alone)
        };
        table.add_row([cores.to_string()].into_iter().chain(Sharing::ALL.map(cell)));
    }
    let saturates = |sharing| {
        let rates: Vec<_> = sizes.iter().map(|cores| rate(*cores, sharing)).collect();
        saturation(&sizes, &rates).map_or("beyond".to_owned(), |cores| format!("at {cores}"))
    };
    table.add_row(["saturates".to_owned()].into_iter().chain(Sharing::ALL.map(saturates)));
    aligned(table, 1)
}

/// The first size from which on twice the cores do not bring a quarter more.
fn saturation(sizes: &[u32], rates: &[f64]) -> Option<u32> {
    let gains = |at: usize| rates[at + 1] >= 1.25 * rates[at];
    let last = (0..sizes.len().saturating_sub(1)).rev().take_while(|at| !gains(*at)).last();
    last.map(|at| sizes[at])
}

fn costs(results: &Results, cores: u32) -> Table {
    let mut table = Table::new();
    table.set_header([
        "workload",
        "design",
        "M cycles/s",
        "p99 wait",
        "max/min",
        "inversions",
        "dials",
        "wasted",
        "limits violated",
    ]);
    for workload in Workload::ALL {
        for sharing in Sharing::ALL {
            let Some(figures) = results.get(&(Trial { cores, workload }, sharing)) else { continue };
            let per_mille = 1e3 * ratio(figures.inversions, figures.requests);
            table.add_row([
                workload.name().to_owned(),
                sharing.name().to_owned(),
                format!("{:.2}", figures.rate()),
                format!("{:.1} µs", ratio(figures.wait(99), 1_000)),
                if figures.fewest == 0 { "starved".to_owned() } else { format!("{:.2}", figures.spread()) },
                if figures.inversions == 0 { "0".to_owned() } else { format!("{per_mille:.2} ‰") },
                figures.dials.to_string(),
                figures.wasted_dials.to_string(),
                figures.violations.to_string(),
            ]);
        }
    }
    aligned(table, 2)
}

/// Figures to the right of so many columns of names.
fn aligned(mut table: Table, names: usize) -> Table {
    for column in table.column_iter_mut().skip(names) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::saturation;

    #[test]
    fn it_saturates_where_it_gains_no_more() {
        let sizes = [1, 2, 4, 8];
        assert_eq!(saturation(&sizes, &[1.0, 2.0, 2.1, 2.1]), Some(2));
        assert_eq!(saturation(&sizes, &[1.0, 1.1, 2.1, 4.2]), None, "a weak start is no end");
        assert_eq!(saturation(&sizes, &[1.0, 0.9, 0.9, 0.9]), Some(1));
    }
}
