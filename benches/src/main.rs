//! Measures latebind: the core alone, and beside other pools in one run.
//!
//! Absolute times mean little on a shared machine: compare within one table, or count instructions.

mod core_steps;
mod get_and_drop;
mod http;

use std::io;

use clap::{Parser, Subcommand};
use core_steps::Step;

/// Measures latebind: the core alone, and beside other pools.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// The core alone: one kind of step in a world of so many keys, parked connections and waiters.
    ///
    /// To count instructions, run it under `valgrind --tool=callgrind` with two numbers of cycles: the
    /// difference of the totals, divided by the difference of the cycles, is one cycle.
    Core {
        /// What is measured.
        #[arg(value_enum)]
        step: Step,
        /// How many keys, parked connections and waiters there are, each.
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
        size: u32,
        /// How often it is done.
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
    /// HTTP clients side by side, over real sockets: latebind-hyper, hyper-util's, reqwest, and Go's where `go` is
    /// installed.
    Http(http::Options),
    /// The server of `http`.
    #[command(hide = true)]
    HttpServer {
        #[arg(long, default_value_t = 2)]
        threads: usize,
    },
    /// A client of `http`.
    #[command(hide = true)]
    HttpClient {
        #[arg(value_enum)]
        kind: http::Kind,
        #[arg(long, default_value_t = 2)]
        threads: usize,
    },
}

fn main() -> io::Result<()> {
    match Arguments::parse().what {
        What::Core { step, size, cycles } => core_steps::run(step, size, cycles),
        What::GetAndDrop { rounds, cycles } => get_and_drop::run(rounds.max(1), cycles.max(1)),
        What::Http(options) => http::run(&options)?,
        What::HttpServer { threads } => http::serve_server(threads)?,
        What::HttpClient { kind, threads } => http::serve_client(kind, threads)?,
    }
    Ok(())
}
