//! What cancelled requests left behind.

use crate::of_key;
use latebind_testkit::rig::{Rig, ms};

/// netty/netty#9669: the connection dialed for a cancelled request was dropped on the floor.
#[test]
fn b25_the_dial_of_a_cancelled_request_serves_the_next() {
    let mut rig = Rig::new(of_key(1));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("r2", "a").gives("r2 waits");
    rig.cancel("r1").gives_nothing();
    rig.dialed("a1").gives("r2 gets a1 (other dial)");
    assert_eq!(rig.stats().connections(), 1);
}

/// netty/netty#9669, with nobody left.
#[test]
fn b25_or_is_parked() {
    let mut rig = Rig::new(of_key(1));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.cancel("r1").gives_nothing();
    rig.dialed("a1").gives("park a1");
    assert_eq!(rig.stats().connections(), 1);
}

/// ClickHouse/clickhouse-go PR#1759: a slot was taken before the connection was chosen, and never given back.
#[test]
fn b27_cancelled_requests_hold_no_slots() {
    let mut rig = Rig::new(of_key(2));
    for name in ["r1", "r2"] {
        let _ = rig.request(name, "a");
        rig.cancel(name).gives_nothing();
    }
    // The second found the first one's dial as cover.
    assert_eq!((rig.stats().connections(), rig.stats().dialing), (1, 1));
    rig.dial_failed("a1").gives_nothing();
    rig.request("r3", "a").gives("r3 waits, dial a2");
}

/// psycopg/psycopg#1345: a cancelled request was given its connection after all.
#[test]
fn b29_nothing_is_delivered_after_a_cancel() {
    let mut rig = Rig::new(of_key(1));
    rig.lease("r1", "a");
    rig.request("r2", "a").gives("r2 waits");
    rig.request("r3", "a").gives("r3 waits");
    rig.cancel("r2").gives_nothing();
    rig.returned("a1").gives("r3 gets a1 (returned)");
    rig.returned("a1").gives("park a1");
}

/// golang/go#41600: a late cancel hit the connection's next user.
#[test]
fn b31_a_late_cancel_does_not_touch_the_connections_next_user() {
    let mut rig = Rig::new(of_key(1));
    rig.lease("r1", "a");
    rig.request("r2", "a").gives("r2 waits");
    rig.returned("a1").gives("r2 gets a1 (returned)");
    rig.cancel("r1").gives_nothing();
    assert_eq!(rig.stats().leased, 1);
}

/// jackc/pgx#1287: a request could not be cancelled while its dial hung.
#[test]
fn b35_a_request_ends_though_its_dial_hangs() {
    let mut rig = Rig::new(of_key(1).request_timeout(ms(50)).dial_timeout(ms(500)));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.at(50).tick().gives("r1 fails: timeout");
    rig.sleeps_until(500); // The dial keeps a deadline of its own.
    rig.request("r2", "a").gives("r2 waits");
    rig.cancel("r2").gives_nothing();
    rig.at(500).tick().gives("stop a1");
}

/// square/okhttp#3363: a cancel before the protocol was known closed what others could have used.
#[test]
fn b115_a_cancel_takes_neither_the_dial_nor_the_connection_from_others() {
    let mut rig = Rig::new(of_key(1));
    rig.request("r1", "a").gives("r1 waits, dial a1");
    rig.request("r2", "a").gives("r2 waits");
    rig.cancel("r1").gives_nothing();
    rig.request("r3", "a").gives("r3 waits");
    rig.dialed_shared("a1", 100).gives("r2 gets a1 (other dial), r3 gets a1 (other dial)");
    rig.cancel("r2").gives_nothing();
    rig.returned("a1").gives_nothing(); // r2's lease; r3's goes on.
    assert_eq!(rig.stats().leased, 1);
}
