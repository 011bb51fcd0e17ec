//! What is left in the process when pools on async-std have gone, and what they do while they are idle.

use async_std::task;
use latebind_async_std::AsyncStdRuntime;
use latebind_conformance::{Async, Ends};

fn main() {
    Ends::new().on("async-std", |scenario| task::block_on(scenario(Async::new(AsyncStdRuntime::new()))));
}
