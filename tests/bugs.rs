//! Real bugs of real pools: the shortest script that provokes each of them elsewhere, and what must happen
//! here; docs/BUGS.md lists them all. The references are repositories and issues on GitHub, unless they say otherwise.

#[path = "bugs/accounting.rs"]
mod accounting;
#[path = "bugs/cancels.rs"]
mod cancels;
#[path = "bugs/expiry.rs"]
mod expiry;
#[path = "bugs/failures.rs"]
mod failures;
#[path = "bugs/generations.rs"]
mod generations;
#[path = "bugs/memory.rs"]
mod memory;
#[path = "bugs/sharing.rs"]
mod sharing;
#[path = "bugs/shutdown.rs"]
mod shutdown;
#[path = "bugs/table.rs"]
mod table;
#[path = "bugs/upkeep.rs"]
mod upkeep;
#[path = "bugs/wakeups.rs"]
mod wakeups;

use latebind::Config;

/// The notation's `P`: connections of one key.
fn of_key(connections: u32) -> Config {
    Config::default().max_connections_per_key(connections)
}
