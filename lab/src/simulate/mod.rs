//! The simulation: worlds in virtual time, in which everything goes wrong that can, and the pool must not.
//!
//! A seed draws a world: a [config](configs), [hosts, users, operators](swarm) and [faults]. Then it runs, in
//! one thread and without a clock: first with faults, then without, until the pool is at rest (I10). All the time
//! the [ledger] and the [model](latebind_testkit::Model) watch. A seed that fails is run once more, and
//! its script is shrunk.
//!
//! What happens is the [world]'s; the driver in it is honest, but takes its time.

pub mod agenda;
pub mod command;
pub mod configs;
pub mod culprit;
pub mod draw;
pub mod faults;
pub mod fleet;
pub mod judge;
pub mod key;
pub mod kinds;
mod labels;
pub mod ledger;
pub mod report;
pub mod swarm;
pub mod tally;
pub mod world;
