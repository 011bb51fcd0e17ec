//! Measures latebind beside other pools in one run.
//!
//! Absolute times mean little on a shared machine: compare within one table. Instructions of the core are counted by
//! `latebind-core-costs`.

mod http;
mod pools;

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
    /// Pools side by side: latebind on tokio and on threads, bb8, deadpool, mobc, `fast_pool`, r2d2, hyper-util's cache, and the
    /// bare limits. About five minutes; under one with `--quick`.
    Pools(pools::Options),
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
        What::Pools(options) => pools::run(&options)?,
        What::Http(options) => http::run(&options)?,
        What::HttpServer { threads } => http::serve_server(threads)?,
        What::HttpClient { kind, threads } => http::serve_client(kind, threads)?,
    }
    Ok(())
}
