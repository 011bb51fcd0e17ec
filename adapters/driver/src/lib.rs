//! What the adapters of [`latebind`] share: a pool that carries out what the core decides.
//!
//! The core says *what* happens: who gets which connection, when to dial, what to close. This crate does it: it
//! keeps the core behind a mutex, the connections in a table beside it, runs dials as tasks of a [`Runtime`],
//! and lends connections as [`Lease`]s. How a connection is made is told by a [`Manager`].
//!
//! Users take an adapter, such as `latebind-tokio`: this crate with its [`Runtime`] filled in. To bring a
//! runtime of your own, implement the three functions of [`Runtime`].
//!
//! # What holds
//!
//! - **A1, A2** Every step of the core is carried out in two halves: its table work under the lock, so that no
//!   delivery can overtake the request it answers; everything that runs foreign code (dials, closing, wakers,
//!   spawning, dropping a connection) after it. Only what belongs to keys
//!   (`Clone`, `Eq`, `Hash`, `Drop`) runs under the lock.
//! - **A3** Dropping a [`Get`] cancels the request. A connection that it had been given goes to the next waiter.
//!   Dropping a [`Lease`] gives the connection back; a panic while it is held closes it.
//! - **A4** Dials belong to the pool: they outlive the request that started them. A dial that panics, or whose
//!   task is dropped by a runtime that ends, is a failed dial.
//!   Checks (R16) and recycling are tasks in the same way: what is lost with them is closed.
//! - **A5** When the last [`Pool`] goes, everything ends: waiters fail, dials stop, connections close, and no
//!   task stays.
//! - **A6** There is one timer task, and only while something can expire.
//! - **A7** Where the manager can watch parked connections, one that its peer closes leaves the pool at once.
//! - **A8** A timeout tells what the pool was doing, and why the last dial failed.

mod alarm;
mod away;
mod builder;
mod clear;
mod cleared;
mod clock;
mod close;
mod closed;
mod connections;
mod dial;
mod effect;
mod engine;
mod errand;
mod error;
mod failures;
mod get;
mod goods;
mod lease;
mod manager;
#[cfg(feature = "metrics")]
mod metrics;
mod notice;
mod pool;
mod report;
mod request;
mod runtime;
mod shield;
mod slot;
mod state;
mod sync;
mod timer;
#[cfg(feature = "tracing")]
mod tracing;
mod unpack;
mod watch;

pub use builder::{BuildError, Builder};
pub use clear::Clear;
pub use error::{ConnectError, Error, Refused, TimeoutError};
pub use get::Get;
pub use latebind::{
    Binding, CloseReason, Config, ConfigError, ConnId, Counters, Deliveries, DialError, DialFailure,
    IdleOrder, Newcomers, Priority, RequestError, Source, Stats, Surplus, Time,
};
pub use lease::Lease;
pub use manager::{Capacity, Manager};
pub use notice::Notice;
pub use pool::Pool;
pub use runtime::Runtime;
