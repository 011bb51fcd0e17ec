//! The driver under a model checker: every interleaving of a few threads, within a bound of preemptions.
//!
//! Run by `adapters/driver/interleavings.sh`. Each scenario prints how many interleavings it has explored and what
//! came of them; every outcome that it names has to occur in some of them.

#![cfg(loom)]

mod cancels;
mod checking;
mod clearing;
mod delivery;
mod ends;
mod orphans;
mod sharing;
mod timeouts;
mod timer;
mod watching;
mod world;
