//! The script of what is under way, printed if it panics.

use std::cell::RefCell;
use std::panic;
use std::sync::Once;

use latebind::{Action, Actions, Config, OwnedEvent, Pool, Time};
use latebind_testkit::rig::Key;
use latebind_testkit::{Names, Run, Step, words};

thread_local! {
    static RUN: RefCell<Run<Key>> = RefCell::new(Run::new(Config::default()));
}

const HINT: &str = "\
To make it a named test: the lines above are the words of `latebind_testkit::Rig`, for tests/rules or tests/bugs;
`cargo fuzz tmin <target> <artifact>` makes the script shorter first. See fuzz/README.md.";

/// A new script.
pub(crate) fn begin(config: &Config) {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            RUN.with_borrow(|run| eprintln!("{}\n{HINT}\n", shown(run)));
            before(info);
        }));
    });
    RUN.set(Run::new(config.clone()));
}

/// The pool is about to be told that.
pub(crate) fn tells(at: Time, event: &OwnedEvent<Key>) {
    RUN.with_borrow_mut(|run| run.steps.push(Step { at, event: event.clone(), actions: Some(Vec::new()) }));
}

/// And that was its answer; `None`: the event was refused.
pub(crate) fn answered(actions: Option<&[Action]>) {
    RUN.with_borrow_mut(|run| {
        run.steps.last_mut().expect("something was told").actions = actions.map(<[Action]>::to_vec);
    });
}

/// The last step may be the one that panicked: it is not told again.
fn shown(run: &Run<Key>) -> String {
    let Some((last, before)) = run.steps.split_last() else { return run.to_string() };
    let before = Run { config: run.config.clone(), steps: before.to_vec() };
    let names = names(&before);
    let answer = last.actions.iter().flatten().map(|action| words::action(&names, action));
    let answer = match &last.actions {
        None => "refused".to_owned(),
        Some(_) => answer.collect::<Vec<_>>().join(", "),
    };
    let event = words::event(&names, &last.event.as_event());
    format!("{before}\n{:>9}  {event}\n           → {answer}", words::clock(last.at))
}

fn names(run: &Run<Key>) -> Names<Key> {
    let (mut names, mut actions) = (Names::default(), Actions::new());
    if let Ok(mut pool) = Pool::new(run.config.clone()) {
        for step in &run.steps {
            _ = pool.handle(step.at, step.event.as_event(), &mut actions);
            names.learn(&actions, |conn| pool.key(conn));
            actions.clear();
        }
    }
    names
}

/// The run of a new pool that is told the same, whatever was answered before; `None` if none accepts the config.
pub(crate) fn tell(run: &Run<String>) -> Option<Run<String>> {
    let mut pool = Pool::new(run.config.clone()).ok()?;
    let (mut told, mut actions) = (Run::new(run.config.clone()), Actions::new());
    for step in &run.steps {
        actions.clear();
        let result = pool.handle(step.at, step.event.as_event(), &mut actions);
        told.record(step.at, step.event.as_event(), result.map(|()| &*actions));
        assert_eq!(pool.check_invariants(), Ok(()), "after step {}", told.steps.len() - 1);
    }
    Some(told)
}
