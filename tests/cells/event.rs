//! What each event does to a connection in a state.

use std::num::NonZeroU32;

use latebind::{ConnId, DialError, Event, Newcomers, Opened, Priority, Waiters};

use crate::state::{KEY, bring, config};
use latebind_testkit::rig::{Key, Rig};

pub(crate) const NAMING: &[&str] = &[
    "DialDone ok",
    "DialDone error",
    "ConnIdle",
    "ConnClosed",
    "CheckDone alive",
    "CheckDone dead",
    "Capacity 0",
    "Capacity more",
    "Draining",
];

pub(crate) const BY_KEY: &[&str] = &[
    "Request",
    "Request elsewhere",
    "Clear",
    "Clear, interrupt",
    "Pause",
    "Shutdown",
    "Timeout",
    "Lower limit",
    "LimitDials",
];

pub(crate) const WITH_WAITER: &[&str] = &[
    "DialDone ok",
    "DialDone error",
    "ConnIdle",
    "ConnClosed",
    "CheckDone alive",
    "CheckDone dead",
    "Capacity 0",
    "Capacity more",
    "Draining",
    "Clear",
    "Clear, interrupt",
    "Timeout",
];

/// Brings a connection into the state, has the event happen, and tells the cell of the table.
pub(crate) fn outcome(state: &str, event: &str, waited_for: bool) -> String {
    let mut rig = Rig::new(config());
    if event == "Lower limit" {
        rig.lease("companion", KEY);
    }
    let (conn, name) = bring(&mut rig, state);
    if waited_for {
        rig.reconfigure(&config().max_connections_per_key(1)).gives_nothing();
        rig.request("waiter", KEY).gives("waiter waits");
    }
    let lower = config().max_connections_per_key(1);
    let told = match event {
        "Request" => return of_request(&mut rig, conn, &name, KEY),
        "Request elsewhere" => {
            rig.reconfigure(&config().max_connections(1)).gives_nothing();
            return of_request(&mut rig, conn, &name, "b");
        }
        "Lower limit" => Event::Reconfigure { config: &lower },
        _ => named(event, conn),
    };
    if event == "Timeout" {
        rig.at(5000);
    }
    let outcome = of_event(&mut rig, told, NAMING.contains(&event), conn, &name);
    let settled = !waited_for && !matches!(event, "Pause" | "Shutdown" | "Lower limit" | "Timeout");
    if settled && state != "never issued" {
        is_really(&mut rig, conn, &name);
    }
    outcome
}

fn named(event: &str, conn: ConnId) -> Event<'static, Key> {
    let clear = |interrupt| Event::Clear { key: Some(&KEY), waiters: Waiters::Keep, interrupt };
    match event {
        "DialDone ok" => Event::DialDone { conn, outcome: Ok(Opened::EXCLUSIVE) },
        "DialDone error" => Event::DialDone { conn, outcome: Err(DialError::Transient) },
        "ConnIdle" => Event::ConnIdle { conn },
        "ConnClosed" => Event::ConnClosed { conn },
        "CheckDone alive" => Event::CheckDone { conn, alive: true },
        "CheckDone dead" => Event::CheckDone { conn, alive: false },
        "Capacity 0" => Event::Capacity { conn, capacity: 0 },
        "Capacity more" => Event::Capacity { conn, capacity: 3 },
        "Draining" => Event::Draining { conn },
        "Clear" => clear(false),
        "Clear, interrupt" => clear(true),
        "Pause" => Event::Pause { newcomers: Newcomers::Hold },
        "Shutdown" => Event::Shutdown,
        // One for a dial that is there, one for whoever comes then.
        "LimitDials" => Event::LimitDials { key: &KEY, max_dials: NonZeroU32::new(2) },
        "Timeout" => Event::Tick,
        _ => panic!("no event {event}"),
    }
}

fn of_event(rig: &mut Rig, event: Event<'_, Key>, names_it: bool, conn: ConnId, name: &str) -> String {
    let lost = names_it && rig.model().is_lost(&event);
    let before = rig.state_of(conn);
    let step = rig.tell(event);
    if step.is_refused() {
        return "misuse".to_owned();
    }
    let deeds = step.deeds(name);
    let after = rig.state_of(conn);
    cell(lost, &before, &after, &deeds)
}

fn of_request(rig: &mut Rig, conn: ConnId, name: &str, key: Key) -> String {
    let before = rig.state_of(conn);
    let step = rig.request_with("asker", key, Priority::default(), None);
    // Whether the asker has a dial of its own is not this connection's affair.
    let deeds: Vec<_> = step.deeds(name).into_iter().filter(|&deed| deed != "dial").collect();
    cell(false, &before, &rig.state_of(conn), &deeds)
}

fn cell(lost: bool, before: &str, after: &str, deeds: &[&str]) -> String {
    if lost && before == after && deeds.is_empty() {
        return "lost".to_owned();
    }
    let state = if before == after && !deeds.contains(&"deliver") { "–" } else { after };
    if deeds.is_empty() { state.to_owned() } else { format!("{state} ({})", deeds.join(", ")) }
}

/// The state is known from what an adapter sees; a request shows that the pool means the same.
fn is_really(rig: &mut Rig, conn: ConnId, name: &str) {
    let state = rig.state_of(conn);
    let deeds = rig.request_with("prober", KEY, Priority::default(), None).deeds(name);
    let expected: &[&str] = match state.as_str() {
        "fresh" | "used" | "roomy" => &["deliver"],
        "dialing" | "checking" | "dormant" | "hollow" => &[], // Cover.
        _ => &["dial"],
    };
    assert_eq!(deeds, expected, "{}", rig.with_script(&format!("{name} is not {state}")));
}
