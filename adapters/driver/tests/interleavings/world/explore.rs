//! The search, and its account.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use loom::model::Builder;
use loom::thread::{self, JoinHandle};

/// In words: the deepest stack that a scenario needs, with room for a panic's report.
const STACK: usize = 0x1_0000;
/// Steps of one interleaving: a bound for those that never end.
const MAX_STEPS: usize = 20_000;

/// Plays `scenario` in every interleaving within the bound (`LOOM_MAX_PREEMPTIONS`; 2 if it is not set). It returns
/// what came of it; each of `outcomes` must come of some interleaving, and nothing else of any.
///
/// # Panics
///
/// When the scenario does, when its threads wait for each other, or when an outcome is missing.
pub(crate) fn explore(
    name: &str,
    outcomes: &[&'static str],
    scenario: impl Fn() -> &'static str + Send + Sync + 'static,
) {
    let begun = Instant::now();
    let seen = Arc::<Mutex<BTreeMap<&'static str, u64>>>::default();
    let mut search = Builder::new();
    search.max_branches = MAX_STEPS;
    search.preemption_bound = Some(search.preemption_bound.unwrap_or(2));
    let bound = search.preemption_bound.unwrap_or_default();
    let scenario = Arc::new(scenario);
    search.check({
        let seen = Arc::clone(&seen);
        move || {
            let (seen, scenario) = (Arc::clone(&seen), Arc::clone(&scenario));
            // The first thread's stack is small.
            let play = spawn(move || {
                let outcome = scenario();
                *seen.lock().expect("nobody panics with it").entry(outcome).or_default() += 1;
            });
            play.join().expect("a panic has ended the search");
        }
    });
    let seen = seen.lock().expect("nobody panics with it");
    let count: u64 = seen.values().sum();
    let account: Vec<_> = seen.iter().map(|(outcome, times)| format!("{outcome} {times}")).collect();
    let took = begun.elapsed().as_secs_f32();
    println!("{name}: {count} interleavings, {bound} preemptions, {took:.1} s ({})", account.join(", "));
    let found: Vec<_> = seen.keys().copied().collect();
    let mut expected = outcomes.to_vec();
    expected.sort_unstable();
    assert_eq!(found, expected, "{name}: each outcome occurs, and no other");
}

/// One more thread; there may be three beside the scenario's own.
pub(crate) fn spawn<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    thread::Builder::new().stack_size(STACK).spawn(work).expect("the model's threads cost nothing")
}
