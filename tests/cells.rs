//! Every event against every state of a connection: each cell of docs/STATES.md is tried, and none is missing.

#[path = "cells/event.rs"]
mod event;
#[path = "cells/state.rs"]
mod state;
#[path = "cells/table.rs"]
mod table;

use event::{BY_KEY, NAMING, WITH_WAITER};
use state::{STATES, WAITED_FOR};
use table::Table;

/// Tries all cells of one state in one of the tables, and tells all that are wrong.
fn try_row(table: &Table, state: &str, waited_for: bool) {
    let wrong: Vec<String> = table
        .events()
        .filter_map(|event| {
            let (expected, got) = (table.cell(state, event), event::outcome(state, event, waited_for));
            (expected != got).then(|| format!("{event}: the table says {expected:?}, the pool {got:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "a connection that is {state}\n{}", wrong.join("\n"));
}

macro_rules! rows {
    ($($test:ident: $state:expr;)*) => {
        $(#[test]
        fn $test() {
            let tables = table::read();
            try_row(&tables[0], $state, false);
            try_row(&tables[1], $state, false);
            if WAITED_FOR.contains(&$state) {
                try_row(&tables[2], $state, true);
            }
        })*

        /// Each state has its test.
        const TESTED: &[&str] = &[$($state),*];
    };
}

rows! {
    r24_dialing: "dialing";
    r24_stopping: "stopping";
    r24_fresh: "fresh";
    r24_used: "used";
    r24_checking: "checking";
    r24_probing: "probing";
    r24_dormant: "dormant";
    r24_roomy: "roomy";
    r24_busy: "busy";
    r24_hollow: "hollow";
    r24_leaving: "leaving";
    r24_closing: "closing";
    r24_ended: "ended";
    r24_never_issued: "never issued";
}

#[test]
fn no_cell_is_missing_or_empty() {
    let tables = table::read();
    let expected = [(NAMING, STATES), (BY_KEY, STATES), (WITH_WAITER, WAITED_FOR)];
    assert_eq!(tables.len(), expected.len());
    assert_eq!(TESTED, STATES);
    for (table, (events, states)) in tables.iter().zip(expected) {
        assert_eq!(table.events().collect::<Vec<_>>(), events);
        assert_eq!(table.states().collect::<Vec<_>>(), states);
        for state in states {
            for event in events {
                assert!(!table.cell(state, event).is_empty(), "{state}, {event}");
            }
        }
    }
}
