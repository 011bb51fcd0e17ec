//! The state up to what makes no difference: so that a search can take symmetric states for one.

use core::num::NonZeroU32;
use core::time::Duration;

use latebind::{CloseReason, Config, DialFailure, Newcomers, Priority, RequestId, Time};

use super::conn::{Conn, Phase, Purpose, Stop};
use super::state::{Backoff, Key, Waiter};
use super::{Model, State};

/// A state, up to names, tokens, counters, and times and orders that make no difference.
///
/// Two models with equal situations behave alike for ever, whatever they are told: the same events, with the names
/// and the tokens of the one for those of the other, and with times as far from now, have the same answers, up
/// to names. What makes that so:
///
/// - Keys, connections and requests are known by what is true of them, not by name; nothing in the rules looks
///   at a name. So a search may merge states that differ in which key is which only if it treats all keys alike.
/// - The rules compare orders, and never look at the numbers; so each order is told by the place among those
///   that it is ever compared with, or by the outcome of the comparison.
/// - The rules ask of a time only whether a duration of the config has passed since, or how long it is until then.
///   So ages are counted up to the longest duration that is ever asked of them. Where `Reconfigure` may bring
///   longer ones, [`Model::situation_under`] has to know those configs.
/// - What has an effect only in some state is told only in that state.
/// - The state of the generator counts, since jitter may be drawn from it at any time; so with jitter there are
///   states without end, see [`without_jitter`](Self::without_jitter).
/// - It is assumed that the end of time, [`Time::NEVER`], is far away.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Situation {
    config: String,
    random: u64,
    shut_down: bool,
    drained: bool,
    paused: Option<bool>,
    keys: Vec<OfKey>,
}

impl Situation {
    /// The same for a search that takes it for one how the next jitter will be drawn. Those that are equal then are
    /// alike but for the lengths of what is jittered from now on: backoffs, and lives.
    #[must_use]
    pub fn without_jitter(self) -> Self {
        Self { random: 0, ..self }
    }
}

/// Nanoseconds since then, less than 0 if it is to come; the least number if it never comes.
type Age = i128;

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
struct OfKey {
    waiters: Vec<OfWaiter>,
    conns: Vec<OfConn>,
    backoff: OfBackoff,
    floor_backoff: OfBackoff,
    has_failed: bool,
    max_dials: Option<NonZeroU32>,
    min_idle: u32,
    /// The place among the floors.
    kept: usize,
    preconnects: u32,
    /// The place among the preconnects.
    preconnected: usize,
}

/// A waiter; they stand in the order of service.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
struct OfWaiter {
    priority: Priority,
    /// The place among all waiters of its priority, of all keys.
    placed: usize,
    /// The place among the waiters of its key.
    arrived: usize,
    age: Age,
    deadline: Option<Age>,
    had_backup: bool,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
struct OfBackoff {
    until: Option<Age>,
    rounds: u32,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
enum OfConn {
    Dialing {
        age: Age,
        /// The place among all dials.
        started: usize,
        purpose: u8,
        /// The place of its owner in the queue.
        owner: Option<usize>,
        concerned: Vec<(bool, bool)>,
        /// Whether its failure would be a new round, of the key and of its floor.
        rounds: (bool, bool),
    },
    Stopping {
        cleared: bool,
        /// Which waiters a fatal error would concern; empty, if none of them is left.
        concerned: Vec<bool>,
    },
    Open {
        capacity: u32,
        leases: u32,
        uses: u32,
        leaving: Option<CloseReason>,
        /// The age in life.
        born: Age,
        stay: Stay,
    },
    Closing,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
enum Stay {
    /// Its place among all that are parked.
    Parked {
        age: Age,
        place: usize,
        suspect: bool,
    },
    Checking {
        age: Age,
        of_suspect: bool,
    },
    /// Its place among those of its key, by the last delivery; its age as long as it is to be reported.
    Leased {
        overdue_in: Option<Age>,
        delivered: usize,
    },
    Dormant,
}

/// How many of them are less.
fn place<T: Ord + Copy>(of: T, among: impl Iterator<Item = T>) -> usize {
    among.filter(|other| *other < of).count()
}

impl<K: Clone + Eq> Model<K> {
    /// The situation, as long as `Reconfigure` brings no longer durations and no greater numbers than the
    /// present config has.
    pub fn situation(&self) -> Situation {
        self.situation_under(&[])
    }

    /// The situation where `Reconfigure` may bring these configs.
    pub fn situation_under(&self, configs: &[Config]) -> Situation {
        let configs: Vec<&Config> = configs.iter().chain([&self.config]).collect();
        let mut keys: Vec<_> = self.keys.iter().map(|key| self.of_key(key, &configs)).collect();
        keys.sort();
        let mut config = self.config.clone();
        // Looked at when the pool began, and never again.
        (config.seed, config.start_paused) = (0, None);
        Situation {
            config: format!("{config:?}"),
            random: self.random,
            shut_down: self.shut_down,
            drained: self.drained,
            paused: self.paused.map(|newcomers| newcomers == Newcomers::Hold).filter(|_| !self.shut_down),
            keys,
        }
    }

    fn of_key(&self, key: &Key<K>, configs: &[&Config]) -> OfKey {
        let (waiters, conns) = (self.queue(&key.name), self.conns.iter().filter(|conn| conn.key == key.name));
        let mut conns: Vec<_> = conns.map(|conn| self.of_conn(conn, key, configs)).collect();
        conns.sort();
        let floors = self.keys.iter().filter(|key| key.min_idle > 0).map(|key| key.kept);
        let preconnects = self.keys.iter().filter(|key| key.preconnects > 0).map(|key| key.preconnected);
        OfKey {
            waiters: waiters.iter().map(|waiter| self.of_waiter(waiter, &waiters, configs)).collect(),
            conns,
            backoff: self.of_backoff(key.backoff, rounds_that_matter(configs)),
            // From 1 s to 60 s, it is doubled six times.
            floor_backoff: self.of_backoff(key.floor_backoff, 6),
            has_failed: key.failed_dial.is_some(),
            max_dials: key.max_dials,
            min_idle: key.min_idle,
            kept: if key.min_idle > 0 { place(key.kept, floors) } else { 0 },
            preconnects: key.preconnects,
            preconnected: if key.preconnects > 0 { place(key.preconnected, preconnects) } else { 0 },
        }
    }

    fn of_backoff(&self, backoff: Backoff, most_rounds: u32) -> OfBackoff {
        OfBackoff {
            until: backoff.until.map(|until| self.age(until, Duration::MAX)),
            rounds: backoff.rounds.min(most_rounds),
        }
    }

    fn of_waiter(&self, waiter: &Waiter<K>, queue: &[&Waiter<K>], configs: &[&Config]) -> OfWaiter {
        let equals = self.waiters.iter().filter(|other| other.priority == waiter.priority);
        let waits = |config: &&Config| {
            let timeout = if waiter.deadline.is_none() { config.request_timeout } else { None };
            [timeout, config.backup_dial_after, config.dial_delay]
        };
        OfWaiter {
            priority: waiter.priority,
            placed: place(waiter.placed, equals.map(|other| other.placed)),
            arrived: place(waiter.arrived, queue.iter().map(|other| other.arrived)),
            age: self.age(waiter.arrived.at, longest(configs.iter().flat_map(waits))),
            deadline: waiter.deadline.map(|deadline| self.age(deadline, Duration::ZERO)),
            had_backup: waiter.had_backup,
        }
    }

    fn of_conn(&self, conn: &Conn<K>, key: &Key<K>, configs: &[&Config]) -> OfConn {
        match conn.phase {
            Phase::Dialing => self.of_dial(conn, key, configs),
            Phase::Stopping(why) => OfConn::Stopping {
                cleared: why == Stop::Cleared,
                concerned: if why == Stop::TimedOut { self.concerns_yet(conn) } else { Vec::new() },
            },
            Phase::Open => {
                let most_uses = configs.iter().filter_map(|config| config.max_uses).max().unwrap_or(1);
                OfConn::Open {
                    capacity: conn.capacity,
                    leases: conn.leases,
                    uses: conn.uses.min(most_uses),
                    leaving: conn.leaving,
                    born: self.age(conn.born, longest(configs.iter().map(|config| config.max_lifetime))),
                    stay: self.stay(conn, configs),
                }
            }
            Phase::Closing => OfConn::Closing,
        }
    }

    fn of_dial(&self, dial: &Conn<K>, key: &Key<K>, configs: &[&Config]) -> OfConn {
        let dials = self.conns.iter().filter(|conn| conn.state() == State::Dialing);
        let lasts = |config: &&Config| [config.dial_timeout, config.backup_dial_after];
        let begins = |backoff: Backoff| backoff.rounds == 0 || dial.started.order > backoff.began;
        let owner = |owner: RequestId| self.queue(&key.name).iter().position(|waiter| waiter.id == owner);
        OfConn::Dialing {
            age: self.age(dial.started.at, longest(configs.iter().flat_map(lasts))),
            started: place(dial.started, dials.map(|dial| dial.started)),
            purpose: match (dial.purpose, dial.owner) {
                (Purpose::Stock, _) => 0,
                (Purpose::Backup, Some(_)) => 1,
                _ => 2,
            },
            owner: dial.owner.and_then(owner),
            concerned: self.concerns(dial),
            rounds: (begins(key.backoff), begins(key.floor_backoff)),
        }
    }

    /// Of each waiter of the key, whether it was there when the dial started, and in its place.
    fn concerns(&self, dial: &Conn<K>) -> Vec<(bool, bool)> {
        let queue = self.queue(&dial.key).into_iter();
        queue.map(|waiter| (waiter.arrived < dial.started, waiter.placed < dial.started)).collect()
    }

    /// The same of a dial that took too long, of those that were there.
    fn concerns_yet(&self, dial: &Conn<K>) -> Vec<bool> {
        let were_there: Vec<_> = self.concerns(dial).into_iter().map(|(arrived, _)| arrived).collect();
        if were_there.contains(&true) { were_there } else { Vec::new() }
    }

    fn stay(&self, conn: &Conn<K>, configs: &[&Config]) -> Stay {
        if conn.leases > 0 {
            let of_key = self.conns.iter().filter(|other| other.key == conn.key && other.leases > 0);
            let warnings = longest(configs.iter().map(|config| config.lease_warn_after));
            Stay::Leased {
                overdue_in: (!conn.told_overdue).then(|| self.age(conn.leased.at, warnings)),
                delivered: place(conn.delivered, of_key.map(|other| other.delivered)),
            }
        } else if let Some(check) = conn.check {
            let lasts = longest(configs.iter().map(|config| config.check_timeout));
            Stay::Checking { age: self.age(check.began.at, lasts), of_suspect: check.of_suspect }
        } else if let Some(parked) = conn.parked {
            let lasts =
                |config: &&Config| [config.idle_timeout, config.unused_idle_timeout, config.check_after_idle];
            Stay::Parked {
                age: self.age(parked.at, longest(configs.iter().flat_map(lasts))),
                place: place(parked, self.conns.iter().filter_map(|other| other.parked)),
                suspect: self.key(&conn.key).found_dead.is_some_and(|found| parked.order < found),
            }
        } else {
            Stay::Dormant
        }
    }

    /// The age of what began at a time, as far as some duration may ask for it.
    fn age(&self, began: Time, most: Duration) -> Age {
        if began == Time::NEVER {
            return Age::MIN;
        }
        let age = Age::from(self.now.0) - Age::from(began.0);
        age.min(Age::try_from(most.as_nanos()).unwrap_or(Age::MAX))
    }
}

/// The longest of them that ever ends; zero if none does.
fn longest(durations: impl Iterator<Item: IntoIterator<Item = Duration>>) -> Duration {
    let ends = durations.flatten().filter(|duration| Time::ZERO.after(*duration) != Time::NEVER);
    ends.max().unwrap_or(Duration::ZERO)
}

/// From how many rounds on one more makes no difference: all failures are charged, and doubling has ended.
fn rounds_that_matter(configs: &[&Config]) -> u32 {
    let rounds = configs.iter().map(|config| match config.dial_failure {
        DialFailure::Retry { backoff, backoff_max, attempts } => {
            let doublings = (0..64).find(|&rounds| {
                backoff.is_zero()
                    || backoff.checked_mul(1 << rounds.min(31)).is_none_or(|whole| whole >= backoff_max)
            });
            attempts.max(doublings.unwrap_or(64))
        }
        _ => 0,
    });
    rounds.max().unwrap_or(0)
}
