//! Many cores in virtual time: how far one lock around the pool reaches, and what other designs would bring and cost.
//!
//! The pools inside are the real core, since it does nothing itself; what is simulated is the [machine] that runs
//! it: cores that work, cache lines that wander between them, and locks that wait for both. Deterministic: a seed and the
//! options decide everything. docs/MANY-CORES.md tells what comes out of it.
//!
//! A [world] lets tasks cycle in a [workload] by one of the [designs]; a [judge] counts what a design owes to its users.

pub mod command;
pub mod designs;
pub mod judge;
pub mod machine;
pub mod picture;
pub mod report;
pub mod shard;
pub mod trial;
pub mod workload;
pub mod world;
