//! A reference model of the [`latebind`] pool, and what it takes to test with it.
//!
//! For those who build on the core: adapters, custom runtimes, simulators.
//!
//! - [`Model`]: the rules, written as naively as can be. What the pool must answer, computed from vectors.
//! - [`Witness`]: stands beside a pool, and compares every step with the model. Beside the pool of an adapter under
//!   test, it also tells what the adapter owes: the ends of dials, checks, leases and closings.
//! - [`Rig`]: a pool with a witness, a virtual clock, and names, for tests that read like stories.
//! - [`moves`] and [`strategies`]: generated runs, for proptest and for fuzzers.
//! - [`rest`]: the way to rest, for tests of liveness.
//! - [`Run`]: a run that was written down, shown as a script, and replayed; [`shrink`] makes a long one short.
//!
//! `examples/made_up_adapter.rs` tests an adapter with it, in a hundred lines, and finds a bug that is easily made.
//!
//! ```
//! use latebind::Config;
//! use latebind_testkit::Rig;
//! use latebind_testkit::rig::ms;
//!
//! let mut rig = Rig::new(Config::default().max_connections_per_key(1).request_timeout(ms(100)));
//! rig.request("r1", "a").gives("r1 waits, dial a1");
//! rig.at(20).request("r2", "a").gives("r2 waits");
//! rig.at(30).dialed("a1").gives("r1 gets a1 (own dial)");
//! rig.at(120).tick().gives("r2 fails: timeout");
//! rig.returned("a1").gives("park a1");
//! ```
//!
//! # Features
//!
//! - `proptest` (default): [`strategies`].
//! - `serde`: a [`Run`] can be written down, and replayed elsewhere.
//!
//! The model follows the version of `latebind` that it comes with: both have the same version number.

pub mod bytes;
mod fields;
pub mod model;
pub mod moves;
mod names;
pub mod rest;
mod retrace;
pub mod rig;
mod run;
mod shrink;
#[cfg(feature = "proptest")]
pub mod strategies;
mod witness;
pub mod words;

pub use model::{Issued, Model};
pub use names::Names;
pub use rig::Rig;
pub use run::{Divergence, Run, Step};
pub use shrink::shrink;
pub use witness::{Broken, Witness};
