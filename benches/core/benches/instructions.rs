//! Each operation under callgrind. Run by `cargo run -p latebind-core-costs`, which compares and prints.

#![expect(missing_docs, reason = "in what gungraun's macros write")]

use std::hint::spin_loop;
use std::process::{self, Command};

use gungraun::{
    Callgrind, EntryPoint, LibraryBenchmarkConfig, library_benchmark, library_benchmark_group, main,
};
use latebind_core_costs::{REPETITIONS, cases};

/// Builds the world of a case at several times the speed of counting.
fn prepare(case: usize) -> Box<dyn FnMut()> {
    let (operation, size) = cases()[case];
    let run = operation.prepare(size);
    start_instrumentation();
    run
}

/// Tells the valgrind that runs this process to count from now on, by its remote control.
fn start_instrumentation() {
    let pid = process::id();
    let mut control = Command::new("vgdb")
        .args([&format!("--pid={pid}"), "instrumentation", "on"])
        .spawn()
        .expect("vgdb comes with valgrind");
    // Valgrind listens while this process computes: it must not sleep until the answer is there.
    let status = loop {
        match control.try_wait().expect("vgdb is a child of this process") {
            Some(status) => break status,
            None => spin_loop(),
        }
    };
    assert!(status.success(), "vgdb could not start the instrumentation: {status}");
}

#[library_benchmark]
#[benches::case(iter = 0..cases().len(), setup = prepare)]
fn core(mut operation: Box<dyn FnMut()>) {
    for _ in 0..REPETITIONS {
        operation();
    }
}

library_benchmark_group!(name = operations, benchmarks = core);

main!(
    config = LibraryBenchmarkConfig::default()
        .pass_through_env("PATH")
        .valgrind_args(["--trace-children=no", "--vgdb=yes"])
        .tool(
            Callgrind::with_args(["--instr-atstart=no", "--cache-sim=no"])
                .entry_point(EntryPoint::Custom("*::World<*>::count".to_owned()))
        ),
    library_benchmark_groups = operations
);
