//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::cores::machine::Machine;
use crate::cores::trial::Course;
use crate::simulate::world::Planted;

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

    /// Search for defects of the core in simulated worlds: no network, no clock, and everything goes wrong that can
    ///
    /// Each seed draws a world: a config, hosts (latency, refusals, hangs, half-closed connections, GOAWAY, outages), users
    /// (bursts, deadlines, cancels, leaks, panics), operators and a driver that reports late. After every event the
    /// pool is compared with a reference model (in large worlds: with accounts of its own, and its invariants). Then
    /// faults stop, and everybody must be answered, and the pool come to rest and shut down.
    ///
    /// A seed that fails is shrunk to the shortest script that shows it; the exit code is 0 only if none does. What a
    /// seed does depends on nothing else, so it can be run again.
    Simulate(SimulateOptions),

    /// Simulate many cores that share a pool: where one lock saturates, and what other designs would bring and cost
    ///
    /// The pools are the real core; cores, cache lines and locks are simulated, with the costs below. Four workloads on
    /// 1 to 128 cores, by seven designs; ends within a minute. docs/MANY-CORES.md explains the designs and the figures.
    /// The exit code is 0 only if no limit was exceeded and every request was answered.
    Cores(CoresOptions),
}

/// What the simulation of many cores can be told.
#[derive(Args, Clone, Debug)]
pub struct CoresOptions {
    /// Numbers of cores, separated by commas
    #[arg(long, value_delimiter = ',', default_value = "1,2,4,8,16,32,64,128", value_name = "COUNTS", value_parser = clap::value_parser!(u32).range(1..=1_024))]
    pub cores: Vec<u32>,

    /// Trials that run at once, on this machine; makes no difference to the figures
    #[arg(long, default_value_t = 2, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub threads: u16,

    /// Write the tables there, too, as Markdown
    #[arg(long, value_name = "FILE")]
    pub markdown: Option<PathBuf>,

    /// Draw the rates there, as SVG
    #[arg(long, value_name = "FILE")]
    pub picture: Option<PathBuf>,

    /// What is run.
    #[command(flatten)]
    pub course: Course,

    /// What it is run on.
    #[command(flatten, next_help_heading = "What the machine costs")]
    pub machine: Machine,
}

impl CoresOptions {
    /// The numbers of cores, rising, each once.
    pub fn sizes(&self) -> Vec<u32> {
        let mut sizes = self.cores.clone();
        sizes.sort_unstable();
        sizes.dedup();
        sizes
    }
}

/// What the simulation can be told.
#[derive(Args, Clone, Debug)]
pub struct SimulateOptions {
    /// How many worlds
    #[arg(long, default_value_t = 2_000, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    pub seeds: u64,

    /// The first seed
    #[arg(long, default_value_t = 1, value_name = "SEED")]
    pub first: u64,

    /// At most so many events in the first phase of each world; by default the seed draws it, up to 60 000
    #[arg(long, default_value_t = u64::MAX, hide_default_value = true, value_name = "COUNT")]
    pub events: u64,

    /// One world alone; what is shown is the same every time
    #[arg(long, conflicts_with_all = ["seeds", "first"])]
    pub seed: Option<u64>,

    /// Print all that happens in that world, event by event
    #[arg(long, requires = "seed")]
    pub script: bool,

    /// Worlds that run at once
    #[arg(long, default_value_t = 2, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub threads: u16,

    /// Leave the reference model out: three times as fast, finds less
    #[arg(long)]
    pub no_model: bool,

    /// Break the driver on purpose, to see that the search finds it
    #[arg(long, value_name = "FAULT")]
    pub plant: Option<Planted>,
}

/// What the demo can be told; the defaults are made for a small, busy machine.
#[derive(Args, Clone, Debug)]
pub struct DemoOptions {
    /// Where the scene is played: everything of the client's side runs there
    ///
    /// The load is run on tokio only.
    #[arg(long, default_value = "tokio")]
    pub runtime: RuntimeChoice,

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

/// The runtime, or all of them.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum RuntimeChoice {
    /// The scene on tokio, with tasks and hyper; then the load
    Tokio,
    /// The scene on async-std, with tasks and hyper
    AsyncStd,
    /// The scene on smol, with tasks and hyper
    Smol,
    /// The scene on plain threads and blocking sockets, without any asynchronous runtime
    Std,
    /// The scene on each of them in turn, then a comparison; then the load
    All,
}

impl RuntimeChoice {
    /// Whether it asks for the scene on `runtime`.
    pub fn includes(self, runtime: Self) -> bool {
        self == runtime || self == Self::All
    }
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

    use super::{Cli, Command, RuntimeChoice};

    #[test]
    fn the_command_line_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn options_are_taken_and_nonsense_is_refused() {
        let told = ["latebind-lab", "demo", "--handshake-ms", "20", "--seed", "9"];
        let Command::Demo(options) = Cli::try_parse_from(told).unwrap().command else {
            panic!("it is the demo that was asked for");
        };
        assert_eq!((options.handshake_ms, options.seed), (20, 9));
        assert_eq!(options.runtime, RuntimeChoice::Tokio);
        for wrong in [
            ["--requests", "0"],
            ["--max-connections", "0"],
            ["--handshake-ms", "soon"],
            ["--runtime", "glommio"],
        ] {
            assert!(
                Cli::try_parse_from(["latebind-lab", "demo"].into_iter().chain(wrong)).is_err(),
                "{wrong:?}"
            );
        }
        for wrong in
            [&["--seeds", "0"][..], &["--script"], &["--seed", "1", "--seeds", "2"], &["--plant", "rice"]]
        {
            let told = ["latebind-lab", "simulate"].iter().chain(wrong);
            assert!(Cli::try_parse_from(told).is_err(), "{wrong:?}");
        }
    }
}
