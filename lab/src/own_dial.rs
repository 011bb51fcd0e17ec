//! For comparison: a pool whose requests wait for their own dial only.

use std::fmt;
use std::mem;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context;
use latebind::Source;
use latebind_tokio::TokioRuntime;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::connection::HttpConnection;
use crate::connector::Connector;

/// What many pools do: a request takes an idle connection if there is one; else it dials, and from then on does not
/// look at the idle ones again. Fair at the limit, where requests wait in order for a place.
///
/// It has the same limits as its rival, and wastes nothing either: a dial whose request has gone is parked.
#[derive(Clone, Debug)]
pub struct OwnDialPool(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    connector: Arc<Connector>,
    max_connections: u32,
    max_idle: usize,
    /// One for each connection that is dialing, leased or closing. A dial starts only when none is idle, so that
    /// all connections together never exceed the limit.
    permits: Arc<Semaphore>,
    /// Parked connections, the last one parked at the end.
    idle: Mutex<Vec<HttpConnection>>,
}

impl OwnDialPool {
    /// A pool of at most `max_connections`, of which it keeps at most `max_idle` parked.
    pub fn new(connector: Arc<Connector>, max_connections: u32, max_idle: usize) -> Self {
        let permits = Arc::new(Semaphore::new(max_connections as usize));
        Self(Arc::new(Shared { connector, max_connections, max_idle, permits, idle: Mutex::default() }))
    }

    /// Waits for a place below the limit, then takes the connection parked last, or dials.
    ///
    /// The source is [`Source::Idle`], [`Source::OwnDial`] or, after a wait at the limit, [`Source::Returned`].
    ///
    /// # Errors
    ///
    /// If its own dial fails, or the pool was shut down.
    pub async fn get(&self) -> anyhow::Result<(OwnDialLease, Source)> {
        let permits = &self.0.permits;
        let (permit, source) = match Arc::clone(permits).try_acquire_owned() {
            Ok(permit) => (permit, Source::Idle),
            Err(_) => {
                (Arc::clone(permits).acquire_owned().await.context("the pool is closed")?, Source::Returned)
            }
        };
        if let Some(connection) = self.0.unpark() {
            return Ok((self.lease(connection, permit), source));
        }
        let pool = self.clone();
        // The dial goes on if this request goes away: dropping the lease that it returns parks the connection.
        let dial = tokio::spawn(async move {
            let connection = pool.0.connector.dial::<TokioRuntime>().await?;
            anyhow::Ok(pool.lease(connection, permit))
        });
        Ok((dial.await??, Source::OwnDial))
    }

    /// Waits until no request, dial or lease is left, and closes what is idle; refuses requests from then on.
    pub async fn shutdown(&self) {
        let Shared { max_connections, permits, .. } = &*self.0;
        // All permits together: nobody else has a connection, and none is being closed.
        let all = permits.acquire_many(*max_connections).await;
        permits.close();
        drop(all);
        let parked = mem::take(&mut *self.0.idle());
        for connection in parked {
            connection.close().await;
        }
    }

    /// Connections that are parked now.
    pub fn idle(&self) -> usize {
        self.0.idle().len()
    }

    fn lease(&self, connection: HttpConnection, permit: OwnedSemaphorePermit) -> OwnDialLease {
        OwnDialLease { pool: self.clone(), held: Some((connection, permit)) }
    }
}

impl Shared {
    fn idle(&self) -> MutexGuard<'_, Vec<HttpConnection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection parked last that still works.
    fn unpark(&self) -> Option<HttpConnection> {
        let mut idle = self.idle();
        while let Some(connection) = idle.pop() {
            if connection.is_ready() {
                return Some(connection);
            }
        }
        None
    }

    /// Parks the connection, or returns it to be closed.
    fn park(&self, connection: HttpConnection) -> Option<HttpConnection> {
        let mut idle = self.idle();
        if !connection.is_ready() || idle.len() >= self.max_idle {
            return Some(connection);
        }
        idle.push(connection);
        None
    }
}

/// A connection on lease; dropping it gives it back.
pub struct OwnDialLease {
    pool: OwnDialPool,
    /// `None` only while it is dropped.
    held: Option<(HttpConnection, OwnedSemaphorePermit)>,
}

impl Drop for OwnDialLease {
    fn drop(&mut self) {
        let Some((connection, permit)) = self.held.take() else { return };
        if let Some(refused) = self.pool.0.park(connection) {
            tokio::spawn(async move {
                refused.close().await;
                drop(permit);
            });
        }
        // Else the place is free now, after the connection was parked: whoever gets it finds the connection.
    }
}

impl Deref for OwnDialLease {
    type Target = HttpConnection;

    fn deref(&self) -> &HttpConnection {
        let (connection, _) = self.held.as_ref().expect("held until dropped");
        connection
    }
}

impl DerefMut for OwnDialLease {
    fn deref_mut(&mut self) -> &mut HttpConnection {
        let (connection, _) = self.held.as_mut().expect("held until dropped");
        connection
    }
}

impl fmt::Debug for OwnDialLease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OwnDialLease").field(&self.local()).finish()
    }
}
