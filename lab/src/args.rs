//! The command line.

use std::time::Duration;

use clap::{Args, Parser, Subcommand};

/// Shows and examines what the latebind connection pool does.
#[derive(Parser, Debug)]
#[command(name = "latebind-lab", version)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the lab can do.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Show late binding over real TCP connections: a scene step by step, then a load beside a pool without it
    ///
    /// Starts HTTP servers on free ports of 127.0.0.1, needs no network, and ends in a few seconds. Everything shown
    /// is checked: the exit code is 0 only if all of it is true.
    Demo(DemoOptions),
}

/// What the demo can be told; the defaults are made for a small, busy machine.
#[derive(Args, Clone, Debug)]
pub struct DemoOptions {
    /// Requests of the load, on each of the two pools
    #[arg(long, default_value_t = 500, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub requests: u32,

    /// How long a dial takes. The default: TCP and TLS 1.3, two round trips of 50 ms
    #[arg(long, default_value_t = 100, value_name = "MS", value_parser = clap::value_parser!(u64).range(0..=5_000))]
    pub handshake_ms: u64,

    /// Connections that each pool may have at once
    #[arg(long, default_value_t = 40, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub max_connections: u32,

    /// Idle connections that each pool may keep
    #[arg(long, default_value_t = 6, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(0..=1_000))]
    pub max_idle: u32,

    /// Where arrival and service times are drawn from: the same seed, the same load
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

impl DemoOptions {
    /// How long a dial takes.
    pub fn handshake(&self) -> Duration {
        Duration::from_millis(self.handshake_ms)
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::{Cli, Command};

    #[test]
    fn the_command_line_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn options_are_taken_and_nonsense_is_refused() {
        let Command::Demo(options) =
            Cli::try_parse_from(["latebind-lab", "demo", "--handshake-ms", "20", "--seed", "9"])
                .unwrap()
                .command;
        assert_eq!((options.handshake_ms, options.seed), (20, 9));
        for wrong in
            [["--requests", "0"], ["--max-connections", "0"], ["--handshake-ms", "soon"], ["--nothing", "1"]]
        {
            assert!(
                Cli::try_parse_from(["latebind-lab", "demo"].into_iter().chain(wrong)).is_err(),
                "{wrong:?}"
            );
        }
    }
}
