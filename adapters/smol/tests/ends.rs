//! What is left in the process when pools on smol have gone, and what they do while they are idle.

use std::sync::Arc;

use latebind_conformance::{Async, Ends};
use latebind_smol::SmolRuntime;
use smol::Executor;

fn main() {
    Ends::new()
        .on("smol, global", |scenario| smol::block_on(scenario(Async::new(SmolRuntime::global()))))
        .on("smol, own executor", |scenario| {
            let executor = Arc::new(Executor::new());
            let platform = Async::new(SmolRuntime::on(&executor));
            smol::block_on(executor.run(scenario(platform)));
        });
}
