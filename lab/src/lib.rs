//! The lab of latebind: shows, over real sockets, what the pool does, searches simulated worlds for what it should not do, and tells
//! how many cores it would serve. `cargo run -p latebind-lab -- demo`, `-- simulate` and `-- cores` begin.

pub mod args;
pub mod arrivals;
pub mod client;
pub mod connection;
pub mod connector;
pub mod contender;
pub mod cores;
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
