//! A runtime that for a moment has no thread for what it is to run, as one of plain threads may.

mod support;

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use latebind_driver::{Pool, Runtime, Source};
use latebind_tokio::{ConnectError, Error, Time, TokioRuntime};
use support::{config, net};

/// Drops what it is to run while it is exhausted.
#[derive(Clone)]
struct Exhaustible {
    tokio: TokioRuntime,
    is_exhausted: Arc<AtomicBool>,
}

impl Runtime for Exhaustible {
    fn current() -> Option<Self> {
        TokioRuntime::current().map(|tokio| Self { tokio, is_exhausted: Arc::default() })
    }

    fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        if !self.is_exhausted.load(Ordering::SeqCst) {
            self.tokio.spawn(future);
        }
    }

    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send + 'static {
        self.tokio.sleep(duration)
    }

    fn now(&self) -> Time {
        self.tokio.now()
    }
}

#[tokio::test(start_paused = true)]
async fn a_pool_recovers_when_there_are_threads_again() {
    let (net, mut peer) = net();
    let runtime = Exhaustible::current().expect("tokio");
    let pool: Pool<_, Exhaustible> =
        Pool::builder(net).config(config()).runtime(runtime.clone()).build().expect("sound");

    runtime.is_exhausted.store(true, Ordering::SeqCst);
    for _ in 0..2 {
        let error = pool.get(&"host").await.expect_err("nothing runs");
        assert!(matches!(error, Error::Dial(ConnectError::RuntimeGone)), "{error:?}");
    }

    runtime.is_exhausted.store(false, Ordering::SeqCst);
    let request = tokio::spawn({
        let pool = pool.clone();
        async move { pool.get(&"host").await }
    });
    peer.dial().await.connect();
    let lease = request.await.expect("no panic").expect("served");
    assert_eq!(lease.source(), Source::OwnDial);
    drop(lease);

    // Time passes again, too.
    let hanging = peer.dial();
    let limit = Duration::from_secs(1);
    let error = pool.get(&"elsewhere").timeout(limit).await.expect_err("its dial hangs");
    assert!(matches!(error, Error::Timeout(_)), "{error:?}");
    drop(hanging.await);
    tokio::time::sleep(Duration::from_secs(90)).await;
    assert_eq!(pool.key_stats(&"host").connections(), 0, "its idle timeout has come");
    assert_eq!(pool.check_invariants(), Ok(()));
}
