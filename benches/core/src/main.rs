//! Counts what the core's operations cost, and compares with the committed `figures.toml`.
//!
//! Instructions are counted by valgrind's callgrind, which needs `valgrind` and `gungraun-runner` on the path; that of
//! a busy machine counts the same. Fails if something costs more than before, or allocates.

mod comparison;
mod count;
mod figures;
mod table;

use std::process::ExitCode;

use clap::Parser;
use comparison::Comparison;
use figures::Figures;

/// Counts instructions, allocations and bytes of latebind's core, and compares with the committed figures.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Writes what was counted to `figures.toml`.
    #[arg(long)]
    update: bool,
}

/// The command that a failed check names.
const UPDATE: &str = "cargo run --release -p latebind-core-costs -- --update";

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let allocations = count::allocations();
    let now = Figures::count()?;
    let committed = match Figures::read() {
        Err(_) if arguments.update => now.clone(),
        committed => committed?,
    };
    let comparison = Comparison::new(&committed, &now, &allocations)?;
    println!("{}", table::of(&comparison));
    if arguments.update {
        now.write()?;
        println!("Written to {}.", figures::PATH);
        return Ok(if comparison.allocates() { ExitCode::FAILURE } else { ExitCode::SUCCESS });
    }
    println!("{}", comparison.verdict());
    Ok(if comparison.is_failed() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
