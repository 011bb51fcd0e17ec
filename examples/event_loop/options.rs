//! The command line.

use std::ops::RangeInclusive;

pub const HELP: &str = "\
The bare core of latebind in an event loop of its own: one thread, no futures, no locks, real sockets.

Usage: event_loop [--requests COUNT] [--connections COUNT] [--witness]

  --requests COUNT      requests that come at once, 100 to 5000 (default: 300)
  --connections COUNT   connections that there may be, 2 to 32 (default: 8)
  --witness             compare each step of the pool with the reference model
  --help                this text

Starts a server as a process of its own, on free ports of 127.0.0.1, and ends in a few seconds.
The exit code is 0 only if all that it shows is as it should be.
";

/// What is to be done.
pub enum Command {
    Run(Options),
    /// The other side: what the example starts itself as once more.
    Serve,
    Help,
}

/// How the example runs.
pub struct Options {
    pub requests: u32,
    pub connections: u32,
    pub has_witness: bool,
}

/// Reads the arguments, without the program's name; the error is a sentence for the user.
pub fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Command, String> {
    let mut options = Options { requests: 300, connections: 8, has_witness: false };
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "serve" => return Ok(Command::Serve),
            "--help" | "-h" => return Ok(Command::Help),
            "--witness" => options.has_witness = true,
            "--requests" => options.requests = count(&argument, arguments.next(), 100..=5000)?,
            "--connections" => options.connections = count(&argument, arguments.next(), 2..=32)?,
            _ => return Err(format!("`{argument}` is not known; see --help")),
        }
    }
    Ok(Command::Run(options))
}

fn count(option: &str, value: Option<String>, range: RangeInclusive<u32>) -> Result<u32, String> {
    let count = value.and_then(|value| value.parse().ok()).filter(|count| range.contains(count));
    count.ok_or_else(|| format!("{option} needs a number from {} to {}", range.start(), range.end()))
}
