//! What no pool can be faster than, and the pool that one writes in ten lines.

use std::convert::Infallible;
use std::future::Future;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

use super::Wish;
use crate::pools::dialer::{Connection, Dialer, Refused};

/// As many as the pools are shipped with.
const LIMIT: u32 = 10;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A stack of connections behind a lock: nobody can wait for it, and nothing is dialed.
pub(super) fn mutex_vec(_dialer: Dialer, wish: Wish) -> MutexVec {
    MutexVec(Mutex::new(vec![Connection::default(); wish.limit.unwrap_or(LIMIT) as usize]))
}

pub(super) struct MutexVec(Mutex<Vec<Connection>>);

pub(super) struct Popped(&'static MutexVec, Connection);

impl Drop for Popped {
    fn drop(&mut self) {
        lock(&self.0.0).push(self.1);
    }
}

impl super::Pool for MutexVec {
    type Lease = Popped;
    type Error = &'static str;

    async fn get(&'static self) -> Result<Popped, &'static str> {
        let connection = lock(&self.0).pop().ok_or("nobody can wait for a bare stack")?;
        Ok(Popped(self, connection))
    }
}

/// Waiting alone: permits without connections.
pub(super) fn semaphore(_dialer: Dialer, wish: Wish) -> Permits {
    Permits(Semaphore::new(wish.limit.unwrap_or(LIMIT) as usize))
}

pub(super) struct Permits(Semaphore);

impl super::Pool for Permits {
    type Lease = SemaphorePermit<'static>;
    type Error = tokio::sync::AcquireError;

    fn get(&'static self) -> impl Future<Output = Result<Self::Lease, Self::Error>> + Send + 'static {
        self.0.acquire()
    }
}

/// A permit first, then what is parked, else a dial of one's own: early bound.
pub(super) fn semaphore_and_vec(dialer: Dialer, wish: Wish) -> SemaphoreAndVec {
    let permits = Semaphore::new(wish.limit.unwrap_or(LIMIT) as usize);
    SemaphoreAndVec { permits, parked: Mutex::default(), dialer }
}

pub(super) struct SemaphoreAndVec {
    permits: Semaphore,
    parked: Mutex<Vec<Connection>>,
    dialer: Dialer,
}

pub(super) struct Permitted {
    pool: &'static SemaphoreAndVec,
    connection: Connection,
    /// Dropped after the connection was parked.
    _permit: SemaphorePermit<'static>,
}

impl Drop for Permitted {
    fn drop(&mut self) {
        lock(&self.pool.parked).push(self.connection);
    }
}

impl super::Pool for SemaphoreAndVec {
    type Lease = Permitted;
    type Error = Refused;

    async fn get(&'static self) -> Result<Permitted, Refused> {
        let permit = self.permits.acquire().await.expect("it is never closed");
        let parked = lock(&self.parked).pop();
        let connection = match parked {
            Some(connection) => connection,
            None => self.dialer.dial().await?,
        };
        Ok(Permitted { pool: self, connection, _permit: permit })
    }
}

/// For threads: a stack of connections, and a condition variable for those who wait; nothing is dialed.
pub(super) fn condvar_vec(_dialer: Dialer, wish: Wish) -> CondvarVec {
    let connections = vec![Connection::default(); wish.limit.unwrap_or(LIMIT) as usize];
    CondvarVec(Arc::new((Mutex::new(connections), Condvar::new())))
}

#[derive(Clone)]
pub(super) struct CondvarVec(Arc<(Mutex<Vec<Connection>>, Condvar)>);

pub(super) struct Taken(CondvarVec, Connection);

impl Drop for Taken {
    fn drop(&mut self) {
        let (connections, returned) = &*self.0.0;
        lock(connections).push(self.1);
        returned.notify_one();
    }
}

impl super::BlockingPool for CondvarVec {
    type Lease = Taken;
    type Error = Infallible;

    fn get(&self) -> Result<Taken, Infallible> {
        let (connections, returned) = &*self.0;
        let mut connections = lock(connections);
        loop {
            if let Some(connection) = connections.pop() {
                return Ok(Taken(self.clone(), connection));
            }
            connections = returned.wait(connections).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Only scenarios with dials need it, and it plays none of them.
    fn get_timeout(&self, _timeout: Duration) -> Result<Taken, Infallible> {
        self.get()
    }
}
