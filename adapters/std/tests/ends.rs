//! What is left in the process when pools on plain threads have gone, and what they do while they are idle.

mod plain;

use latebind_conformance::{Async, Ends, block_on};
use latebind_std::Threads;
use plain::Plain;

fn main() {
    Ends::new()
        .on("std, blocking", |scenario| block_on(scenario(Plain)))
        .on("std, futures", |scenario| block_on(scenario(Async::with_threads(Threads::default()))));
}
