//! What an adapter knows: which connections and requests there are, and in which state. It decides nothing.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use latebind::{Config, ConnId, DialFailure, Newcomers, Priority, RequestId, Time};

use super::Key;

/// Where a connection is in its life, as far as actions and events tell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Life {
    /// Also when it was told to stop.
    Dialing,
    /// Leased, or without capacity.
    Open,
    Parked,
    Checking,
    Closing,
}

#[expect(clippy::struct_excessive_bools, reason = "what an adapter has seen: each may be without the others")]
#[derive(Clone, Debug)]
pub(crate) struct Conn {
    pub(crate) name: String,
    pub(crate) key: Key,
    pub(crate) life: Life,
    pub(crate) capacity: u32,
    pub(crate) leases: u32,
    pub(crate) uses: u32,
    pub(crate) draining: bool,
    /// Was told to stop, as a dial.
    pub(crate) stopped: bool,
    pub(crate) started: Time,
    pub(crate) born: Time,
    pub(crate) parked: Time,
    /// The greatest jitter that its life may have been given at birth.
    pub(crate) jitter: Duration,
    /// The step that started the dial.
    pub(crate) started_in: u64,
    /// Orders parkings and deliveries, also those of one step.
    pub(crate) moved: u64,
    /// The request that the dial belongs to.
    pub(crate) owner: Option<u64>,
    /// Belongs to a generation that is over (R19).
    pub(crate) cleared: bool,
    /// When its last check began, and whether it was suspect then (R17).
    pub(crate) checked: Time,
    pub(crate) probing: bool,
    /// Since when it has leases, and whether it was reported for their length (R22).
    pub(crate) leased: Time,
    pub(crate) reported: bool,
}

impl Conn {
    pub(crate) fn is_live_dial(&self) -> bool {
        self.life == Life::Dialing && !self.stopped
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stage {
    New,
    Waiting,
    Served,
    Failed,
    Cancelled,
}

#[derive(Clone, Debug)]
pub(crate) struct Wish {
    pub(crate) name: String,
    pub(crate) key: Key,
    pub(crate) priority: Priority,
    pub(crate) since: Time,
    /// What the request brought.
    pub(crate) deadline: Option<Time>,
    /// The step in which it got its place in the queue.
    pub(crate) place: u64,
    /// The step in which it was asked for.
    pub(crate) arrival: u64,
    pub(crate) stage: Stage,
    pub(crate) id: Option<RequestId>,
}

/// The last failure of a key's dials with no success since.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Failure {
    pub(crate) conn: ConnId,
    pub(crate) step: u64,
}

#[expect(clippy::struct_excessive_bools, reason = "as in `Conn`")]
#[derive(Clone, Debug)]
pub(crate) struct Ledger {
    pub(crate) config: Config,
    /// The one under which the time before the last event has passed.
    pub(crate) old_config: Config,
    /// A config of this pool has had backoffs: when they end is known within bounds only.
    pub(crate) backs_off: bool,
    /// A config of this pool has had backup dials: not every dial is for a waiter without cover.
    pub(crate) backs_up: bool,
    /// Never goes backwards.
    pub(crate) now: Time,
    /// How many events were taken.
    pub(crate) step: u64,
    /// How many actions were taken, and how many of them before the last event.
    pub(crate) moves: u64,
    pub(crate) moves_before: u64,
    /// Those that live.
    pub(crate) conns: BTreeMap<ConnId, Conn>,
    /// All that were ever issued.
    pub(crate) names: BTreeMap<ConnId, String>,
    /// All that were ever made; a token is an index.
    pub(crate) wishes: Vec<Wish>,
    pub(crate) tokens: BTreeMap<RequestId, u64>,
    pub(crate) failures: BTreeMap<Key, Failure>,
    pub(crate) keys: BTreeSet<Key>,
    /// Keys whose dials belong to somebody, but it cannot be told to whom.
    pub(crate) vague: BTreeSet<Key>,
    /// Keys that ever had a floor or a preconnect, and the floors that hold (R20).
    pub(crate) stocked: BTreeSet<Key>,
    pub(crate) floors: BTreeMap<Key, u32>,
    /// How many moves had been when an idle connection of the key was found dead (R17).
    pub(crate) suspects: BTreeMap<Key, u64>,
    pub(crate) paused: Option<Newcomers>,
    pub(crate) shutdown: bool,
    pub(crate) drained: bool,
    /// The most connections and requests that lived at once.
    pub(crate) peak_conns: usize,
    /// Dials that were told to stop because they took too long.
    pub(crate) timed_out: BTreeSet<ConnId>,
    pub(crate) peak_requests: usize,
}

impl Ledger {
    pub(crate) fn new(config: Config) -> Self {
        Self {
            backs_off: matches!(config.dial_failure, DialFailure::Retry { .. }),
            old_config: config.clone(),
            paused: config.start_paused,
            backs_up: config.backup_dial_after.is_some(),
            config,
            now: Time::ZERO,
            step: 0,
            moves: 0,
            moves_before: 0,
            conns: BTreeMap::new(),
            names: BTreeMap::new(),
            wishes: Vec::new(),
            tokens: BTreeMap::new(),
            failures: BTreeMap::new(),
            keys: BTreeSet::new(),
            vague: BTreeSet::new(),
            stocked: BTreeSet::new(),
            floors: BTreeMap::new(),
            suspects: BTreeMap::new(),
            shutdown: false,
            drained: false,
            peak_conns: 0,
            timed_out: BTreeSet::new(),
            peak_requests: 0,
        }
    }

    /// Writes down that a request is about to be made, and tells its token.
    pub(crate) fn wish(&mut self, name: &str, key: Key, priority: Priority, deadline: Option<Time>) -> u64 {
        self.keys.insert(key);
        self.wishes.push(Wish {
            name: name.to_owned(),
            key,
            priority,
            since: self.now,
            deadline,
            place: 0,
            arrival: 0,
            stage: Stage::New,
            id: None,
        });
        self.wishes.len() as u64 - 1
    }

    pub(crate) fn wish_of(&self, token: u64) -> Option<&Wish> {
        self.wishes.get(usize::try_from(token).ok()?)
    }

    pub(crate) fn wish_mut(&mut self, token: u64) -> Option<&mut Wish> {
        self.wishes.get_mut(usize::try_from(token).ok()?)
    }

    pub(crate) fn wish_by_id(&self, id: RequestId) -> Option<&Wish> {
        self.wish_of(*self.tokens.get(&id)?)
    }

    pub(crate) fn waits(&self, token: u64) -> bool {
        self.wish_of(token).is_some_and(|wish| matches!(wish.stage, Stage::New | Stage::Waiting))
    }

    /// The waiters of a key, the first one first (R2); a request that is being made is one of them.
    pub(crate) fn queue(&self, key: Key) -> Vec<u64> {
        let mut tokens: Vec<u64> = (0..self.wishes.len() as u64)
            .filter(|&token| self.waits(token) && self.wish_of(token).is_some_and(|wish| wish.key == key))
            .collect();
        tokens.sort_by_key(|&token| self.wish_of(token).map(|wish| (Reverse(wish.priority), wish.place)));
        tokens
    }

    pub(crate) fn of_key(&self, key: Key) -> impl Iterator<Item = &Conn> {
        self.conns.values().filter(move |conn| conn.key == key)
    }

    /// Whether it is a dial that was not told to stop.
    pub(crate) fn is_live_dial(&self, id: ConnId) -> bool {
        self.conns.get(&id).is_some_and(Conn::is_live_dial)
    }

    /// Parked, or under check.
    pub(crate) fn is_idle(&self, id: ConnId) -> bool {
        self.conns.get(&id).is_some_and(|conn| matches!(conn.life, Life::Parked | Life::Checking))
    }

    /// Dials that may still serve, checks of those that are not suspect (R16, R17), and connections whose
    /// capacity of 0 may grow (R18): the least and the most that can be meant.
    pub(crate) fn cover(&self, key: Key) -> (usize, usize) {
        let dials = self.of_key(key).filter(|conn| conn.is_live_dial()).count();
        let checking = |conn: &&Conn| conn.life == Life::Checking && !conn.probing;
        let checks: u32 = self.of_key(key).filter(checking).map(|conn| conn.capacity.max(1)).sum();
        let sure = dials + checks as usize;
        let leaves = |conn: &Conn| conn.draining || conn.cleared;
        let dormant = |conn: &&Conn| conn.life == Life::Open && conn.capacity == 0 && !leaves(conn);
        // It is open whether one counts that still has leases, or can never be delivered again.
        let surely = |conn: &&Conn| {
            let worn = self.config.max_uses.is_some_and(|uses| conn.uses >= uses);
            conn.leases == 0 && !worn && !self.is_due(self.life_ends(conn).0)
        };
        let most = self.of_key(key).filter(dormant);
        let least = self.of_key(key).filter(dormant).filter(surely);
        (sure + least.count(), sure + most.count())
    }

    /// Whether it can surely be delivered now; `None`: that depends on the jitter.
    pub(crate) fn available(&self, conn: &Conn) -> Option<bool> {
        let open = matches!(conn.life, Life::Open | Life::Parked);
        let worn = self.config.max_uses.is_some_and(|uses| conn.uses >= uses);
        let (earliest, latest) = self.life_ends(conn);
        if !open
            || worn
            || conn.draining
            || conn.cleared
            || conn.leases >= conn.capacity
            || self.is_due(latest)
        {
            return Some(false);
        }
        (!self.is_due(earliest)).then_some(true)
    }

    pub(crate) fn conn_name(&self, id: ConnId) -> String {
        self.names.get(&id).cloned().unwrap_or_else(|| format!("{id:?}"))
    }

    pub(crate) fn request_name(&self, id: RequestId) -> String {
        self.wish_by_id(id).map_or_else(|| format!("{id:?}"), |wish| wish.name.clone())
    }

    pub(crate) fn token_name(&self, token: u64) -> String {
        self.wish_of(token).map_or_else(|| format!("token {token}"), |wish| wish.name.clone())
    }
}
