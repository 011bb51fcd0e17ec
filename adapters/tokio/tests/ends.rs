//! What is left in the process when pools on tokio have gone, and what they do while they are idle.

use latebind_conformance::{Async, Ends, Run};
use latebind_tokio::TokioRuntime;
use tokio::runtime::Builder;

fn main() {
    Ends::new().on("tokio, one thread", |scenario| play(Builder::new_current_thread(), scenario)).on(
        "tokio, two workers",
        |scenario| {
            let mut builder = Builder::new_multi_thread();
            builder.worker_threads(2);
            play(builder, scenario);
        },
    );
}

fn play(mut builder: Builder, scenario: Run<Async<TokioRuntime>>) {
    let runtime = builder.enable_time().build().expect("a runtime");
    let platform = Async::new(TokioRuntime::new(runtime.handle().clone()));
    runtime.block_on(scenario(platform));
}
