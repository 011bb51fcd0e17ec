//! The kinds of events, actions, refusals and reasons: what is counted, and must all be met.

use latebind::{Action, CloseReason, Event, Misuse, RequestError};

/// What the kinds of events are called.
pub const EVENTS: [&str; 18] = [
    "Request",
    "Cancel",
    "Reprioritize",
    "DialDone, opened",
    "DialDone, failed",
    "ConnIdle",
    "ConnClosed",
    "CheckDone",
    "Capacity",
    "Draining",
    "Preconnect",
    "Keep",
    "LimitDials",
    "Clear",
    "Pause, Resume",
    "Reconfigure",
    "Shutdown",
    "Tick",
];

/// The place of an event's kind in [`EVENTS`].
pub fn of_event<K>(event: &Event<'_, K>) -> usize {
    match event {
        Event::Request { .. } => 0,
        Event::Cancel { .. } => 1,
        Event::Reprioritize { .. } => 2,
        Event::DialDone { outcome: Ok(_), .. } => 3,
        Event::DialDone { outcome: Err(_), .. } => 4,
        Event::ConnIdle { .. } => 5,
        Event::ConnClosed { .. } => 6,
        Event::CheckDone { .. } => 7,
        Event::Capacity { .. } => 8,
        Event::Draining { .. } => 9,
        Event::Preconnect { .. } => 10,
        Event::Keep { .. } => 11,
        Event::LimitDials { .. } => 12,
        Event::Clear { .. } => 13,
        Event::Pause { .. } | Event::Resume => 14,
        Event::Reconfigure { .. } => 15,
        Event::Shutdown => 16,
        _ => 17,
    }
}

/// What the kinds of actions are called.
pub const ACTIONS: [&str; 10] =
    ["Deliver", "Wait", "Fail", "StartDial", "CancelDial", "Check", "Park", "Close", "Overdue", "Drained"];

/// The place of an action's kind in [`ACTIONS`].
pub fn of_action(action: &Action) -> usize {
    match action {
        Action::Deliver { .. } => 0,
        Action::Wait { .. } => 1,
        Action::Fail { .. } => 2,
        Action::StartDial { .. } => 3,
        Action::CancelDial { .. } => 4,
        Action::Check { .. } => 5,
        Action::Park { .. } => 6,
        Action::Close { .. } => 7,
        Action::Overdue { .. } => 8,
        _ => 9,
    }
}

/// Why requests fail.
pub const ERRORS: [RequestError; 7] = [
    RequestError::Timeout,
    RequestError::Dial,
    RequestError::DialTimeout,
    RequestError::TooManyWaiters,
    RequestError::Paused,
    RequestError::Cleared,
    RequestError::Shutdown,
];

/// Why connections are closed.
pub const REASONS: [CloseReason; 10] = [
    CloseReason::IdleTimeout,
    CloseReason::Lifetime,
    CloseReason::MaxUses,
    CloseReason::IdleLimit,
    CloseReason::Evicted,
    CloseReason::CheckFailed,
    CloseReason::Cleared,
    CloseReason::ConnectionLimit,
    CloseReason::Draining,
    CloseReason::Shutdown,
];

/// Why events are refused.
pub const MISUSES: [&str; 7] = [
    "unknown connection",
    "unknown request",
    "not leased",
    "not checking",
    "not dialing",
    "still dialing",
    "a config that contradicts itself",
];

/// The place of a refusal's kind in [`MISUSES`].
pub fn of_misuse(misuse: &Misuse) -> usize {
    match misuse {
        Misuse::UnknownConnection(_) => 0,
        Misuse::UnknownRequest(_) => 1,
        Misuse::NotLeased(_) => 2,
        Misuse::NotChecking(_) => 3,
        Misuse::NotDialing(_) => 4,
        Misuse::StillDialing(_) => 5,
        _ => 6,
    }
}
