//! Long runs with made-up failures: only what matters for them is left.

use latebind::{Action, Config, Event, RequestError, Source};
use latebind_testkit::rig::ms;
use latebind_testkit::{Rig, Run, shrink};

/// A run of two keys in which much happens: dials, failures, returns, evictions, timeouts, a refused event.
fn long_run() -> Run<&'static str> {
    let config =
        Config::default().max_connections(2).request_timeout(ms(50)).max_lifetime(ms(10_000)).seed(7u64);
    let mut rig = Rig::new(config);
    for round in 0..20u64 {
        let base = round * 1_000;
        for (number, key) in ["a", "b", "a"].into_iter().enumerate() {
            rig.at(base + number as u64);
            drop(rig.request_level(&format!("r{round}-{number}"), key, 5));
        }
        for _ in 0..6 {
            rig.at(base + 10);
            finish_one(&mut rig);
        }
        rig.at(base + 900);
        drop(rig.tick());
    }
    rig.run().clone()
}

/// Whatever is under way ends, and a lease twice.
fn finish_one(rig: &mut Rig) {
    let Some(event) = latebind_testkit::rest::finish(rig.model()) else { return };
    drop(rig.tell(event.as_event()));
    if matches!(event.as_event(), Event::ConnIdle { .. }) {
        drop(rig.tell(event.as_event()));
    }
}

fn actions<'a>(run: &'a Run<&str>) -> impl Iterator<Item = &'a Action> {
    run.steps.iter().flat_map(|step| step.actions.iter().flatten())
}

fn shrunk(run: &Run<&'static str>, fails: impl FnMut(&Run<&'static str>) -> bool) -> String {
    let short = shrink(run, 20_000, fails);
    short.replay().expect("what comes back is the record of a real pool");
    short.to_string()
}

#[test]
fn a_timeout_is_a_request_and_the_time_that_passes() {
    let run = long_run();
    assert!(run.steps.len() > 100, "{} steps", run.steps.len());
    let times_out = |run: &Run<&str>| {
        actions(run).any(|action| matches!(action, Action::Fail { error: RequestError::Timeout, .. }))
    };
    let script = shrunk(&run, times_out);
    assert_eq!(script.lines().filter(|line| !line.contains('→')).count(), 3, "{script}");
    assert!(script.starts_with("{ request_timeout: Some(50ms) }\n"), "{script}");
}

#[test]
fn late_binding_is_two_requests_a_dial_and_a_return() {
    let binds_late = |run: &Run<&str>| {
        actions(run).any(|action| matches!(action, Action::Deliver { source: Source::Returned, .. }))
    };
    let script = shrunk(&long_run(), binds_late);
    let events = script.lines().filter(|line| !line.contains('→')).skip(1);
    let mut words: Vec<_> = events.filter_map(|line| line.split_whitespace().nth(1)).collect();
    words.sort_unstable();
    assert_eq!(words, ["dialed", "request", "request", "returned"], "{script}");
}

#[test]
fn a_refused_event_keeps_what_makes_it_misuse() {
    let returns_twice = |run: &Run<&str>| run.steps.last().is_some_and(|step| step.actions.is_none());
    let mut run = long_run();
    let last = run.steps.iter().rposition(|step| step.actions.is_none()).expect("a lease that ended twice");
    run.steps.truncate(last + 1);
    let short = shrink(&run, 20_000, returns_twice);
    assert!(short.steps.len() <= 4, "{short}");
    assert!(matches!(
        short.steps.last().map(|step| &step.event),
        Some(latebind::OwnedEvent::ConnIdle { .. })
    ));
}

#[test]
fn of_a_row_of_dials_each_in_answer_to_an_end_one_is_left() {
    let mut rig = Rig::new(Config::default());
    rig.keep("a", 1).gives("dial a1");
    for number in 1..9 {
        rig.dialed(&format!("a{number}")).gives(&format!("park a{number}"));
        rig.closed(&format!("a{number}")).gives(&format!("dial a{}", number + 1));
    }
    rig.dialed("a9").gives("park a9");
    rig.returned("a9").gives_misuse("not leased: a9");
    let of_what_was_parked = |run: &Run<&str>| match run.steps.as_slice() {
        [.., before, last] => {
            last.actions.is_none() && matches!(before.actions.as_deref(), Some([Action::Park { .. }]))
        }
        _ => false,
    };
    let short = shrink(rig.run(), 20_000, of_what_was_parked);
    assert_eq!(short.steps.len(), 3, "{short}");
}

#[test]
fn a_run_that_does_not_fail_comes_back_as_it_is() {
    let run = long_run();
    assert_eq!(shrink(&run, 1_000, |_| false), run);
}
