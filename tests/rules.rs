//! The rules of the core as scripts: events, and beside each the actions that it must have.

#[expect(dead_code, reason = "generated runs ask the rig for more")]
mod support;

#[path = "rules/backoff.rs"]
mod backoff;
#[path = "rules/binding.rs"]
mod binding;
#[path = "rules/character.rs"]
mod character;
#[path = "rules/dials.rs"]
mod dials;
#[path = "rules/ends.rs"]
mod ends;
#[path = "rules/failures.rs"]
mod failures;
#[path = "rules/late_dials.rs"]
mod late_dials;
#[path = "rules/limits.rs"]
mod limits;
#[path = "rules/reconfigure.rs"]
mod reconfigure;
#[path = "rules/retry.rs"]
mod retry;
#[path = "rules/serving.rs"]
mod serving;
#[path = "rules/shared.rs"]
mod shared;
#[path = "rules/shutdown.rs"]
mod shutdown;
#[path = "rules/surplus.rs"]
mod surplus;
#[path = "rules/timeouts.rs"]
mod timeouts;
#[path = "rules/zero.rs"]
mod zero;
