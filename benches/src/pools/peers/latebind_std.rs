//! latebind-std: on plain threads.

use std::time::Duration;

use latebind_std::{Error, Lease};

use super::{Wish, latebind};
use crate::pools::dialer::{Connection, Dialer, Refused};

pub(super) fn build(dialer: Dialer, wish: Wish) -> latebind_std::Pool<Manager> {
    let pool = latebind_std::Pool::builder(Manager(dialer)).config(latebind::config(wish));
    pool.build().expect("the config holds together")
}

pub(super) struct Manager(Dialer);

impl latebind_std::Manager for Manager {
    type Key = ();
    type Connection = Connection;
    type Error = Refused;

    fn connect(&self, _key: &()) -> Result<Connection, Refused> {
        self.0.dial_blocking()
    }
}

impl super::BlockingPool for latebind_std::Pool<Manager> {
    type Lease = Lease<Manager>;
    type Error = Error<Refused>;

    fn get(&self) -> Result<Self::Lease, Self::Error> {
        Self::get(self, &())
    }

    fn get_timeout(&self, timeout: Duration) -> Result<Self::Lease, Self::Error> {
        Self::get_timeout(self, &(), timeout)
    }
}
