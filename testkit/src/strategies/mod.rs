//! Strategies for [proptest](https://docs.rs/proptest): any config, and any run of [moves](crate::moves).
//!
//! ```
//! use latebind_testkit::Rig;
//! use latebind_testkit::strategies::{any_config, any_run, valid_config};
//! use proptest::prelude::*;
//!
//! proptest!(|(config in valid_config(), moves in any_run(3, 40, any_config()))| {
//!     let mut rig = Rig::new(config);
//!     for step in &moves {
//!         rig.play(&["a", "b", "c"], step).map_err(|broken| TestCaseError::fail(broken.to_string()))?;
//!     }
//! });
//! ```

mod configs;
mod moves;

pub use configs::{any_config, valid_config};
pub use moves::{any_move, any_run};
