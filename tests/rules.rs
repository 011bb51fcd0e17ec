//! The rules of the core as scripts: events, and beside each the actions that it must have.

use latebind::Config;

#[path = "rules/backoff.rs"]
mod backoff;
#[path = "rules/backup.rs"]
mod backup;
#[path = "rules/binding.rs"]
mod binding;
#[path = "rules/character.rs"]
mod character;
#[path = "rules/checks.rs"]
mod checks;
#[path = "rules/checks_end.rs"]
mod checks_end;
#[path = "rules/clear.rs"]
mod clear;
#[path = "rules/dial_delay.rs"]
mod dial_delay;
#[path = "rules/dial_limit.rs"]
mod dial_limit;
#[path = "rules/dials.rs"]
mod dials;
#[path = "rules/ends.rs"]
mod ends;
#[path = "rules/failures.rs"]
mod failures;
#[path = "rules/floors.rs"]
mod floors;
#[path = "rules/floors_end.rs"]
mod floors_end;
#[path = "rules/late_dials.rs"]
mod late_dials;
#[path = "rules/limits.rs"]
mod limits;
#[path = "rules/meetings.rs"]
mod meetings;
#[path = "rules/meetings_of_dials.rs"]
mod meetings_of_dials;
#[path = "rules/meetings_of_limits.rs"]
mod meetings_of_limits;
#[path = "rules/meetings_of_pauses.rs"]
mod meetings_of_pauses;
#[path = "rules/meetings_of_races.rs"]
mod meetings_of_races;
#[path = "rules/overdue.rs"]
mod overdue;
#[path = "rules/pause.rs"]
mod pause;
#[path = "rules/preconnect.rs"]
mod preconnect;
#[path = "rules/reconfigure.rs"]
mod reconfigure;
#[path = "rules/retry.rs"]
mod retry;
#[path = "rules/room.rs"]
mod room;
#[path = "rules/room_order.rs"]
mod room_order;
#[path = "rules/serving.rs"]
mod serving;
#[path = "rules/shared.rs"]
mod shared;
#[path = "rules/shutdown.rs"]
mod shutdown;
#[path = "rules/surplus.rs"]
mod surplus;
#[path = "rules/surplus_beside_shared.rs"]
mod surplus_beside_shared;
#[path = "rules/suspects.rs"]
mod suspects;
#[path = "rules/timeouts.rs"]
mod timeouts;
#[path = "rules/zero.rs"]
mod zero;

/// No durations.
fn timeless() -> Config {
    Config::default().request_timeout(None).dial_timeout(None).idle_timeout(None).check_timeout(None)
}

/// At most so many connections in all; no limit of a key, no durations.
fn of_all(connections: u32) -> Config {
    Config::default()
        .max_connections(connections)
        .max_connections_per_key(None)
        .request_timeout(None)
        .dial_timeout(None)
        .idle_timeout(None)
}
