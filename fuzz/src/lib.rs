//! What the fuzz targets do with any bytes. A finding is a panic, with the script printed before it.

mod drive;
mod ledger;
mod scenario;
mod script;
pub mod wild;

use latebind::{Config, DialFailure, OwnedEvent, Pool};
use latebind_testkit::bytes::decode;
use latebind_testkit::rig::Key;
use latebind_testkit::{Run, Witness};

use drive::Drive;
use ledger::Ledger;

/// The keys of a script.
pub const KEYS: [Key; 3] = ["a", "b", "c"];

/// More than so many connections are not asked for at once: a pool without limits would open them all.
const MANY: u32 = 500;

/// Any bytes are a script: nothing panics, the invariants hold, and the books of whoever carries the actions out
/// come out even, to the end of a shutdown. No model: fast.
///
/// # Panics
///
/// If anything is wrong, as all targets do.
pub fn events(bytes: &[u8]) {
    let (config, moves) = decode(bytes);
    let config = mended(config);
    let mut drive = Drive::new(&config, Ledger::default());
    for step in &moves {
        drive.play(step);
    }
    drive.shut_down();
}

/// The same script with the model beside the pool; and in the end everybody is answered and nothing is left (I10).
pub fn differential(bytes: &[u8]) {
    let (config, moves) = decode(bytes);
    let config = mended(config);
    let mut drive = Drive::new(&config, Witness::new(config.clone()));
    for step in &moves {
        drive.play(step);
    }
    drive.come_to_rest();
}

/// Any config at all: refused for a reason that is in the docs, or safe for a fixed scenario, as a pool's first
/// config and as a later one.
///
/// # Panics
///
/// If anything is wrong.
pub fn config(bytes: &[u8]) {
    let config = wild::decode(bytes);
    let refusal = Pool::<Key>::new(config.clone()).err();
    assert_eq!(refusal.is_some(), contradicts_itself(&config), "{refusal:?} of {config:?}");
    let Some(error) = refusal else {
        scenario::play(&config, &Config::default());
        scenario::play(&Config::default(), &config);
        return;
    };
    assert!(error.to_string().contains('`'), "{error} names no field");
}

/// Any text: no run, or a run that is refused or replayed. And whatever a run says that was answered, its events can
/// be told.
///
/// # Panics
///
/// If anything is wrong.
pub fn replay(bytes: &[u8]) {
    let Ok(run) = serde_json::from_slice::<Run<String>>(bytes) else { return };
    let asks_too_much = run.steps.iter().any(|step| match step.event {
        OwnedEvent::Preconnect { count, .. } | OwnedEvent::Keep { min_idle: count, .. } => count > MANY,
        _ => false,
    });
    if asks_too_much {
        return;
    }
    _ = run.replay();
    _ = run.to_string();
    let Some(told) = script::tell(&run) else { return };
    let written = serde_json::to_string(&told).expect("a run can be written down");
    let read: Run<String> = serde_json::from_str(&written).expect("what was written can be read");
    assert_eq!(read, told, "written down and read again");
    assert_eq!(read.replay().err(), None, "told again (R23)");
}

/// A config like that one which a pool accepts.
fn mended(config: Config) -> Config {
    if Pool::<Key>::new(config.clone()).is_ok() {
        return config;
    }
    let some = |limit: Option<u32>| limit.filter(|limit| *limit > 0);
    let mut mended = config.unused_idle_timeout(None).lifetime_jitter(std::time::Duration::ZERO);
    mended.max_connections = some(mended.max_connections);
    mended.max_connections_per_key = some(mended.max_connections_per_key);
    mended.max_dials = some(mended.max_dials);
    mended.max_dials_per_key = some(mended.max_dials_per_key);
    mended.max_uses = some(mended.max_uses);
    if let DialFailure::Retry { backoff, backoff_max, attempts } = &mut mended.dial_failure {
        (*backoff_max, *attempts) = ((*backoff_max).max(*backoff), (*attempts).max(1));
    }
    mended
}

/// What the docs of [`Config`] and of [`ConfigError`](latebind::ConfigError) say of contradictions.
fn contradicts_itself(config: &Config) -> bool {
    let limits = [
        config.max_connections,
        config.max_connections_per_key,
        config.max_dials,
        config.max_dials_per_key,
        config.max_uses,
    ];
    let unused = config.unused_idle_timeout.zip(config.idle_timeout);
    let retry = match config.dial_failure {
        DialFailure::Retry { backoff, backoff_max, attempts } => attempts == 0 || backoff > backoff_max,
        _ => false,
    };
    limits.contains(&Some(0))
        || unused.is_some_and(|(unused, idle)| unused > idle)
        || config.max_lifetime.is_none() && !config.lifetime_jitter.is_zero()
        || retry
}
