//! A recorded run back into moves.

use std::hash::Hash;
use std::num::NonZeroU32;

use latebind::{Actions, ConnId, DialError, Newcomers, OwnedEvent, Pool, RequestId, Time, Waiters};

use crate::moves::{Deed, Move, Pause, Role, Subjects, Whom};
use crate::rig::ms;
use crate::{Run, Witness};

/// What a run's keys are called in moves: numbers below `keys`, in the order in which the run names them.
struct Keys<K> {
    named: Vec<K>,
    keys: usize,
}

impl<K: Clone + Eq> Keys<K> {
    fn number(&mut self, key: &K) -> usize {
        let found = self.named.iter().position(|named| named == key);
        let number = found.unwrap_or_else(|| {
            self.named.push(key.clone());
            self.named.len() - 1
        });
        number % self.keys
    }
}

impl<K: Clone + Eq + Hash> Run<K> {
    /// The run as [moves](crate::moves) among so many keys: made one after the other, they tell a pool with the
    /// run's config the same.
    ///
    /// Times that are no whole milliseconds after the event before, and no deadline, become the nearest that are;
    /// if the run has more keys, some become one. A config that no pool accepts leaves no moves.
    ///
    /// # Panics
    ///
    /// If `keys` is 0.
    pub fn moves(&self, keys: usize) -> Vec<Move> {
        let Ok(mut pool) = Pool::new(self.config.clone()) else { return Vec::new() };
        let mut witness = Witness::new(self.config.clone());
        let mut names = Keys { named: Vec::new(), keys };
        let (mut now, mut actions, mut moves) = (Time::ZERO, Actions::new(), Vec::new());
        let numbers: Vec<usize> = (0..keys).collect();
        for step in &self.steps {
            let pause = pause(now, step.at, pool.deadline());
            now = pause.after(now, pool.deadline());
            let Some(deed) = deed(&step.event, &mut names, &witness, step.at) else { continue };
            if let Some(event) = deed.event(&numbers, &witness, now, moves.len() as u64) {
                actions.clear();
                let result = pool.handle(now, event.as_event(), &mut actions);
                // Whether the pool keeps the rules is not asked here.
                _ = witness.saw(now, event.as_event(), result, &actions, &pool);
            }
            moves.push(Move { pause, deed });
        }
        moves
    }
}

/// How to get from `now` to `then`.
fn pause(now: Time, then: Time, deadline: Option<Time>) -> Pause {
    const HOUR: u64 = 3_600_000;
    let milliseconds = |from: Time, to: Time| to.since(from).as_nanos().div_ceil(1_000_000) as u64;
    if then == now {
        Pause::None
    } else if deadline == Some(then) {
        Pause::UntilDeadline
    } else if deadline.is_some_and(|deadline| deadline.0.checked_sub(1) == Some(then.0)) {
        Pause::JustBeforeDeadline
    } else if then < now {
        Pause::Back(milliseconds(then, now))
    } else {
        match milliseconds(now, then) {
            whole if whole % HOUR == 0 && now.after(ms(whole)) == then => Pause::Hours(whole / HOUR),
            any => Pause::Millis(any),
        }
    }
}

fn deed<K: Clone + Eq>(
    event: &OwnedEvent<K>,
    keys: &mut Keys<K>,
    subjects: &impl Subjects,
    now: Time,
) -> Option<Deed> {
    let conn = |id, role| whom_of(id, &subjects.conns(role), subjects.conns_ever(), ConnId::index);
    let waiter = |id| whom_of(id, &subjects.waiters(), subjects.requests_ever(), RequestId::index);
    Some(match *event {
        OwnedEvent::Request { ref key, priority, deadline, .. } => Deed::Request {
            key: keys.number(key),
            level: priority.level(),
            deadline: deadline.map(|at| match at {
                Time::NEVER => u64::MAX,
                at => at.since(now).as_millis() as u64,
            }),
        },
        OwnedEvent::Cancel { request } => Deed::Cancel(waiter(request)),
        OwnedEvent::Reprioritize { request, priority } => {
            Deed::Reprioritize(waiter(request), priority.level())
        }
        OwnedEvent::DialDone { conn: id, outcome: Ok(opened) } => {
            Deed::Dialed(conn(id, Role::Dial), opened.capacity)
        }
        OwnedEvent::DialDone { conn: id, outcome: Err(error) } => {
            Deed::DialFailed(conn(id, Role::Dial), error == DialError::Fatal)
        }
        OwnedEvent::ConnIdle { conn: id } => Deed::Returned(conn(id, Role::Leased)),
        OwnedEvent::ConnClosed { conn: id } => Deed::Closed(conn(id, Role::Open)),
        OwnedEvent::Capacity { conn: id, capacity } => Deed::Capacity(conn(id, Role::Open), capacity),
        OwnedEvent::Draining { conn: id } => Deed::Draining(conn(id, Role::Open)),
        OwnedEvent::CheckDone { conn: id, alive } => Deed::Checked(conn(id, Role::Checking), alive),
        OwnedEvent::Preconnect { ref key, count } => Deed::Preconnect(keys.number(key), count),
        OwnedEvent::Keep { ref key, min_idle } => Deed::Keep(keys.number(key), min_idle),
        OwnedEvent::LimitDials { ref key, max_dials } => {
            Deed::LimitDials(keys.number(key), max_dials.map_or(0, NonZeroU32::get))
        }
        OwnedEvent::Clear { ref key, waiters, interrupt } => {
            let key = key.as_ref().map_or(keys.keys, |key| keys.number(key));
            Deed::Clear(key, waiters == Waiters::Fail, interrupt)
        }
        OwnedEvent::Pause { newcomers } => Deed::Pause(newcomers == Newcomers::Refuse),
        OwnedEvent::Resume => Deed::Resume,
        OwnedEvent::Reconfigure { ref config } => Deed::Reconfigure(Box::new(config.clone())),
        OwnedEvent::Shutdown => Deed::Shutdown,
        OwnedEvent::Tick => Deed::Tick,
        _ => return None,
    })
}

/// Where `id` stands: among those to whom it can happen, among all, or nowhere.
fn whom_of<T: Copy + PartialEq>(id: T, fit: &[T], ever: &[T], index: fn(T) -> usize) -> Whom {
    let place = |all: &[T]| all.iter().position(|other| *other == id);
    place(fit)
        .map(Whom::Fit)
        .or_else(|| place(ever).map(Whom::Any))
        .unwrap_or_else(|| Whom::Nobody(index(id) as u32))
}
