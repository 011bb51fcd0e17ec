//! A connection comes back while the dial of a second request is under way, and a request that goes before its dial is
//! done.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use crate::pools::dialer::{Dialer, Plan};
use crate::pools::figures::{Figure, Measure};
use crate::pools::harness;
use crate::pools::peers::{Play, Pool, Wish};

pub(super) struct LateBinding;

pub(super) const FIGURES: &[Figure] =
    &[Figure::new("second request served after, ms", 0), Figure::new("dial of a requester that went", 0)];

/// The machine was so busy that the dial came before the end of the request.
pub(crate) const UNCLEAR: &str = "unclear";

const RETURN: Duration = Duration::from_millis(20);
const DIAL: Duration = Duration::from_millis(200);

impl Play for LateBinding {
    fn round<P: Pool>(&self, build: impl Fn(Dialer, Wish) -> P) -> Vec<Measure> {
        let runtime = harness::unhurried_runtime();
        let slow = Dialer::new(Plan::First(1, Some(DIAL)));
        let pool = harness::pool(&runtime, &build, &slow, Wish::limit(4));
        let served = runtime.block_on(second_request(pool));
        let slow = Dialer::new(Plan::After(DIAL));
        let pool = harness::pool(&runtime, &build, &slow, Wish::limit(4));
        let fate = runtime.block_on(abandoned_dial(pool, &slow));
        vec![harness::milliseconds(served).into(), fate.into()]
    }
}

/// When the second request is served: after `RETURN`, or after `DIAL`.
async fn second_request<P: Pool>(pool: &'static P) -> Duration {
    let first = pool.get().await.expect("the first dial is quick");
    let second = tokio::spawn(async {
        let begin = Instant::now();
        drop(pool.get().await.expect("its dial ends"));
        begin.elapsed()
    });
    sleep(RETURN).await;
    drop(first);
    second.await.expect("it does not panic")
}

/// What became of a dial whose requester has gone before it was done.
async fn abandoned_dial<P: Pool>(pool: &'static P, dialer: &Dialer) -> &'static str {
    if timeout(DIAL / 20, pool.get()).await.is_ok() {
        return UNCLEAR;
    }
    sleep(DIAL * 2).await;
    let before = dialer.seen();
    let again = timeout(DIAL / 20, pool.get()).await;
    match again {
        Ok(Ok(_)) if dialer.seen().started == before.started => "kept",
        _ if before.aborted > 0 => "aborted",
        _ => "lost",
    }
}
