//! r2d2: one lock and one condition variable.

use std::time::Duration;

use r2d2::{ManageConnection, NopErrorHandler, PooledConnection};

use super::{IDLE_TIMEOUT, LIFETIME, TIMEOUT, Timing, Wish};
use crate::pools::dialer::{Connection, Dialer, Refused};

/// It dials when somebody asks, as the others do, and not up to its limit when it is built.
pub(super) fn build(dialer: Dialer, wish: Wish) -> r2d2::Pool<Manager> {
    let mut builder = r2d2::Pool::builder().min_idle(Some(0)).error_handler(Box::new(NopErrorHandler));
    if let Some(limit) = wish.limit {
        builder = builder.max_size(limit);
    }
    builder = match wish.timing {
        Timing::Shipped => builder,
        Timing::Full => {
            let builder = builder.connection_timeout(TIMEOUT).idle_timeout(Some(IDLE_TIMEOUT));
            builder.max_lifetime(Some(LIFETIME))
        }
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

    fn connect(&self) -> Result<Connection, Refused> {
        self.0.dial_blocking()
    }

    fn is_valid(&self, _connection: &mut Connection) -> Result<(), Refused> {
        Ok(())
    }

    fn has_broken(&self, _connection: &mut Connection) -> bool {
        false
    }
}

impl super::BlockingPool for r2d2::Pool<Manager> {
    type Lease = PooledConnection<Manager>;
    type Error = r2d2::Error;

    fn get(&self) -> Result<Self::Lease, Self::Error> {
        Self::get(self)
    }

    fn get_timeout(&self, timeout: Duration) -> Result<Self::Lease, Self::Error> {
        Self::get_timeout(self, timeout)
    }
}
