//! The seed corpus, without a fuzzer: every seed passes.

use std::fs;
use std::path::Path;

/// Tells the target all its seeds.
fn pass(target: fn(&[u8]), name: &str) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
    let mut seeds = 0;
    for entry in fs::read_dir(directory).expect("the corpus") {
        target(&fs::read(entry.expect("an entry").path()).expect("a seed"));
        seeds += 1;
    }
    assert!(seeds > 50, "{seeds} seeds");
}

#[test]
fn every_seed_of_events_passes() {
    pass(latebind_fuzz::events, "events");
}

#[test]
fn every_seed_of_differential_passes() {
    pass(latebind_fuzz::differential, "differential");
}

#[test]
fn every_seed_of_config_passes() {
    pass(latebind_fuzz::config, "config");
}

#[test]
fn every_seed_of_replay_passes() {
    pass(latebind_fuzz::replay, "replay");
}
