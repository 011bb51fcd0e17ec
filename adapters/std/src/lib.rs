#![doc = include_str!("../README.md")]

mod block_on;
mod manager;
mod pool;
mod task;
mod threads;
mod workers;

pub use latebind_driver::*;
pub use manager::{Blocking, Manager};
pub use pool::{Pool, Request};
pub use threads::Threads;

/// Builds a [`Pool`].
pub type Builder<M> = latebind_driver::Builder<Blocking<M>, Threads, Pool<M>>;

/// A connection on loan from a [`Pool`].
pub type Lease<M> = latebind_driver::Lease<Blocking<M>, Threads>;
