//! What every adapter does, on async-std.

use async_std::task;
use latebind_async_std::AsyncStdRuntime;
use latebind_conformance::{Async, Suite};

fn main() {
    Suite::new()
        .documented()
        .on("async-std", |scenario| task::block_on(scenario(Async::new(AsyncStdRuntime::new()))))
        .main();
}
