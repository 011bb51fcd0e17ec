//! What scenarios have in common.

use std::pin::Pin;
use std::task::{Context, Waker};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

use super::dialer::{Dialer, Plan};
use super::figures::quantile;
use super::peers::{Pool, Wish};

/// A runtime with one worker, which is this thread, or several.
pub(crate) fn runtime(workers: usize) -> Runtime {
    let mut builder = match workers {
        1 => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    builder.worker_threads(workers).enable_time().build().expect("a runtime needs nothing but threads")
}

/// A runtime for what takes its time whatever the machine: in tests, its clock jumps.
pub(crate) fn unhurried_runtime() -> Runtime {
    let mut builder = Builder::new_current_thread();
    #[cfg(test)]
    builder.start_paused(true);
    builder.enable_time().build().expect("a runtime needs nothing but memory")
}

/// Makes a pool that lives as long as the program.
pub(crate) fn pool<P: Pool>(
    runtime: &Runtime,
    build: impl Fn(Dialer, Wish) -> P,
    dialer: &Dialer,
    wish: Wish,
) -> &'static P {
    let _entered = runtime.enter();
    Box::leak(Box::new(build(dialer.clone(), wish)))
}

/// Requests that were not made yet, each in a box of its own.
pub(crate) fn requests<P: Pool>(pool: &'static P, count: u32) -> Vec<Pin<Box<impl Future + use<P>>>> {
    (0..count).map(|_| Box::pin(pool.get())).collect()
}

/// Makes requests that have to wait. Not in a task: tokio would let it yield in the middle.
pub(crate) fn wait<F: Future>(requests: &mut [Pin<Box<F>>]) {
    for request in requests {
        let polled = request.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending(), "there is nothing to be had");
    }
}

/// A dialer whose first dials succeed at once; more are made only by a pool that has no limit, and never end.
pub(crate) fn first_dials(count: u32) -> Dialer {
    Dialer::new(Plan::First(count, None))
}

/// How many gets and drops are timed together: so few that most such slices are not interrupted by other programs.
pub(crate) const SLICE: u32 = 1_000;

/// The median of what one round measured again and again.
pub(crate) fn median(slices: Vec<f64>) -> f64 {
    quantile(slices.into_iter(), 0.5).expect("there is one slice at least")
}

pub(crate) fn nanoseconds_each(duration: Duration, count: u32) -> f64 {
    duration.as_secs_f64() * 1e9 / f64::from(count)
}

pub(crate) fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
