//! Actions in words, so that a script reads like a story and a failure can be understood.

use latebind::{Action, CloseReason, ConnId, Event, Misuse, RequestError, Source};

use super::Key;
use super::ledger::Ledger;

/// What an action is called in a script: `r1 gets a1 (returned)`.
pub(crate) fn action(ledger: &Ledger, action: &Action) -> String {
    let conn = |id: ConnId| ledger.conn_name(id);
    match *action {
        Action::Deliver { token, conn: id, source, .. } => {
            format!("{} gets {} ({})", ledger.token_name(token), conn(id), origin(source))
        }
        Action::Wait { token, .. } => format!("{} waits", ledger.token_name(token)),
        Action::Fail { token, error, cause, .. } => {
            let cause = cause.map(|id| format!(" of {}", conn(id))).unwrap_or_default();
            format!("{} fails: {}{cause}", ledger.token_name(token), failure(error))
        }
        Action::StartDial { conn: id } => format!("dial {}", conn(id)),
        Action::CancelDial { conn: id } => format!("stop {}", conn(id)),
        Action::Park { conn: id } => format!("park {}", conn(id)),
        Action::Close { conn: id, reason } => format!("close {}: {}", conn(id), why(reason)),
        Action::Check { conn: id } => format!("check {}", conn(id)),
        Action::Overdue { conn: id } => format!("overdue {}", conn(id)),
        Action::Drained => "drained".to_owned(),
        other => format!("{other:?}"),
    }
}

/// What an event is called in a script: `returned a1`.
pub(crate) fn event(ledger: &Ledger, event: &Event<'_, Key>) -> String {
    let conn = |id: ConnId| ledger.conn_name(id);
    match *event {
        Event::Request { key, token, priority, deadline } => {
            let deadline = deadline.map(|time| format!(", deadline {}", clock(time.0))).unwrap_or_default();
            format!("request {} for {key}, level {}{deadline}", ledger.token_name(token), priority.level())
        }
        Event::Cancel { request } => format!("cancel {}", ledger.request_name(request)),
        Event::Reprioritize { request, priority } => {
            format!("reprioritize {} to level {}", ledger.request_name(request), priority.level())
        }
        Event::DialDone { conn: id, outcome: Ok(opened) } if opened.capacity == 1 => {
            format!("dialed {}", conn(id))
        }
        Event::DialDone { conn: id, outcome: Ok(opened) } => {
            format!("dialed {}, capacity {}", conn(id), opened.capacity)
        }
        Event::DialDone { conn: id, outcome: Err(error) } => format!("dial {} failed: {error:?}", conn(id)),
        Event::ConnIdle { conn: id } => format!("returned {}", conn(id)),
        Event::ConnClosed { conn: id } => format!("closed {}", conn(id)),
        Event::Capacity { conn: id, capacity } => format!("capacity of {} is {capacity}", conn(id)),
        Event::Draining { conn: id } => format!("draining {}", conn(id)),
        Event::CheckDone { conn: id, alive } => {
            format!("checked {}: {}", conn(id), if alive { "alive" } else { "dead" })
        }
        Event::Preconnect { key, count } => format!("preconnect {count} of {key}"),
        Event::Keep { key, min_idle } => format!("keep {min_idle} of {key}"),
        Event::Clear { key, waiters, interrupt } => {
            let interrupt = if interrupt { ", interrupt" } else { "" };
            format!("clear {}, {waiters:?} waiters{interrupt}", key.unwrap_or(&"all"))
        }
        Event::Pause { newcomers } => format!("pause, {newcomers:?} newcomers"),
        Event::Resume => "resume".to_owned(),
        Event::Reconfigure { .. } => "reconfigure".to_owned(),
        Event::Shutdown => "shutdown".to_owned(),
        Event::Tick => "tick".to_owned(),
        _ => format!("{event:?}"),
    }
}

/// What a refusal is called in a script: `not leased: a1`.
pub(crate) fn misuse(ledger: &Ledger, misuse: &Misuse) -> String {
    match *misuse {
        Misuse::UnknownConnection(_) => "unknown connection".to_owned(),
        Misuse::UnknownRequest(_) => "unknown request".to_owned(),
        Misuse::NotLeased(id) => format!("not leased: {}", ledger.conn_name(id)),
        Misuse::NotDialing(id) => format!("not dialing: {}", ledger.conn_name(id)),
        Misuse::NotChecking(id) => format!("not checking: {}", ledger.conn_name(id)),
        Misuse::StillDialing(id) => format!("still dialing: {}", ledger.conn_name(id)),
        Misuse::Config(error) => format!("config: {error}"),
        other => format!("{other:?}"),
    }
}

/// A time as a script shows it, in milliseconds.
pub(crate) fn clock(nanos: u64) -> String {
    if nanos == u64::MAX {
        return "never".to_owned();
    }
    match nanos % 1_000_000 {
        0 => format!("{}ms", nanos / 1_000_000),
        rest => format!("{}.{rest:06}ms", nanos / 1_000_000),
    }
}

/// Tells how `got` differs from the script's `expected` (a list with commas), if it does.
///
/// The order of a step's actions carries no meaning, except deliveries among each other.
pub(crate) fn difference(expected: &str, got: &[String]) -> Option<String> {
    let expected: Vec<&str> = expected.split(", ").filter(|words| !words.is_empty()).collect();
    let got: Vec<&str> = got.iter().map(String::as_str).collect();
    let sorted = |words: &[&str]| {
        let mut words: Vec<String> = words.iter().map(ToString::to_string).collect();
        words.sort();
        words
    };
    let deliveries = |words: &[&str]| {
        words.iter().filter(|word| word.contains(" gets ")).map(ToString::to_string).collect::<Vec<_>>()
    };
    if sorted(&expected) == sorted(&got) && deliveries(&expected) == deliveries(&got) {
        return None;
    }
    let list = |words: &[&str]| if words.is_empty() { "nothing".to_owned() } else { words.join(", ") };
    Some(format!("expected: {}\n     got: {}", list(&expected), list(&got)))
}

fn origin(source: Source) -> &'static str {
    match source {
        Source::Idle => "idle",
        Source::Returned => "returned",
        Source::OwnDial => "own dial",
        Source::OtherDial => "other dial",
        Source::Check => "checked",
        Source::Shared => "shared",
        _ => "a new source",
    }
}

fn failure(error: RequestError) -> &'static str {
    match error {
        RequestError::Timeout => "timeout",
        RequestError::Dial => "dial",
        RequestError::DialTimeout => "dial timeout",
        RequestError::TooManyWaiters => "too many waiters",
        RequestError::Paused => "paused",
        RequestError::Cleared => "cleared",
        RequestError::Shutdown => "shutdown",
        _ => "a new error",
    }
}

fn why(reason: CloseReason) -> &'static str {
    match reason {
        CloseReason::IdleTimeout => "idle timeout",
        CloseReason::Lifetime => "lifetime",
        CloseReason::MaxUses => "max uses",
        CloseReason::IdleLimit => "idle limit",
        CloseReason::Evicted => "evicted",
        CloseReason::CheckFailed => "check failed",
        CloseReason::Cleared => "cleared",
        CloseReason::ConnectionLimit => "connection limit",
        CloseReason::Draining => "draining",
        CloseReason::Shutdown => "shutdown",
        _ => "a new reason",
    }
}
