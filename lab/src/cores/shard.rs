//! A real pool behind a lock of its own, and what a step under that lock costs.

use std::collections::VecDeque;

use latebind::{Action, Actions, Config, ConnId, Event, Opened, Pool, Priority, RequestId, Time};

use super::designs::{Desk, Lease};
use super::workload::Scale;

// Instructions, counted under valgrind in `examples/one_lock.rs` (docs/MANY-CORES.md tells how).

/// `get`, or the drop of a lease, without what is under the lock: the clock, futures, guards.
pub const OUTSIDE: u64 = 280;
/// Under the lock, core and driver together: a request served from idle.
const SERVED: u64 = 440;
/// A connection parked.
const PARKED: u64 = 390;
/// A request that has to wait.
const WAITS: u64 = 920;
/// A connection given back to the first waiter, who takes the lock once more to pick it up.
const HANDED_OVER: u64 = 1_020;
/// A look that finds nothing; as half of a request that is served.
const REFUSED: u64 = 220;
/// What is rare enough not to matter: dials, their ends, closed connections. An estimate.
const RARE: u64 = 1_500;

/// What a shard is told.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Tell {
    /// A task wants a connection of a key.
    Request(u32, u32),
    /// The same, but it does not wait: a deadline that has passed (R12).
    Try(u32, u32),
    /// A connection comes back.
    Idle(ConnId),
    /// A dial has brought it.
    Dialed(ConnId),
    /// It has been closed.
    Closed(ConnId),
}

/// Takes a connection for a task that is not known yet: no task has this number.
pub const WHOEVER: u32 = u32::MAX;

/// One pool, with a lock of its own.
pub struct Shard {
    number: u32,
    pool: Pool<u32>,
    actions: Actions,
    /// Who waits for each key, in the order of the pool's own queue.
    waiting: Vec<VecDeque<(u32, RequestId)>>,
    /// By the index of the connection.
    is_parked: Vec<bool>,
}

impl Shard {
    /// An empty one, with limits of its own.
    ///
    /// # Panics
    ///
    /// If a limit is 0.
    pub fn new(number: u32, keys: u32, max_connections: u32, max_connections_per_key: u32) -> Self {
        let config = Config::default()
            .max_connections(max_connections)
            .max_connections_per_key(max_connections_per_key);
        Self {
            number,
            pool: Pool::new(config).expect("the limits are not 0"),
            actions: Actions::new(),
            waiting: vec![VecDeque::new(); keys as usize],
            is_parked: Vec::new(),
        }
    }

    /// So many shards; each gets its part of the limits that are to be split, and the whole of the others.
    pub fn split(parts: u32, scale: &Scale, splits_total: bool, splits_keys: bool) -> Vec<Self> {
        let part = |limit: u32, number: u32, is_split: bool| {
            if is_split { limit / parts + u32::from(number < limit % parts) } else { limit }
        };
        let shard = |number| {
            let total = part(scale.max_connections, number, splits_total);
            Self::new(number, scale.keys, total, part(scale.max_connections_per_key, number, splits_keys))
        };
        (0..parts).map(shard).collect()
    }

    /// Parked connections of the key.
    pub fn idle(&self, key: u32) -> u32 {
        self.pool.key_stats(&key).map_or(0, |stats| stats.idle)
    }

    /// Tasks that wait for the key.
    pub fn waiters(&self, key: u32) -> u32 {
        self.waiting[key as usize].len() as u32
    }

    /// Takes the key's first waiter out of its queue, for a connection from elsewhere.
    pub fn call_off(&mut self, key: u32, desk: &mut Desk<'_>) -> Option<u32> {
        let (task, request) = self.waiting[key as usize].pop_front()?;
        self.handle(desk.now, Event::Cancel { request });
        desk.run(HANDED_OVER);
        self.carry_out(desk);
        Some(task)
    }

    /// One step, with all that follows from it. What `WHOEVER` gets is returned.
    ///
    /// # Panics
    ///
    /// If what is told is not true: a defect of the design.
    pub fn tell(&mut self, tell: Tell, desk: &mut Desk<'_>) -> Option<Lease> {
        let price = match tell {
            Tell::Request(task, key) => self.request(task, key, None, desk),
            Tell::Try(task, key) => self.request(task, key, Some(Time::ZERO), desk),
            Tell::Idle(conn) => {
                self.handle(desk.now, Event::ConnIdle { conn });
                if matches!(self.actions[..], [Action::Park { .. }]) { PARKED } else { HANDED_OVER }
            }
            Tell::Dialed(conn) => {
                self.handle(desk.now, Event::DialDone { conn, outcome: Ok(Opened::EXCLUSIVE) });
                RARE
            }
            Tell::Closed(conn) => {
                let key = *self.pool.key(conn).expect("it was not closed before");
                desk.judge.closed(key);
                self.handle(desk.now, Event::ConnClosed { conn });
                RARE
            }
        };
        desk.run(price);
        self.carry_out(desk)
    }

    fn request(&mut self, task: u32, key: u32, deadline: Option<Time>, desk: &mut Desk<'_>) -> u64 {
        let priority = Priority::default();
        self.handle(desk.now, Event::Request { key: &key, token: task.into(), priority, deadline });
        match self.actions.first() {
            Some(Action::Deliver { .. }) => SERVED,
            Some(Action::Wait { request, .. }) => {
                self.waiting[key as usize].push_back((task, *request));
                desk.judge.waits(task, key);
                WAITS
            }
            _ => REFUSED,
        }
    }

    fn handle(&mut self, now: u64, event: Event<'_, u32>) {
        self.pool.handle(Time(now), event, &mut self.actions).expect("what is told is true");
    }

    fn carry_out(&mut self, desk: &mut Desk<'_>) -> Option<Lease> {
        let mut taken = None;
        for action in self.actions.drain() {
            let lease = |conn| Lease {
                shard: self.number,
                conn,
                key: *self.pool.key(conn).expect("it is not closed"),
            };
            match action {
                Action::Deliver { token, conn, .. } => {
                    let (task, lease) = (token as u32, lease(conn));
                    let waiting = &mut self.waiting[lease.key as usize];
                    if waiting.front().is_some_and(|(first, _)| *first == task) {
                        waiting.pop_front();
                    }
                    if unpark(&mut self.is_parked, conn) {
                        desk.judge.taken(lease.key);
                    }
                    if task == WHOEVER {
                        taken = Some(lease);
                    } else {
                        desk.deliver(task, lease);
                    }
                }
                // A dial here cannot be stopped: it succeeds all the same (R5).
                Action::Wait { .. } | Action::Fail { .. } | Action::CancelDial { .. } => {}
                Action::StartDial { conn } => {
                    desk.run(RARE);
                    desk.judge.dials(lease(conn).key);
                    desk.dials.push(lease(conn));
                }
                Action::Park { conn } => {
                    desk.judge.parked(lease(conn).key);
                    let index = conn.index();
                    if self.is_parked.len() <= index {
                        self.is_parked.resize(index + 1, false);
                    }
                    self.is_parked[index] = true;
                }
                Action::Close { conn, .. } => {
                    if unpark(&mut self.is_parked, conn) {
                        desk.judge.taken(lease(conn).key);
                    }
                    desk.run(RARE);
                    desk.closes.push(lease(conn));
                }
                other => unreachable!("nothing in these workloads asks for {other:?}"),
            }
        }
        taken
    }
}

fn unpark(is_parked: &mut [bool], conn: ConnId) -> bool {
    is_parked.get_mut(conn.index()).is_some_and(std::mem::take)
}
