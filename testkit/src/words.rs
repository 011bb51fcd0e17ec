//! Events and actions in words, so that a script reads like a story and a failure can be understood.

use std::fmt::Display;

use latebind::{Action, CloseReason, Config, ConnId, Event, Misuse, RequestError, Source, Time};

use crate::Names;
use crate::fields::FIELDS;

/// What an action is called in a script: `r1 gets a1 (returned)`.
pub fn action<K: Clone + Eq + Display>(names: &Names<K>, action: &Action) -> String {
    let conn = |id: ConnId| names.conn_name(id);
    match *action {
        Action::Deliver { token, conn: id, source, .. } => {
            format!("{} gets {} ({})", names.token_name(token), conn(id), origin(source))
        }
        Action::Wait { token, .. } => format!("{} waits", names.token_name(token)),
        Action::Fail { token, error, cause, .. } => {
            let cause = cause.map(|id| format!(" of {}", conn(id))).unwrap_or_default();
            format!("{} fails: {}{cause}", names.token_name(token), failure(error))
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
pub fn event<K: Clone + Eq + Display>(names: &Names<K>, event: &Event<'_, K>) -> String {
    let conn = |id: ConnId| names.conn_name(id);
    match *event {
        Event::Request { key, token, priority, deadline } => {
            let deadline = deadline.map(|time| format!(", deadline {}", clock(time))).unwrap_or_default();
            format!("request {} for {key}, level {}{deadline}", names.token_name(token), priority.level())
        }
        Event::Cancel { request } => format!("cancel {}", names.request_name(request)),
        Event::Reprioritize { request, priority } => {
            format!("reprioritize {} to level {}", names.request_name(request), priority.level())
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
        Event::LimitDials { key, max_dials: Some(limit) } => format!("limit dials of {key} to {limit}"),
        Event::LimitDials { key, max_dials: None } => format!("limit dials of {key} no more"),
        Event::Clear { key, waiters, interrupt } => {
            let interrupt = if interrupt { ", interrupt" } else { "" };
            format!(
                "clear {}, {waiters:?} waiters{interrupt}",
                key.map_or_else(|| "all".to_owned(), ToString::to_string)
            )
        }
        Event::Pause { newcomers } => format!("pause, {newcomers:?} newcomers"),
        Event::Resume => "resume".to_owned(),
        Event::Reconfigure { config } => format!("reconfigure to {}", self::config(config)),
        Event::Shutdown => "shutdown".to_owned(),
        Event::Tick => "tick".to_owned(),
        _ => "a new event".to_owned(),
    }
}

/// What a config is called in a script: the fields that are not as by default.
pub fn config(config: &Config) -> String {
    let default = Config::default();
    let differ = FIELDS.iter().filter(|field| !(field.is_same)(config, &default));
    let shown: Vec<_> = differ.map(|field| format!("{}: {}", field.name, (field.show)(config))).collect();
    if shown.is_empty() { "the default config".to_owned() } else { format!("{{ {} }}", shown.join(", ")) }
}

/// What a refusal is called in a script: `not leased: a1`.
pub fn misuse<K: Clone + Eq + Display>(names: &Names<K>, misuse: &Misuse) -> String {
    match *misuse {
        Misuse::UnknownConnection(_) => "unknown connection".to_owned(),
        Misuse::UnknownRequest(_) => "unknown request".to_owned(),
        Misuse::NotLeased(id) => format!("not leased: {}", names.conn_name(id)),
        Misuse::NotDialing(id) => format!("not dialing: {}", names.conn_name(id)),
        Misuse::NotChecking(id) => format!("not checking: {}", names.conn_name(id)),
        Misuse::StillDialing(id) => format!("still dialing: {}", names.conn_name(id)),
        Misuse::Config(error) => format!("config: {error}"),
        other => format!("{other:?}"),
    }
}

/// A time as a script shows it, in milliseconds.
pub fn clock(time: Time) -> String {
    match (time.0 / 1_000_000, time.0 % 1_000_000) {
        _ if time == Time::NEVER => "never".to_owned(),
        (milliseconds, 0) => format!("{milliseconds}ms"),
        (milliseconds, rest) => format!("{milliseconds}.{rest:06}ms"),
    }
}

/// Tells how `got` differs from the script's `expected` (a list with commas), if it does.
///
/// The order of a step's actions carries no meaning, except deliveries among each other.
pub fn difference(expected: &str, got: &[String]) -> Option<String> {
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
