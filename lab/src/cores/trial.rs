//! One run: how many cores, what they want, and for how long.

use clap::Args;

use super::workload::Workload;

/// A machine's size and its load.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Trial {
    /// How many cores.
    pub cores: u32,
    /// What they have to do.
    pub workload: Workload,
}

/// What is the same in all runs.
#[derive(Args, Clone, Debug)]
pub struct Course {
    /// What the chances come from: the same seed, the same figures
    #[arg(long, default_value_t = 1)]
    pub seed: u64,

    /// What a task does with its connection, on its core, in the mean; between half of it and half more
    #[arg(long, default_value_t = 2_000, value_name = "NS", value_parser = clap::value_parser!(u64).range(..=10_000_000))]
    pub work: u64,

    /// How long a dial takes
    #[arg(long, default_value_t = 100_000, value_name = "NS", value_parser = clap::value_parser!(u64).range(..=10_000_000))]
    pub dial: u64,

    /// Virtual time before anything is measured
    #[arg(long, default_value_t = 1_000_000, value_name = "NS", value_parser = clap::value_parser!(u64).range(..=1_000_000_000))]
    pub warm_up: u64,

    /// Cycles of each core that are measured, in the mean
    #[arg(long, default_value_t = 1_000, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub cycles: u32,
}
