//! What threads share: locks, atomics and what is made of them, those of `std` and futures-util or, under `cfg(loom)`, those of
//! a model checker that tries every interleaving (`tests/interleavings`). The driver takes them from here alone.
//!
//! An `Arc` is the same under both: nobody depends on when exactly a count changes.

#[cfg(not(loom))]
pub(crate) use std::{
    sync::{Mutex, MutexGuard, atomic::AtomicBool},
    thread::{self, ThreadId},
};

#[cfg(not(loom))]
pub(crate) use futures_util::{
    future::{AbortHandle, AbortRegistration, Abortable, Aborted},
    task::AtomicWaker,
};
#[cfg(loom)]
pub(crate) use loom::{
    sync::{Mutex, MutexGuard, atomic::AtomicBool},
    thread::{self, ThreadId},
};

#[cfg(loom)]
pub(crate) use self::model::{AbortHandle, AbortRegistration, Abortable, Aborted, AtomicWaker};

#[cfg(loom)]
mod model;
