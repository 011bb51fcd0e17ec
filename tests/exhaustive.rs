//! Small worlds, explored whole: every reachable state, every event in each of them.
//!
//! After each event the pool must answer as the model does, and its invariants must hold; from the states the way
//! to rest must be open (I10). States that differ in nothing but names and the time of day are one.
//!
//! `cargo test --release --test exhaustive -- --nocapture` prints what was explored. With `LATEBIND_STATES=n` the
//! search goes on to `n` states in each world, if it has so many.

#[path = "exhaustive/events.rs"]
mod events;
#[path = "exhaustive/search.rs"]
mod search;
#[path = "exhaustive/worlds.rs"]
mod worlds;
