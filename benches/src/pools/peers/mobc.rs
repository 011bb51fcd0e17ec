//! mobc: a semaphore and an async lock; what comes back is put away by a task.

use std::future::Future;

use mobc::async_trait;

use super::{IDLE_TIMEOUT, LIFETIME, TIMEOUT, Timing, Wish};
use crate::pools::dialer::{Connection, Dialer, Refused};

pub(super) fn build(dialer: Dialer, wish: Wish) -> mobc::Pool<Manager> {
    let mut builder = mobc::Pool::builder();
    if let Some(limit) = wish.limit {
        builder = builder.max_open(limit.into()).max_idle(limit.into());
    }
    builder = match wish.timing {
        Timing::Shipped => builder,
        Timing::Full => builder
            .get_timeout(Some(TIMEOUT))
            .max_idle_lifetime(Some(IDLE_TIMEOUT))
            .max_lifetime(Some(LIFETIME)),
        Timing::Off => builder.get_timeout(None),
        Timing::Wait(duration) => builder.get_timeout(Some(duration)),
    };
    builder.build(Manager(dialer))
}

pub(super) struct Manager(Dialer);

#[async_trait]
impl mobc::Manager for Manager {
    type Connection = Connection;
    type Error = Refused;

    async fn connect(&self) -> Result<Connection, Refused> {
        self.0.dial().await
    }

    async fn check(&self, connection: Connection) -> Result<Connection, Refused> {
        Ok(connection)
    }
}

impl super::Pool for mobc::Pool<Manager> {
    type Lease = mobc::Connection<Manager>;
    type Error = mobc::Error<Refused>;

    fn get(&'static self) -> impl Future<Output = Result<Self::Lease, Self::Error>> + Send + 'static {
        Self::get(self)
    }
}
