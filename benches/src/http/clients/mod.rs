//! The clients that are compared, each in a process of its own: reads orders, writes answers.

mod delayed;
mod hyper_util;
mod latebind;
mod reqwest;
mod tls;

use std::future::Future;
use std::io::{self, BufRead, Write};

use clap::ValueEnum;
use http::Uri;
use tokio::runtime::Runtime;

use super::load::carry_out;
use super::protocol::Order;

/// A client of HTTP; each clone uses the same connections.
pub(crate) trait Client: Clone + Send + Sync + 'static {
    /// Whether it limits its connections per host itself.
    const HAS_LIMIT: bool;

    /// Sends a request, and reads the answer to its end.
    fn get(&self, url: &Uri) -> impl Future<Output = Result<(), String>> + Send;
}

/// Those written in Rust.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Kind {
    Latebind,
    HyperUtil,
    Reqwest,
}

/// Carries out orders until nobody gives any.
pub(crate) fn serve(kind: Kind, threads: usize) -> io::Result<()> {
    let runtime = super::runtime(threads)?;
    match kind {
        Kind::Latebind => answer_all(&runtime, latebind::build),
        Kind::HyperUtil => answer_all(&runtime, hyper_util::build),
        Kind::Reqwest => answer_all(&runtime, reqwest::build),
    }
}

fn answer_all<C: Client>(runtime: &Runtime, build: impl Fn(&Order) -> C) -> io::Result<()> {
    for line in io::stdin().lock().lines() {
        let order: Order = serde_json::from_str(&line?)?;
        let answer = runtime.block_on(carry_out(&order, &build));
        let mut out = io::stdout().lock();
        serde_json::to_writer(&mut out, &answer)?;
        out.write_all(b"\n")?;
        out.flush()?;
    }
    Ok(())
}

/// An error and what it came from, in one line.
fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
