//! The rules, written as naively as can be.
//!
//! Vectors and scans, no index and no timer structure: short enough to be believed. Nothing that can be
//! computed is stored; cover, room, deadlines and gauges are counted whenever they are asked for. The pool and
//! the model are told the same events, and must answer the same. It is the executable form of `docs/RULES.md`;
//! where to find what:
//!
//! | file | rules |
//! | --- | --- |
//! | `mod.rs` | a step; what is misuse, and what is a lost race (R24) |
//! | `state.rs`, `conn.rs` | the plain state: waiters, keys, connections; cover |
//! | `time.rs` | what expires, and the deadline (R12, R15, R22) |
//! | `serving.rs` | requests, and who gets what becomes available (R1, R2, R3, R6) |
//! | `open.rs` | what comes back, retires, is parked, closes (R11, R12, R18, R21) |
//! | `dials.rs` | how dials start and end, and whom a failure concerns (R7) |
//! | `checks.rs` | checks and suspects (R16, R17) |
//! | `settle.rs` | the end of a step: what starts and stops until nothing changes (R4, R5, R13) |
//! | `room.rs` | limits, and what is closed for whom (R8, R9, R10, R14) |
//! | `floors.rs` | floors and preconnects (R20) |
//! | `lifecycle.rs` | new generations, pauses, new configs, the end (R19, R21) |
//! | `stats.rs`, `view.rs` | what it tells of itself |
//! | `situation.rs` | the state up to what makes no difference, for searches |
//!
//! [`Witness`](crate::Witness) compares a pool with it. By hand:
//!
//! ```
//! use latebind::{Action, Actions, Config, Event, Pool, Priority, Time};
//! use latebind_testkit::model::{Issued, Model};
//!
//! let (mut pool, mut model) = (Pool::new(Config::default())?, Model::new(Config::default()));
//! let event = Event::Request { key: &"db", token: 7, priority: Priority::default(), deadline: None };
//! let mut actions = Actions::new();
//! pool.handle(Time(5), event, &mut actions)?;
//!
//! let mut issued = Issued { request: None, dials: Vec::new() };
//! for action in &actions {
//!     match *action {
//!         Action::Wait { request, .. } => issued.request = Some(request),
//!         Action::StartDial { conn } => issued.dials.push(("db", conn)),
//!         _ => {}
//!     }
//! }
//! assert_eq!(model.handle(Time(5), event, &issued)?, actions.to_vec());
//! assert_eq!(model.deadline(), pool.deadline());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod checks;
mod conn;
mod dials;
mod floors;
mod lifecycle;
mod open;
mod room;
mod serving;
mod settle;
mod situation;
mod state;
mod stats;
mod time;
mod view;

use latebind::{
    Action, CloseReason, Config, ConnId, Counters, Event, Misuse, Newcomers, Pool, RequestId, Stats, Time,
};

pub use conn::State;
pub use situation::Situation;
pub use view::{ConnView, WaiterView};

use conn::Conn;
use state::{Key, Waiter};

/// The ids that the pool issued in one step: the only thing that the model has to be told.
#[derive(Clone, Debug)]
pub struct Issued<K> {
    /// The id of the step's `Request`.
    pub request: Option<RequestId>,
    /// The dials of the step, in the order of their actions, each with its key.
    pub dials: Vec<(K, ConnId)>,
}

/// What the rules say of a pool.
#[derive(Clone, Debug)]
pub struct Model<K> {
    config: Config,
    now: Time,
    /// How many moments there were.
    order: u64,
    /// Where jitter comes from.
    random: u64,
    shut_down: bool,
    drained: bool,
    paused: Option<Newcomers>,
    keys: Vec<Key<K>>,
    waiters: Vec<Waiter<K>>,
    conns: Vec<Conn<K>>,
    /// The newest id of each index that was ever issued.
    newest_conns: Vec<ConnId>,
    newest_requests: Vec<RequestId>,
    counters: Counters,
    /// Of the step: what is to be done, the ids that it was told, and what it may not end.
    actions: Vec<Action>,
    issued: Issued<K>,
    exempt: Exempt,
}

/// What the event itself reports the end of: nothing of it expires in that step, or is told of it.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
struct Exempt {
    request: Option<RequestId>,
    conn: Option<ConnId>,
}

impl<K: Clone + Eq> Model<K> {
    /// The model of an empty pool with a config that a pool accepts.
    pub fn new(config: Config) -> Self {
        Self {
            now: Time::ZERO,
            order: 0,
            random: config.seed,
            shut_down: false,
            drained: false,
            paused: config.start_paused,
            config,
            keys: Vec::new(),
            waiters: Vec::new(),
            conns: Vec::new(),
            newest_conns: Vec::new(),
            newest_requests: Vec::new(),
            counters: Counters::default(),
            actions: Vec::new(),
            issued: Issued { request: None, dials: Vec::new() },
            exempt: Exempt::default(),
        }
    }

    /// Applies `event` at `now`, and tells the actions that it must have: deliveries in the order of service,
    /// the others in any order.
    ///
    /// # Errors
    ///
    /// The misuse that the pool must report; then nothing has changed.
    pub fn handle(
        &mut self,
        now: Time,
        event: Event<'_, K>,
        issued: &Issued<K>,
    ) -> Result<Vec<Action>, Misuse> {
        self.refuse(&event)?;
        self.issued = issued.clone();
        self.exempt = self.ended_by(&event);
        self.pass(now);
        self.apply(event);
        self.settle();
        Ok(core::mem::take(&mut self.actions))
    }

    /// R24: what cannot be true.
    fn refuse(&self, event: &Event<'_, K>) -> Result<(), Misuse> {
        match *event {
            Event::Cancel { request } | Event::Reprioritize { request, .. } => {
                let issued = self.newest_requests.iter().find(|newest| newest.index() == request.index());
                match issued {
                    Some(newest) if newest.generation() >= request.generation() => Ok(()),
                    _ => Err(Misuse::UnknownRequest(request)),
                }
            }
            Event::DialDone { conn, .. } => match self.named(conn)? {
                Some(state) if state.is_open() => Err(Misuse::NotDialing(conn)),
                _ => Ok(()),
            },
            Event::ConnIdle { conn } => match self.named_open(conn)? {
                Some(state) if !state.is_leased() => Err(Misuse::NotLeased(conn)),
                _ => Ok(()),
            },
            Event::CheckDone { conn, .. } => match self.named_open(conn)? {
                Some(state) if !state.is_checking() => Err(Misuse::NotChecking(conn)),
                _ => Ok(()),
            },
            Event::ConnClosed { conn } | Event::Capacity { conn, .. } | Event::Draining { conn } => {
                self.named_open(conn).map(|_| ())
            }
            Event::Reconfigure { config } => {
                Pool::<u8>::new(config.clone()).map(|_| ()).map_err(Misuse::Config)
            }
            _ => Ok(()),
        }
    }

    /// The state of a connection that was issued, `None` once it is gone.
    fn named(&self, id: ConnId) -> Result<Option<State>, Misuse> {
        if let Some(conn) = self.conn(id) {
            return Ok(Some(conn.state()));
        }
        match self.newest_conns.iter().find(|newest| newest.index() == id.index()) {
            Some(newest) if newest.generation() >= id.generation() => Ok(None),
            _ => Err(Misuse::UnknownConnection(id)),
        }
    }

    /// The same of one that may not be a dial; `None` also if it was told to close.
    fn named_open(&self, id: ConnId) -> Result<Option<State>, Misuse> {
        match self.named(id)? {
            Some(state) if state.is_dial() => Err(Misuse::StillDialing(id)),
            state => Ok(state.filter(|state| state.is_open())),
        }
    }

    fn ended_by(&self, event: &Event<'_, K>) -> Exempt {
        let (mut request, mut conn) = (None, None);
        match *event {
            Event::Cancel { request: ended } => request = Some(ended),
            Event::DialDone { conn: ended, .. }
            | Event::ConnClosed { conn: ended }
            | Event::CheckDone { conn: ended, .. } => conn = Some(ended),
            Event::ConnIdle { conn: ended } => {
                conn = self.conn(ended).filter(|conn| conn.leases == 1).map(|conn| conn.id);
            }
            _ => {}
        }
        Exempt { request, conn }
    }

    /// The event's own effect. What the passing of time has ended meanwhile is a lost race.
    fn apply(&mut self, event: Event<'_, K>) {
        let state = |conn: ConnId| self.conn(conn).map(Conn::state);
        let is_open = |conn: ConnId| state(conn).is_some_and(State::is_open);
        let is_dial = |conn: ConnId| state(conn).is_some_and(State::is_dial);
        match event {
            Event::Request { key, token, priority, deadline } => self.request(key, token, priority, deadline),
            Event::Cancel { request } => self.cancel(request),
            Event::Reprioritize { request, priority } => self.reprioritize(request, priority),
            Event::DialDone { conn, outcome } if is_dial(conn) => self.dial_done(conn, outcome),
            Event::ConnIdle { conn } if is_open(conn) => self.conn_idle(conn),
            Event::CheckDone { conn, alive } if is_open(conn) => self.check_done(conn, alive),
            Event::Capacity { conn, capacity } if is_open(conn) => self.capacity(conn, capacity),
            Event::Draining { conn } if is_open(conn) => self.retire(conn, CloseReason::Draining),
            Event::ConnClosed { conn } => self.conn_closed(conn),
            Event::Preconnect { key, count } => self.preconnect(key, count),
            Event::Keep { key, min_idle } => self.keep(key, min_idle),
            Event::LimitDials { key, max_dials } => {
                self.keys
                    .iter_mut()
                    .filter(|known| known.name == *key)
                    .for_each(|known| known.max_dials = max_dials);
            }
            Event::Clear { key, waiters, interrupt } => {
                let names = self.names().into_iter().filter(|name| key.is_none_or(|key| key == name));
                for name in names.collect::<Vec<_>>() {
                    self.clear(&name, waiters, interrupt);
                }
            }
            Event::Pause { newcomers } => self.pause(newcomers),
            Event::Resume => self.resume(),
            Event::Reconfigure { config } => self.reconfigure(config),
            Event::Shutdown => self.shutdown(),
            _ => {}
        }
    }

    /// What `Pool::stats` must tell.
    pub fn stats(&self) -> Stats {
        self.gauges(None)
    }

    /// What `Pool::key_stats` must tell.
    pub fn key_stats(&self, key: &K) -> Option<Stats> {
        self.keys.iter().any(|known| known.name == *key).then(|| self.gauges(Some(key)))
    }
}
