//! The lab of latebind: shows, over real sockets, what the pool does, and searches simulated worlds for what it should not do.
//! `cargo run -p latebind-lab -- demo` and `-- simulate` begin.

pub mod args;
pub mod arrivals;
pub mod client;
pub mod connection;
pub mod connector;
pub mod contender;
pub mod demo;
pub mod gate;
pub mod load;
pub mod manager;
pub mod outcome;
pub mod own_dial;
pub mod patience;
pub mod runtimes;
pub mod scene;
pub mod server;
pub mod simulate;
pub mod table;
pub mod text;
