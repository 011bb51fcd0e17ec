//! latebind-tokio: one key, or keys of text.

use std::future::Future;
use std::hash::Hash;

use latebind_tokio::{Config, Error, Lease};

use super::{IDLE_TIMEOUT, LIFETIME, TIMEOUT, Timing, Wish};
use crate::pools::dialer::{Connection, Dialer, Refused};

/// A pool for one database.
pub(super) fn build(dialer: Dialer, wish: Wish) -> Latebind<()> {
    Latebind::new(dialer, wish, ())
}

/// The same without any timeout, as deadpool is shipped.
pub(super) fn build_untimed(dialer: Dialer, wish: Wish) -> Latebind<()> {
    Latebind::new(dialer, Wish { timing: Timing::Off, ..wish }, ())
}

/// A pool for many hosts, of which one is used.
pub(super) fn build_keyed(dialer: Dialer, wish: Wish) -> Latebind<String> {
    Latebind::new(dialer, wish, "https://www.example.com:443".to_owned())
}

pub(super) struct Latebind<K: Key> {
    pool: latebind_tokio::Pool<Manager<K>>,
    key: K,
}

/// What its keys are.
pub(super) trait Key: Clone + Eq + Hash + Send + Sync + 'static {}

impl<K: Clone + Eq + Hash + Send + Sync + 'static> Key for K {}

impl<K: Key> Latebind<K> {
    fn new(dialer: Dialer, wish: Wish, key: K) -> Self {
        let pool = latebind_tokio::Pool::builder(Manager { dialer, key: std::marker::PhantomData });
        Self { pool: pool.config(config(wish)).build().expect("the config holds together"), key }
    }
}

/// For threads, too.
pub(super) fn config(wish: Wish) -> Config {
    let config = Config::default();
    let config = match wish.limit {
        None => config,
        Some(limit) => config.max_connections_per_key(limit).max_connections(limit),
    };
    match wish.timing {
        Timing::Shipped => config,
        Timing::Full => config
            .request_timeout(TIMEOUT)
            .dial_timeout(TIMEOUT)
            .idle_timeout(IDLE_TIMEOUT)
            .max_lifetime(LIFETIME)
            .lifetime_jitter(LIFETIME / 10),
        Timing::Off => config.request_timeout(None).dial_timeout(None).idle_timeout(None),
        Timing::Wait(duration) => config.request_timeout(duration),
    }
}

pub(super) struct Manager<K> {
    dialer: Dialer,
    key: std::marker::PhantomData<fn() -> K>,
}

impl<K: Key> latebind_tokio::Manager for Manager<K> {
    type Key = K;
    type Connection = Connection;
    type Error = Refused;

    async fn connect(&self, _key: &K) -> Result<Connection, Refused> {
        self.dialer.dial().await
    }
}

impl<K: Key> super::Pool for Latebind<K> {
    type Lease = Lease<Manager<K>>;
    type Error = Error<Refused>;

    fn get(&'static self) -> impl Future<Output = Result<Self::Lease, Self::Error>> + Send + 'static {
        self.pool.get(&self.key)
    }
}
