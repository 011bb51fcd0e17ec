//! bb8: one queue for the pool, newcomers may cut in.

use std::future::Future;

use bb8::{ManageConnection, PooledConnection, RunError};

use super::{IDLE_TIMEOUT, LIFETIME, TIMEOUT, Timing, Wish};
use crate::pools::dialer::{Connection, Dialer, Refused};

pub(super) fn build(dialer: Dialer, wish: Wish) -> bb8::Pool<Manager> {
    let mut builder = bb8::Pool::builder();
    if let Some(limit) = wish.limit {
        builder = builder.max_size(limit);
    }
    builder = match wish.timing {
        Timing::Shipped => builder,
        Timing::Full => builder.connection_timeout(TIMEOUT).idle_timeout(IDLE_TIMEOUT).max_lifetime(LIFETIME),
        // A request always has a timeout.
        Timing::Off => builder.idle_timeout(None).max_lifetime(None),
        Timing::Wait(duration) => builder.connection_timeout(duration),
    };
    builder.build_unchecked(Manager(dialer))
}

pub(super) struct Manager(Dialer);

impl ManageConnection for Manager {
    type Connection = Connection;
    type Error = Refused;

    async fn connect(&self) -> Result<Connection, Refused> {
        self.0.dial().await
    }

    async fn is_valid(&self, _connection: &mut Connection) -> Result<(), Refused> {
        Ok(())
    }

    fn has_broken(&self, _connection: &mut Connection) -> bool {
        false
    }
}

impl super::Pool for bb8::Pool<Manager> {
    type Lease = PooledConnection<'static, Manager>;
    type Error = RunError<Refused>;

    fn get(&'static self) -> impl Future<Output = Result<Self::Lease, Self::Error>> + Send + 'static {
        Self::get(self)
    }
}
