//! Every scenario on every platform, as tests with names.

use std::panic;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use futures_channel::oneshot;
use futures_util::FutureExt;
use futures_util::future::{Either, LocalBoxFuture, select};
use libtest_mimic::{Arguments, Completion, Trial};

use crate::Platform;
use crate::net::ON_PURPOSE;
use crate::scenarios::{self, Scenario};
use crate::table;
use crate::world::World;

/// A scenario, to be run on a platform.
pub type Run<P> = Box<dyn FnOnce(P) -> LocalBoxFuture<'static, ()> + Send>;

/// How long a scenario may take: each takes a second or three on an idle machine.
const LIMIT: Duration = Duration::from_secs(180);
/// How long it may then take to notice.
const GRACE: Duration = Duration::from_secs(10);

/// The suite: name the platforms with [`on`](Self::on), and call [`main`](Self::main).
#[derive(Default)]
pub struct Suite {
    trials: Vec<Trial>,
    is_documented: bool,
}

impl Suite {
    /// On no platform yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Every platform named from here on has a column in the readme's table, which says what this one says.
    pub fn documented(mut self) -> Self {
        self.is_documented = true;
        self
    }

    /// Runs on this platform as well, whose `name` stands in the names of the tests. `run` makes the platform anew
    /// for each scenario, and blocks on what the scenario returns.
    pub fn on<P: Platform>(self, name: &'static str, run: impl Fn(Run<P>) + Clone + Send + 'static) -> Self {
        self.on_but(name, &[], run)
    }

    /// As [`on`](Self::on), but for scenarios that the platform cannot play: their names, and why. They are listed as
    /// ignored, with the reason.
    ///
    /// # Panics
    ///
    /// When there is no scenario of such a name.
    pub fn on_but<P: Platform>(
        mut self,
        name: &'static str,
        cannot: &'static [(&'static str, &'static str)],
        run: impl Fn(Run<P>) + Clone + Send + 'static,
    ) -> Self {
        let scenarios = scenarios::all::<P>();
        for (unknown, _) in cannot {
            let is_known = scenarios.iter().any(|scenario| scenario.name == *unknown);
            assert!(is_known, "{name}: there is no scenario {unknown}");
        }
        let cells: Vec<_> =
            scenarios.iter().map(|scenario| (scenario.name, reason(cannot, scenario))).collect();
        for scenario in scenarios {
            let reason = reason(cannot, &scenario);
            let run = run.clone();
            let test = format!("{}::{}", scenario.theme, scenario.name);
            self.trials.push(
                Trial::ignorable_test(test, move || {
                    if let Some(reason) = reason {
                        return Ok(Completion::ignored_with(reason));
                    }
                    play(&scenario, run);
                    Ok(Completion::Completed)
                })
                .with_kind(name),
            );
        }
        if self.is_documented {
            let table = Trial::test("the_readme_has_this_column", move || Ok(table::compare(name, &cells)?));
            self.trials.push(table.with_kind(name));
        }
        self
    }

    /// Runs what the command line asks for, as `cargo test` does: for a test with `harness = false`.
    pub fn main(self) -> ! {
        hush_panics_on_purpose();
        libtest_mimic::run(&Arguments::from_args(), self.trials).exit()
    }
}

fn reason<P: Platform>(
    cannot: &[(&'static str, &'static str)],
    scenario: &Scenario<P>,
) -> Option<&'static str> {
    cannot.iter().find(|(name, _)| *name == scenario.name).map(|(_, reason)| *reason)
}

/// Plays a scenario and checks its end, in bounded time.
fn play<P: Platform>(scenario: &Scenario<P>, run: impl Fn(Run<P>)) {
    let (is_over, over) = mpsc::channel::<()>();
    let (too_long, took_too_long) = oneshot::channel::<()>();
    let (name, play) = (scenario.name, scenario.play);
    let watchdog = thread::spawn(move || {
        if over.recv_timeout(LIMIT) == Err(RecvTimeoutError::Timeout) {
            let _ = too_long.send(());
            if over.recv_timeout(GRACE) == Err(RecvTimeoutError::Timeout) {
                eprintln!("{name} blocks its thread: a deadlock");
                std::process::exit(101);
            }
        } else {
            // Kept until here: dropping it would end the scenario.
            drop(too_long);
        }
    });
    let has_ended = Arc::<AtomicBool>::default();
    let ended = Arc::clone(&has_ended);
    run(Box::new(move |platform| {
        let scene = async move {
            let mut world = World::new(Arc::new(platform));
            play(&mut world).await;
            world.end().await;
            ended.store(true, Ordering::SeqCst);
        };
        async move {
            if let Either::Right(_) = select(scene.boxed_local(), took_too_long).await {
                panic!("the scenario hangs");
            }
        }
        .boxed_local()
    }));
    drop(is_over);
    watchdog.join().expect("it does not panic");
    assert!(has_ended.load(Ordering::SeqCst), "the platform has not run the scenario to its end");
}

/// Panics that belong to a scenario are not shown.
fn hush_panics_on_purpose() {
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        let payload = info.payload();
        let text = payload.downcast_ref::<&str>().copied();
        let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        if !text.is_some_and(|text| text.starts_with(ON_PURPOSE)) {
            report(info);
        }
    }));
}

#[cfg(test)]
mod tests {
    use std::future::{Future, ready};

    use latebind_driver::{Runtime, Time};

    use super::*;
    use crate::Async;

    #[derive(Clone)]
    struct Idle;

    impl Runtime for Idle {
        fn current() -> Option<Self> {
            Some(Self)
        }

        fn spawn(&self, _: impl Future<Output = ()> + Send + 'static) {}

        fn sleep(&self, _: Duration) -> impl Future<Output = ()> + Send + 'static {
            ready(())
        }

        fn now(&self) -> Time {
            Time::ZERO
        }
    }

    #[test]
    #[should_panic(expected = "has not run the scenario to its end")]
    fn a_scenario_that_nobody_runs_has_not_passed() {
        let scenario = Scenario::<Async<Idle>> { theme: "none", name: "none", play: |_| Box::pin(ready(())) };
        play(&scenario, |_scenario: Run<Async<Idle>>| ());
    }
}
