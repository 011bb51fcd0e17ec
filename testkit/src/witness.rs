//! A witness of a pool's steps: compares each with the model.

use std::fmt::{self, Display};
use std::hash::Hash;

use latebind::{Action, Config, ConnId, Event, Misuse, Pool, RequestId, Time};

use crate::model::{ConnView, Issued, Model, State};

/// Stands beside a pool, is told what the pool is told and answers, and compares it with the [`Model`]: the
/// actions, the gauges and counters, the deadline, and the pool's own invariants.
///
/// Whatever drives the pool can have one: a test, a simulator, or an adapter that is under test itself. It judges the
/// pool; what an adapter does wrong shows in the results of [`Pool::handle`], which refuses what cannot be true, and in
/// what it still [owes](Self::owed) in the end.
///
/// ```
/// use latebind::{Actions, Config, Event, Pool, Time};
/// use latebind_testkit::Witness;
///
/// let mut pool = Pool::new(Config::default())?;
/// let mut witness = Witness::new(Config::default());
/// let mut actions = Actions::new();
/// let event = Event::Preconnect { key: &"db", count: 2 };
/// let result = pool.handle(Time(0), event, &mut actions);
/// witness.saw(Time(0), event, result, &actions, &pool)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Witness<K> {
    model: Model<K>,
    conns: Vec<ConnId>,
    requests: Vec<RequestId>,
}

/// What a pool did that the rules do not say, or the other way round.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Broken(String);

impl Broken {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }
}

impl Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Broken {}

impl<K: Clone + Eq + Hash> Witness<K> {
    /// A witness of a new pool with that config.
    pub fn new(config: Config) -> Self {
        Self { model: Model::new(config), conns: Vec::new(), requests: Vec::new() }
    }

    /// What the rules say of the pool: who waits, and which connections there are.
    pub fn model(&self) -> &Model<K> {
        &self.model
    }

    /// All connections that ever were, in the order of their dials.
    pub fn conns_ever(&self) -> &[ConnId] {
        &self.conns
    }

    /// All requests that ever were, in their order.
    pub fn requests_ever(&self) -> &[RequestId] {
        &self.requests
    }

    /// What the adapter owes to the pool: the ends of dials, checks and closings that it was told to begin, and of
    /// leases that it gave out. Nothing, after an adapter has ended everything.
    pub fn owed(&self) -> impl Iterator<Item = ConnView<'_, K>> {
        let owes = |conn: &ConnView<'_, K>| {
            conn.state.is_dial()
                || conn.state.is_checking()
                || conn.state == State::Closing
                || conn.leases > 0
        };
        self.model.conns().filter(owes)
    }

    /// Sees one call of [`Pool::handle`]: its arguments, its result, the actions that it appended, and the pool
    /// as it is after it.
    ///
    /// # Errors
    ///
    /// [`Broken`] tells how the pool differs from the model, or which invariant does not hold.
    pub fn saw(
        &mut self,
        now: Time,
        event: Event<'_, K>,
        result: Result<(), Misuse>,
        actions: &[Action],
        pool: &Pool<K>,
    ) -> Result<(), Broken> {
        let issued = self.issued(actions, pool);
        let expected = self.model.handle(now, event, &issued);
        compare_answers(result, actions, expected, pool)?;
        self.compare_views(event, &issued, pool)?;
        pool.check_invariants().map_err(Broken)
    }

    fn issued(&mut self, actions: &[Action], pool: &Pool<K>) -> Issued<K> {
        let mut issued = Issued { request: None, dials: Vec::new() };
        for action in actions {
            match *action {
                Action::StartDial { conn } => {
                    self.conns.push(conn);
                    issued.dials.extend(pool.key(conn).map(|key| (key.clone(), conn)));
                }
                // Of those that are answered in one step, only one has not waited before.
                Action::Deliver { request, .. }
                | Action::Wait { request, .. }
                | Action::Fail { request, .. }
                    if self.model.waiters().all(|waiter| waiter.id != request) =>
                {
                    self.requests.push(request);
                    issued.request = Some(request);
                }
                _ => {}
            }
        }
        issued
    }

    fn compare_views(&self, event: Event<'_, K>, issued: &Issued<K>, pool: &Pool<K>) -> Result<(), Broken> {
        same("the deadline (R15)", &pool.deadline(), &self.model.deadline())?;
        same("the stats", &pool.stats(), &self.model.stats())?;
        let named = match event {
            Event::Request { key, .. }
            | Event::Keep { key, .. }
            | Event::Preconnect { key, .. }
            | Event::LimitDials { key, .. } => Some(key),
            _ => None,
        };
        let keys = self.model.keys().chain(named).chain(issued.dials.iter().map(|(key, _)| key));
        for key in keys {
            same("the stats of a key", &pool.key_stats(key), &self.model.key_stats(key))?;
        }
        for conn in self.model.conns() {
            if pool.key(conn.id) != Some(conn.key) {
                return Err(Broken(format!("the key of {} is another one", conn.id)));
            }
        }
        Ok(())
    }
}

fn same<T: PartialEq + fmt::Debug>(what: &str, got: &T, expected: &T) -> Result<(), Broken> {
    if got == expected {
        return Ok(());
    }
    Err(Broken(format!("{what}\n   model: {expected:?}\n    pool: {got:?}")))
}

fn compare_answers<K: Clone + Eq + Hash>(
    result: Result<(), Misuse>,
    actions: &[Action],
    expected: Result<Vec<Action>, Misuse>,
    pool: &Pool<K>,
) -> Result<(), Broken> {
    let expected = match (result, expected) {
        (Ok(()), Ok(expected)) => expected,
        (Err(misuse), Err(expected)) if misuse == expected && actions.is_empty() => return Ok(()),
        (_, expected) => return same("the answer (R24)", &result.map(|()| actions.to_vec()), &expected),
    };
    if same_actions(actions, &expected, |conn| pool.key(conn).cloned()) {
        return Ok(());
    }
    Err(Broken(format!("the actions\n   model: {expected:?}\n    pool: {actions:?}")))
}

/// Whether two answers to the same event are the same.
///
/// The order of a step's actions carries no meaning, but that of a key's deliveries, and `Drained` stands last.
pub(crate) fn same_actions<K: Clone + Eq>(
    actions: &[Action],
    expected: &[Action],
    key_of: impl Fn(ConnId) -> Option<K>,
) -> bool {
    let mut left = expected.to_vec();
    for action in actions {
        match left.iter().position(|other| other == action) {
            Some(place) => _ = left.swap_remove(place),
            None => return false,
        }
    }
    let delivered = |actions: &[Action]| {
        let deliveries = actions.iter().filter_map(|action| match *action {
            Action::Deliver { request, conn, .. } => Some((key_of(conn), request)),
            _ => None,
        });
        deliveries.collect::<Vec<_>>()
    };
    let (got, told) = (delivered(actions), delivered(expected));
    let in_order = got.iter().all(|(key, _)| {
        let of_key = |all: &[(Option<K>, RequestId)]| {
            all.iter().filter(|(other, _)| other == key).map(|(_, request)| *request).collect::<Vec<_>>()
        };
        of_key(&got) == of_key(&told)
    });
    let drained_last = actions.iter().rev().skip(1).all(|action| *action != Action::Drained);
    left.is_empty() && in_order && drained_last
}
