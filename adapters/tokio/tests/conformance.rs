//! What every adapter does, on tokio with one worker and with two.

use latebind_conformance::{Async, Run, Suite};
use latebind_tokio::TokioRuntime;
use tokio::runtime::Builder;

fn main() {
    Suite::new()
        .documented()
        .on("tokio, one thread", |scenario| play(Builder::new_current_thread(), scenario))
        .on("tokio, two workers", |scenario| {
            let mut builder = Builder::new_multi_thread();
            builder.worker_threads(2);
            play(builder, scenario);
        })
        .main();
}

fn play(mut builder: Builder, scenario: Run<Async<TokioRuntime>>) {
    let runtime = builder.enable_time().build().expect("a runtime");
    let platform = Async::new(TokioRuntime::new(runtime.handle().clone()));
    runtime.block_on(scenario(platform));
}
