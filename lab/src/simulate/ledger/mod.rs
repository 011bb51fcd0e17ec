//! The ledger: who has what, counted from events and actions alone.
//!
//! It knows none of the pool's policies, only what must be true under all of them: each request is answered exactly
//! once (I4), each dial ends once and each open connection once (I5), nobody gets what is not there to be given, and
//! no limit is exceeded (R8). It costs little, so it runs along in worlds of any size.

mod conns;
mod dial_limits;
mod effects;
mod refusals;
mod requests;

use latebind::{Action, Config, ConnId, Event, Misuse, Pool, Stats, Time};

use super::key::Key;
use conns::Conns;
pub use conns::{Conn, Kind, Phase};
use dial_limits::DialLimits;
use requests::Requests;

/// Fails with a text unless the condition holds.
macro_rules! ensure {
    ($condition:expr, $($text:tt)+) => {
        if !$condition {
            return Err(format!($($text)+));
        }
    };
}
pub(super) use ensure;

/// One call of [`Pool::handle`](latebind::Pool::handle), and what it answered.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// The time that was told.
    pub at: Time,
    /// The event.
    pub event: Event<'a, Key>,
    /// Whether it was refused.
    pub result: Result<(), Misuse>,
    /// The actions.
    pub actions: &'a [Action],
}

/// The accounts of one pool.
#[derive(Clone, Debug)]
pub struct Ledger {
    config: Config,
    conns: Conns,
    requests: Requests,
    dial_limits: DialLimits,
    is_paused: bool,
    is_shut_down: bool,
    is_drained: bool,
    /// The latest time that was told.
    now: Time,
}

impl Ledger {
    /// The accounts of a new pool.
    pub fn new(config: &Config) -> Self {
        Self {
            conns: Conns::default(),
            requests: Requests::default(),
            dial_limits: DialLimits::default(),
            is_paused: config.start_paused.is_some(),
            is_shut_down: false,
            is_drained: false,
            now: Time::ZERO,
            config: config.clone(),
        }
    }

    /// Sees a step, and the pool after it.
    ///
    /// # Errors
    ///
    /// What cannot be true.
    pub fn saw(&mut self, told: &Told<'_>, pool: &Pool<Key>) -> Result<(), String> {
        let expected = self.refusal(&told.event);
        ensure!(told.result.err() == expected, "R24: {:?}, where {expected:?} is due", told.result);
        if told.result.is_err() {
            ensure!(told.actions.is_empty(), "R24: a refused event has actions");
            return self.compare(&pool.stats());
        }
        self.now = self.now.max(told.at);
        self.begin(&told.event);
        for action in told.actions {
            ensure!(!self.is_drained, "something follows `Drained`");
            self.act(action, pool).map_err(|wrong| format!("{action:?}: {wrong}"))?;
        }
        self.end(told)?;
        self.compare(&pool.stats())
    }

    /// The accounts of a step are closed.
    fn end(&mut self, told: &Told<'_>) -> Result<(), String> {
        let asked = self.requests.unanswered();
        ensure!(asked.is_none(), "I4: request {asked:?} was not answered in its own step");
        let done = self.conns.condemned_and_free();
        ensure!(done.is_none(), "{done:?} should have been closed");
        self.check_limits(told)?;
        self.dial_limits.doubt(|key| self.conns.total_of(key) > 0);
        Ok(())
    }

    /// R8: what starts or is parked is within the limits of now.
    fn check_limits(&self, told: &Told<'_>) -> Result<(), String> {
        let within = |count: u32, limit: Option<u32>| limit.is_none_or(|limit| count <= limit);
        let config = &self.config;
        for action in told.actions {
            match *action {
                Action::StartDial { conn } => {
                    let key = self.conns.key_of(conn);
                    let (all, own) = (self.conns.total(), self.conns.total_of(key));
                    ensure!(within(all, config.max_connections), "R8: {all} connections");
                    ensure!(within(own, config.max_connections_per_key), "R8: {own} connections of a key");
                    let (all, own) =
                        (self.conns.count(Kind::Dialing), self.conns.count_of(key, Kind::Dialing));
                    ensure!(within(all, config.max_dials), "R8: {all} dials");
                    let is_allowed = self.dial_limits.allow(key, own, config.max_dials_per_key);
                    ensure!(is_allowed, "R8: {own} dials of a key");
                }
                Action::Park { conn } => {
                    let parked = self.conns.count_of(self.conns.key_of(conn), Kind::Idle);
                    ensure!(within(parked, config.max_idle_per_key), "R8: {parked} parked of a key");
                }
                Action::Wait { token, .. } => {
                    let (all, own) = self.requests.waiting(token);
                    ensure!(within(all, config.max_waiters), "R8: {all} waiters");
                    ensure!(within(own, config.max_waiters_per_key), "R8: {own} waiters of a key");
                }
                _ => {}
            }
        }
        let parked = self.conns.count(Kind::Idle);
        ensure!(within(parked, config.max_idle), "R8: {parked} parked");
        Ok(())
    }

    /// I2: the pool counts the same.
    fn compare(&self, stats: &Stats) -> Result<(), String> {
        let told = [stats.dialing, stats.leased, stats.idle, stats.checking, stats.dormant, stats.closing];
        let counted = self.conns.gauges();
        ensure!(told == counted, "I2: the pool tells {stats}, the ledger counts {counted:?}");
        let waiters = self.requests.waiters();
        ensure!(stats.waiters == waiters, "I2: {} waiters, the ledger counts {waiters}", stats.waiters);
        ensure!(self.is_drained == (self.is_shut_down && self.conns.total() == 0), "R21: drained or not");
        Ok(())
    }

    /// The connection, if that is the one that has its index now.
    pub fn conn(&self, id: ConnId) -> Option<&Conn> {
        self.conns.get(id)
    }

    /// All connections that have not ended.
    pub fn conns(&self) -> impl Iterator<Item = &Conn> {
        self.conns.iter().filter(|conn| conn.phase != Phase::Gone)
    }

    /// Any connection that has not been forgotten: those that ended last are still known.
    pub fn any_conn(&self, pick: usize) -> Option<&Conn> {
        self.conns.any(pick)
    }

    /// The request of that token, as long as it waits.
    pub fn waiting(&self, token: u64) -> Option<latebind::RequestId> {
        self.requests.id(token).filter(|_| self.requests.waits(token))
    }

    /// The request of that token.
    pub fn request(&self, token: u64) -> Option<latebind::RequestId> {
        self.requests.id(token)
    }

    /// The dials of a key that were not told to stop, and its waiters.
    pub fn dials_and_waiters(&self, key: Key) -> (u32, u32) {
        (self.conns.running_dials(key), self.requests.waiters_of(key))
    }

    /// How long a parked connection has been parked.
    pub fn parked_for(&self, id: ConnId) -> Option<std::time::Duration> {
        let conn = self.conns.get(id)?;
        Some(self.now.since(conn.parked_at))
    }

    /// The config that is in force.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Whether the pool is paused.
    pub fn is_paused(&self) -> bool {
        self.is_paused
    }

    /// Whether the pool was shut down.
    pub fn is_shut_down(&self) -> bool {
        self.is_shut_down
    }
}
