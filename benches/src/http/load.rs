//! The callers of a client, and what they saw.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::Uri;
use tokio::sync::{Barrier, Semaphore};
use tokio::task::JoinSet;

use super::clients::Client;
use super::protocol::{Answer, Load, Order};

/// What takes longer is taken for a hang: longer than any scenario, and shorter than the clients' own timeouts.
const PATIENCE: Duration = Duration::from_secs(40);

/// Carries out an order with clients that `build` makes; in bounded time.
pub(crate) async fn carry_out<C: Client>(order: &Order, build: impl Fn(&Order) -> C) -> Answer {
    tokio::time::timeout(PATIENCE, measure(order, build)).await.unwrap_or_else(|_| Answer {
        errors: 1,
        first_error: Some(format!("it has not ended within {PATIENCE:?}")),
        ..Answer::default()
    })
}

async fn measure<C: Client>(order: &Order, build: impl Fn(&Order) -> C) -> Answer {
    let url: Uri = order.url.parse().expect("the command writes URLs");
    match order.load {
        Load::Steady { warm_up_ms, measure_ms } => {
            let begin = Instant::now() + Duration::from_millis(warm_up_ms);
            let end = begin + Duration::from_millis(measure_ms);
            let until = Until { begin, end, requests: u32::MAX };
            let mut answer = Answer::default();
            let finished = burst(order, build(order), &url, until, &mut answer).await;
            answer.elapsed_ns = nanoseconds(finished.saturating_duration_since(begin));
            answer
        }
        Load::Bursts { count, requests_per_caller } => {
            let mut answer = Answer::default();
            for _ in 0..count {
                let begin = Instant::now();
                let until = Until { begin, end: begin + FOR_EVER, requests: requests_per_caller };
                let client = build(order);
                let started = Instant::now();
                let finished = burst(order, client, &url, until, &mut answer).await;
                answer.elapsed_ns += nanoseconds(finished.saturating_duration_since(started));
            }
            answer
        }
    }
}

const FOR_EVER: Duration = Duration::from_secs(3600);

/// How long a caller goes on, and which of its requests count: those that begin between `begin` and `end`.
#[derive(Clone, Copy)]
struct Until {
    begin: Instant,
    end: Instant,
    requests: u32,
}

/// Lets all callers begin at once; returns when the last one was done.
async fn burst<C: Client>(order: &Order, client: C, url: &Uri, until: Until, answer: &mut Answer) -> Instant {
    // A client with a limit of its own needs no other.
    let permits =
        order.permits.filter(|_| !C::HAS_LIMIT).map(|permits| Arc::new(Semaphore::new(permits as usize)));
    let barrier = Arc::new(Barrier::new(order.callers as usize));
    let mut callers = JoinSet::new();
    for _ in 0..order.callers {
        let caller = Caller { client: client.clone(), url: url.clone(), permits: permits.clone() };
        let barrier = Arc::clone(&barrier);
        callers.spawn(async move {
            barrier.wait().await;
            caller.call(until).await
        });
    }
    let mut last = until.begin;
    while let Some(seen) = callers.join_next().await {
        let (seen, finished) = seen.expect("a caller does not panic");
        last = last.max(finished);
        answer.requests += seen.requests;
        answer.errors += seen.errors;
        answer.latencies_ns.extend(seen.latencies_ns);
        answer.first_error = answer.first_error.take().or(seen.first_error);
    }
    last
}

struct Caller<C> {
    client: C,
    url: Uri,
    permits: Option<Arc<Semaphore>>,
}

impl<C: Client> Caller<C> {
    /// What it saw, and when it was done.
    async fn call(self, until: Until) -> (Answer, Instant) {
        let mut seen = Answer::default();
        let mut now = Instant::now();
        for _ in 0..until.requests {
            if now >= until.end {
                break;
            }
            let started = now;
            let result = self.request().await;
            now = Instant::now();
            seen.requests += 1;
            match result {
                Ok(()) if started >= until.begin => seen.latencies_ns.push(nanoseconds(now - started)),
                Ok(()) => {}
                Err(error) => {
                    seen.errors += 1;
                    seen.first_error.get_or_insert(error);
                }
            }
        }
        (seen, now)
    }

    async fn request(&self) -> Result<(), String> {
        let _permit = match &self.permits {
            Some(permits) => Some(permits.acquire().await.expect("it is never closed")),
            None => None,
        };
        self.client.get(&self.url).await
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::http::protocol::Protocol;

    /// Counts how many requests it has, and has had at once; each fourth fails.
    #[derive(Clone, Default)]
    struct Fake(Arc<[AtomicU32; 3]>);

    impl Client for Fake {
        const HAS_LIMIT: bool = false;

        async fn get(&self, _: &Uri) -> Result<(), String> {
            let [all, now, peak] = &*self.0;
            peak.fetch_max(now.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
            tokio::task::yield_now().await;
            now.fetch_sub(1, Ordering::Relaxed);
            if all.fetch_add(1, Ordering::Relaxed) % 4 == 3 { Err("each fourth".into()) } else { Ok(()) }
        }
    }

    fn order(load: Load) -> Order {
        Order {
            url: "http://127.0.0.1:1/".into(),
            certificate: String::new(),
            protocol: Protocol::Http1,
            callers: 6,
            connect_delay_ms: 0,
            limit: None,
            permits: Some(2),
            load,
        }
    }

    #[tokio::test]
    async fn a_burst_sends_what_was_ordered_within_the_limit() {
        let fake = Fake::default();
        let order = order(Load::Bursts { count: 2, requests_per_caller: 4 });
        let answer = carry_out(&order, |_| fake.clone()).await;
        assert_eq!((answer.requests, answer.errors, answer.latencies_ns.len()), (48, 12, 36));
        assert_eq!(answer.first_error.as_deref(), Some("each fourth"));
        assert_eq!(fake.0[2].load(Ordering::Relaxed), 2, "as many at once as the limit allows");
        assert!(answer.elapsed_ns > 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_hangs_is_an_error() {
        #[derive(Clone)]
        struct Hanging;

        impl Client for Hanging {
            const HAS_LIMIT: bool = false;

            async fn get(&self, _: &Uri) -> Result<(), String> {
                std::future::pending().await
            }
        }

        let answer = carry_out(&order(Load::Bursts { count: 1, requests_per_caller: 1 }), |_| Hanging).await;
        assert_eq!((answer.errors, answer.requests), (1, 0));
        assert_eq!(answer.first_error.as_deref(), Some("it has not ended within 40s"));
    }

    #[tokio::test]
    async fn what_begins_in_the_warm_up_does_not_count() {
        let fake = Fake::default();
        let order = order(Load::Steady { warm_up_ms: 20, measure_ms: 0 });
        let answer = carry_out(&order, |_| fake.clone()).await;
        assert!(answer.requests > 0);
        assert_eq!(answer.latencies_ns, Vec::<u64>::new());
    }
}
