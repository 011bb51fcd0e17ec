//! deadpool: a semaphore in front of a stack.

use std::future::Future;

use deadpool::Runtime;
use deadpool::managed::{self, Metrics, Object, PoolError, RecycleResult};

use super::{TIMEOUT, Timing, Wish};
use crate::pools::dialer::{Connection, Dialer, Refused};

pub(super) fn build(dialer: Dialer, wish: Wish) -> managed::Pool<Manager> {
    let mut builder = managed::Pool::<Manager>::builder(Manager(dialer)).runtime(Runtime::Tokio1);
    if let Some(limit) = wish.limit {
        builder = builder.max_size(limit as usize);
    }
    builder = match wish.timing {
        Timing::Shipped | Timing::Off => builder,
        // It has no lifetimes.
        Timing::Full => {
            builder.wait_timeout(Some(TIMEOUT)).create_timeout(Some(TIMEOUT)).recycle_timeout(Some(TIMEOUT))
        }
        Timing::Wait(duration) => builder.wait_timeout(Some(duration)),
    };
    builder.build().expect("there is a runtime for the timeouts")
}

pub(super) struct Manager(Dialer);

impl managed::Manager for Manager {
    type Type = Connection;
    type Error = Refused;

    async fn create(&self) -> Result<Connection, Refused> {
        self.0.dial().await
    }

    async fn recycle(&self, _connection: &mut Connection, _metrics: &Metrics) -> RecycleResult<Refused> {
        Ok(())
    }
}

impl super::Pool for managed::Pool<Manager> {
    type Lease = Object<Manager>;
    type Error = PoolError<Refused>;

    fn get(&'static self) -> impl Future<Output = Result<Self::Lease, Self::Error>> + Send + 'static {
        Self::get(self)
    }
}
