//! Real bugs of real pools: the shortest script that provokes each of them elsewhere, and what must happen
//! here. The references are repositories and issues on GitHub, unless they say otherwise.

#[expect(dead_code, reason = "the rig can say more than these scripts need")]
mod support;

#[path = "bugs/accounting.rs"]
mod accounting;
#[path = "bugs/cancels.rs"]
mod cancels;
#[path = "bugs/expiry.rs"]
mod expiry;
#[path = "bugs/failures.rs"]
mod failures;
#[path = "bugs/memory.rs"]
mod memory;
#[path = "bugs/sharing.rs"]
mod sharing;
#[path = "bugs/shutdown.rs"]
mod shutdown;
#[path = "bugs/wakeups.rs"]
mod wakeups;

use latebind::Config;

/// The notation's `P`: connections of one key.
fn of_key(connections: u32) -> Config {
    Config::default().max_connections_per_key(connections)
}
