//! Measures latebind beside other pools in one run.
//!
//! Absolute times mean little on a shared machine: compare within one table. Instructions of the core are counted by
//! `latebind-core-costs`.

mod get_and_drop;
mod http;

use std::io;

use clap::{Parser, Subcommand};

/// Measures latebind beside other pools.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
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
        What::GetAndDrop { rounds, cycles } => get_and_drop::run(rounds.max(1), cycles.max(1)),
        What::Http(options) => http::run(&options)?,
        What::HttpServer { threads } => http::serve_server(threads)?,
        What::HttpClient { kind, threads } => http::serve_client(kind, threads)?,
    }
    Ok(())
}
