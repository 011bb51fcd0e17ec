//! What is counted: the operations of the core, each in worlds of several sizes, and what the core holds in memory.
//!
//! `benches/instructions.rs` runs the operations under callgrind; `main.rs` compares what comes of it with
//! `figures.toml`.

mod holding;
mod operation;
mod world;

pub use holding::Holding;
pub use operation::Operation;

/// How often an operation is repeated to count it; the figures are for one.
pub const REPETITIONS: u32 = 1_000;

/// How many keys, parked connections and waiters a world has; [`Operation`] tells which of them.
pub const SIZES: [u32; 3] = [1, 1_000, 1_000_000];

/// Each operation in each size, in the order of the table.
pub fn cases() -> Vec<(Operation, u32)> {
    Operation::ALL.into_iter().flat_map(|operation| SIZES.map(|size| (operation, size))).collect()
}
