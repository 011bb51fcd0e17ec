//! All dials fail: when is that heard, and is the cause told?

use std::fmt::{Debug, Display};
use std::time::Duration;

use tokio::time::Instant;

use crate::pools::dialer::{Dialer, Plan, Refused};
use crate::pools::figures::{Figure, Measure};
use crate::pools::harness;
use crate::pools::peers::{Play, Pool, Timing, Wish};

pub(super) struct DialFailure;

pub(crate) const FIGURES: &[Figure] = &[Figure::new("heard after, ms", 0), Figure::new("cause", 0)];

/// What a dial takes to fail.
pub(crate) const DIAL: Duration = Duration::from_millis(5);

/// How long a request waits, where the pool asks that.
pub(crate) const WISH: Wish = Wish { limit: Some(4), timing: Timing::Wait(Duration::from_secs(2)) };

impl Play for DialFailure {
    fn round<P: Pool>(&self, build: impl Fn(Dialer, Wish) -> P) -> Vec<Measure> {
        let runtime = harness::unhurried_runtime();
        let pool = harness::pool(&runtime, build, &Dialer::new(Plan::Refused(DIAL)), WISH);
        runtime.block_on(async {
            let begin = Instant::now();
            let result = pool.get().await;
            vec![harness::milliseconds(begin.elapsed()).into(), cause(result).into()]
        })
    }
}

/// Whether the error tells why the dial failed.
pub(crate) fn cause<T, E: Debug + Display>(result: Result<T, E>) -> &'static str {
    match result {
        Ok(_) => "NO ERROR",
        // As a text, or as the error itself, whose name `Debug` tells.
        Err(error) if error.to_string().contains(Refused::TEXT) => "told",
        Err(error) if format!("{error:?}").contains(&format!("{Refused:?}")) => "told",
        Err(_) => "not told",
    }
}
