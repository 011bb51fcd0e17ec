//! `fast_pool`: a channel of idle connections.

use std::future::Future;

use fast_pool::ConnectionGuard;

use super::{TIMEOUT, Timing, Wish};
use crate::pools::dialer::{Connection, Dialer, Refused};

pub(super) fn build(dialer: Dialer, wish: Wish) -> fast_pool::Pool<Manager> {
    let pool = fast_pool::Pool::new(Manager(dialer));
    if let Some(limit) = wish.limit {
        pool.set_max_open(limit.into());
        pool.set_max_idle_conns(limit.into());
    }
    match wish.timing {
        // Requests and checks always have a timeout.
        Timing::Shipped | Timing::Off => {}
        Timing::Full => {
            pool.set_timeout_wait(Some(TIMEOUT));
            pool.set_timeout_check(Some(TIMEOUT));
        }
        Timing::Wait(duration) => pool.set_timeout_wait(Some(duration)),
    }
    pool
}

pub(super) struct Manager(Dialer);

/// It makes errors of its own, of texts.
#[derive(Debug)]
pub(super) struct Error(String);

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for Error {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        Self(refused.to_string())
    }
}

impl fast_pool::Manager for Manager {
    type Connection = Connection;
    type Error = Error;

    async fn connect(&self) -> Result<Connection, Error> {
        Ok(self.0.dial().await?)
    }

    async fn check(&self, _connection: &mut Connection) -> Result<(), Error> {
        Ok(())
    }
}

impl super::Pool for fast_pool::Pool<Manager> {
    type Lease = ConnectionGuard<Manager>;
    type Error = Error;

    fn get(&'static self) -> impl Future<Output = Result<Self::Lease, Self::Error>> + Send + 'static {
        Self::get(self)
    }
}
