//! Plainer forms of an event, and of the time before it.

use latebind::{Opened, OwnedEvent, Priority, Time};

use super::script::Script;

const MILLI: u64 = 1_000_000;

/// Plainer forms of an event, the plainest first.
pub(super) fn events<K: Clone>(event: &OwnedEvent<K>) -> Vec<OwnedEvent<K>> {
    match event.clone() {
        OwnedEvent::Request { key, token, priority, deadline } => {
            let plain = Priority::default();
            vec![
                OwnedEvent::Request { key: key.clone(), token, priority: plain, deadline: None },
                OwnedEvent::Request { key: key.clone(), token, priority: plain, deadline },
                OwnedEvent::Request { key, token, priority, deadline: None },
            ]
        }
        OwnedEvent::DialDone { conn, outcome: Ok(_) } => {
            vec![OwnedEvent::DialDone { conn, outcome: Ok(Opened::EXCLUSIVE) }]
        }
        OwnedEvent::Clear { key, waiters, interrupt: true } => {
            vec![OwnedEvent::Clear { key, waiters, interrupt: false }]
        }
        _ => Vec::new(),
    }
}

/// The line comes together with the one before, or after whole milliseconds; all later ones move with it.
pub(super) fn times<K: Clone>(script: &Script<K>, place: usize) -> Vec<Script<K>> {
    let before = if place == 0 { 0 } else { script.lines[place - 1].at.0 };
    let gap = script.lines[place].at.0.saturating_sub(before);
    if gap == 0 {
        return Vec::new();
    }
    let whole = gap / MILLI * MILLI;
    let gaps = [0, MILLI, whole, whole.saturating_add(MILLI)].into_iter();
    let moved = gaps.take_while(|plain| *plain != gap).map(|plain| {
        let mut candidate = script.clone();
        for line in &mut candidate.lines[place..] {
            line.at = Time(line.at.0.saturating_sub(gap).saturating_add(plain));
        }
        candidate
    });
    moved.collect()
}
