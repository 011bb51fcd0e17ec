#![doc = include_str!("../README.md")]

mod counting;
mod ends;
mod net;
mod platform;
mod process;
mod scenarios;
mod suite;
mod table;
mod wait;
mod world;

pub use counting::{Counting, Counts};
pub use ends::Ends;
pub use net::{Conn, Net, NetError};
pub use platform::{Answer, Async, Key, Platform, Reply, Setup, Wish};
pub use suite::{Run, Suite};
pub use wait::block_on;
