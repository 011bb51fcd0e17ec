//! Measures latebind: the core alone, and beside other pools in one run.
//!
//! Absolute times mean little on a shared machine: compare within one table, or count instructions.

mod core_cycle;
mod get_and_drop;

use clap::{Parser, Subcommand};

/// Measures latebind: the core alone, and beside other pools.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// The core alone: `Request` and `ConnIdle`, served from the parked connections of one key.
    ///
    /// To count instructions, run it under `valgrind --tool=callgrind` with two numbers of cycles: the
    /// difference of the totals, divided by the difference of the cycles, is one cycle.
    Core {
        /// How many connections are parked.
        #[arg(long, default_value_t = 1)]
        parked: u32,
        /// How many keys the parked connections belong to, in equal parts.
        #[arg(long, default_value_t = 1)]
        keys: u32,
        /// How often one is requested and given back.
        #[arg(long, default_value_t = 1_000_000)]
        cycles: u32,
    },
    /// On tokio: get a connection and drop it, one task, beside bb8, deadpool and a bare `Mutex<Vec>`.
    GetAndDrop {
        /// How many rounds; they are interleaved, and the median counts.
        #[arg(long, default_value_t = 31)]
        rounds: u32,
        /// Cycles in a round.
        #[arg(long, default_value_t = 100_000)]
        cycles: u32,
    },
}

fn main() {
    match Arguments::parse().what {
        What::Core { parked, keys, cycles } => core_cycle::run(parked, keys.max(1), cycles),
        What::GetAndDrop { rounds, cycles } => get_and_drop::run(rounds.max(1), cycles.max(1)),
    }
}
