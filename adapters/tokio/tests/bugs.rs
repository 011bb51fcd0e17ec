//! Real bugs of real pools that were bugs of the code around the queue: between threads, in callbacks, in tasks that
//! are dropped. What provoked them elsewhere is done to the driver here; docs/BUGS.md lists them all. The references
//! are repositories and issues on GitHub, unless they say otherwise.

#[path = "bugs/alone.rs"]
mod alone;
#[path = "bugs/cancels.rs"]
mod cancels;
#[path = "bugs/clocks.rs"]
mod clocks;
#[path = "bugs/dials.rs"]
mod dials;
#[path = "bugs/ends.rs"]
mod ends;
#[path = "bugs/gaps.rs"]
mod gaps;
#[path = "bugs/memory.rs"]
mod memory;
#[path = "bugs/quick.rs"]
mod quick;
#[path = "bugs/reentry.rs"]
mod reentry;
#[path = "bugs/requests.rs"]
mod requests;
#[path = "bugs/sharing.rs"]
mod sharing;
#[path = "bugs/shutdown.rs"]
mod shutdown;
mod support;
#[path = "bugs/threads.rs"]
mod threads;
