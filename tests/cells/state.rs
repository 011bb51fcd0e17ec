//! How a connection comes into each of its states.

use latebind::{Config, ConnId, Surplus};

use latebind_testkit::rig::{Key, Rig, ms};

pub(crate) const STATES: &[&str] = &[
    "dialing",
    "stopping",
    "fresh",
    "used",
    "checking",
    "probing",
    "dormant",
    "roomy",
    "busy",
    "hollow",
    "leaving",
    "closing",
    "ended",
    "never issued",
];

/// Those beside which somebody may wait, and that are there.
pub(crate) const WAITED_FOR: &[&str] =
    &["dialing", "stopping", "checking", "probing", "dormant", "busy", "hollow", "leaving", "closing"];

pub(crate) const KEY: Key = "a";

/// All that runs out does so after a second; what was parked for 10 ms is checked.
pub(crate) fn config() -> Config {
    Config::default()
        .request_timeout(None)
        .check_after_idle(ms(10))
        .dial_timeout(ms(1000))
        .idle_timeout(ms(1000))
        .check_timeout(ms(1000))
        .lease_warn_after(ms(1000))
}

/// Brings a connection into the state, at 20 ms, and tells its id and its name; nobody waits.
pub(crate) fn bring(rig: &mut Rig, state: &str) -> (ConnId, String) {
    let name = bring_up(rig, state);
    let Some(name) = name else {
        return (ConnId::from_parts(77, 1).expect("no generation 0"), "nobody".to_owned());
    };
    let conn = rig.conn(&name);
    assert_eq!(rig.state_of(conn), state, "the way into the state is wrong");
    rig.at(20);
    (conn, name)
}

fn bring_up(rig: &mut Rig, state: &str) -> Option<String> {
    let conn = match state {
        "never issued" => return None,
        "dialing" => dialing(rig),
        "stopping" => {
            let conn = dialing(rig);
            rig.reconfigure(&config().surplus(Surplus::Cancel)).gives(&format!("stop {conn}"));
            rig.reconfigure(&config()).gives_nothing();
            conn
        }
        "fresh" => rig.at(20).park_fresh(KEY),
        "checking" => checking(rig),
        "probing" => probing(rig),
        "roomy" => rig.lease_shared("holder", KEY, 2),
        _ => rig.at(20).lease("holder", KEY),
    };
    match state {
        "used" => rig.returned(&conn).gives(&format!("park {conn}")),
        "dormant" => {
            rig.returned(&conn).gives(&format!("park {conn}"));
            rig.capacity(&conn, 0).gives_nothing();
        }
        "hollow" => rig.capacity(&conn, 0).gives_nothing(),
        "leaving" => rig.draining(&conn).gives_nothing(),
        "closing" => {
            rig.draining(&conn).gives_nothing();
            rig.returned(&conn).gives(&format!("close {conn}: draining"));
        }
        "ended" => rig.closed(&conn).gives_nothing(),
        _ => {}
    }
    Some(conn)
}

/// A dial that nobody waits for any more.
fn dialing(rig: &mut Rig) -> String {
    let conn = rig.request_dial("opener", KEY);
    rig.cancel("opener").gives_nothing();
    conn
}

/// It was parked for long when somebody wanted it, who has gone.
fn checking(rig: &mut Rig) -> String {
    let conn = rig.at(0).lease("holder", KEY);
    rig.returned(&conn).gives(&format!("park {conn}"));
    rig.at(10).request("gone", KEY).gives(&format!("gone waits, check {conn}"));
    rig.cancel("gone").gives_nothing();
    conn
}

/// Another one was found dead when somebody wanted it, who has gone, and so has the dial beside the check.
fn probing(rig: &mut Rig) -> String {
    let conn = rig.lease("holder", KEY);
    let dead = rig.lease("other", KEY);
    rig.returned(&conn).gives(&format!("park {conn}"));
    rig.returned(&dead).gives(&format!("park {dead}"));
    rig.closed(&dead).gives_nothing();
    let dial = rig.request_dial("gone", KEY);
    rig.cancel("gone").gives_nothing();
    rig.dial_failed(&dial).gives_nothing();
    conn
}
