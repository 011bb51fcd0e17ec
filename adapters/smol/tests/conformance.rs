//! What every adapter does, on smol: its global executor, and one of the user's.

use std::sync::Arc;

use latebind_conformance::{Async, Suite};
use latebind_smol::SmolRuntime;
use smol::Executor;

fn main() {
    Suite::new()
        .documented()
        .on("smol, global", |scenario| smol::block_on(scenario(Async::new(SmolRuntime::global()))))
        .on("smol, own executor", |scenario| {
            let executor = Arc::new(Executor::new());
            let platform = Async::new(SmolRuntime::on(&executor));
            smol::block_on(executor.run(scenario(platform)));
        })
        .main();
}
