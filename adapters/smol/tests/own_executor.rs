//! An executor of the user's that ends before the pool.

use std::convert::Infallible;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use latebind_smol::{ConnectError, Error, Manager, Pool, SmolRuntime};
use smol::future::{FutureExt, yield_now};
use smol::{Executor, Timer};

/// Long beyond anything that goes well.
const PATIENCE: Duration = Duration::from_secs(20);

/// A dial for 0 hangs, all others succeed.
struct Hosts;

impl Manager for Hosts {
    type Key = u8;
    type Connection = u8;
    type Error = Infallible;

    async fn connect(&self, host: &u8) -> Result<u8, Infallible> {
        if *host == 0 { pending().await } else { Ok(*host) }
    }
}

#[test]
fn those_who_wait_when_the_executor_is_dropped_fail_rather_than_hang() {
    let executor = Arc::new(Executor::new());
    let pool = Pool::builder(Hosts).runtime(SmolRuntime::on(&executor)).max_connections(2).build().unwrap();
    let lease = smol::block_on(executor.run(async { pool.get(&1).await })).unwrap();

    let mut for_dial = pool.get(&0);
    let mut for_return = pool.get(&2);
    smol::block_on(async {
        // Both are asked for, and wait.
        let asked = async { (&mut for_dial).or(async { (&mut for_return).await }).await.map(|_lease| ()) };
        let polled = async {
            yield_now().await;
            Ok(())
        };
        asked.or(polled).await
    })
    .unwrap();
    assert_eq!(pool.stats().waiters, 2);
    drop(executor);

    for waiter in [for_dial, for_return, pool.get(&3)] {
        let too_late = async {
            Timer::after(PATIENCE).await;
            panic!("it hangs")
        };
        let answer = smol::block_on(waiter.or(too_late));
        assert!(matches!(answer, Err(Error::Dial(ConnectError::RuntimeGone))), "{:?}", answer.err());
    }
    drop(lease);
    assert_eq!(*smol::block_on(pool.get(&1)).unwrap(), 1, "what is parked still serves");
    pool.check_invariants().unwrap();
}
