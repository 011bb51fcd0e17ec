//! The data structures of the machine: all constant in time, none allocates once it has grown.

mod arena;
mod heap;
mod list;
mod queue;
mod random;

pub(crate) use arena::{Arena, Lookup, Number};
pub(crate) use heap::{Heap, Slotted};
pub(crate) use list::{Linked, Links, List, NIL};
pub(crate) use queue::{Place as QueuePlace, Queue, Queued};
pub(crate) use random::Random;
