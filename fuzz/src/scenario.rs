//! A little of everything, for configs of all sorts.

use latebind::Config;
use latebind_testkit::moves::{Deed, Move, Pause, Whom};

use crate::drive::Drive;
use crate::ledger::Ledger;

/// Requests, dials, returns, checks, timeouts, floors, clears and pauses of a pool with that config, which is changed
/// to the other one in the midst; then a shutdown.
pub(crate) fn play(config: &Config, later: &Config) {
    let mut drive = Drive::new(config, Ledger::default());
    for deed in first() {
        drive.play(&Move { pause: Pause::None, deed });
    }
    for deed in second(later) {
        drive.play(&Move { pause: Pause::UntilDeadline, deed });
    }
    drive.shut_down();
}

fn request(key: usize, level: u8, deadline: Option<u64>) -> Deed {
    Deed::Request { key, level, deadline }
}

/// At once.
fn first() -> Vec<Deed> {
    let any = Whom::Fit(0);
    vec![
        request(0, 3, None),
        request(0, 3, Some(5)),
        request(0, 7, Some(u64::MAX)),
        request(1, 0, None),
        Deed::Dialed(any, 1),
        Deed::Returned(any),
        Deed::Dialed(any, 3),
        Deed::DialFailed(any, false),
        Deed::Returned(any),
        Deed::LimitDials(1, 2),
        Deed::Preconnect(1, 2),
        Deed::Dialed(any, 1),
        Deed::Closed(any),
        Deed::Returned(any),
        request(0, 3, None),
        Deed::Checked(any, false),
        Deed::Resume,
    ]
}

/// Each when the pool's deadline has come.
fn second(later: &Config) -> Vec<Deed> {
    let any = Whom::Fit(0);
    vec![
        Deed::Tick,
        Deed::Tick,
        request(2, 3, None),
        Deed::Dialed(any, 1),
        Deed::Returned(any),
        Deed::Keep(2, 2),
        Deed::Dialed(any, 0),
        Deed::Capacity(any, 2),
        request(2, 3, None),
        Deed::Checked(any, true),
        Deed::Tick,
        Deed::Clear(0, false, true),
        Deed::Pause(false),
        request(0, 3, None),
        Deed::Reconfigure(Box::new(later.clone())),
        Deed::Resume,
        Deed::Draining(any),
        Deed::Dialed(any, 1),
        Deed::DialFailed(any, true),
        Deed::Cancel(any),
        Deed::Tick,
        Deed::Tick,
    ]
}
