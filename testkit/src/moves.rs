//! Moves: events whose subjects are chosen when it is their turn, and the clock between them.
//!
//! A generator cannot know the ids that a pool will issue. So it makes moves: "the third of those on lease comes
//! back, five milliseconds later". Any list of moves is a run.

use std::hash::Hash;
use std::num::NonZeroU32;

use latebind::{
    Config, ConnId, DialError, Newcomers, Opened, OwnedEvent, Priority, RequestId, Time, Waiters,
};

use crate::Witness;
use crate::rig::ms;

/// Something that happens, and how much time passes before.
#[derive(Clone, PartialEq, Debug)]
pub struct Move {
    /// How much time passes.
    pub pause: Pause,
    /// What happens then.
    pub deed: Deed,
}

/// What happens.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum Deed {
    /// Somebody wants a connection.
    Request {
        /// Which of the run's keys.
        key: usize,
        /// The priority, taken modulo eight.
        level: u8,
        /// The deadline, in milliseconds from now.
        deadline: Option<u64>,
    },
    /// A request is not wanted any more.
    Cancel(Whom),
    /// A waiter gets that level, taken modulo eight.
    Reprioritize(Whom, u8),
    /// A dial brings a connection of that capacity.
    Dialed(Whom, u32),
    /// A dial fails, perhaps for good.
    DialFailed(Whom, bool),
    /// A lease ends.
    Returned(Whom),
    /// A connection is gone.
    Closed(Whom),
    /// A connection can carry so many leases from now on.
    Capacity(Whom, u32),
    /// A peer wants to end the connection.
    Draining(Whom),
    /// A check ends: whether it passes.
    Checked(Whom, bool),
    /// Connections of a key are opened ahead of requests.
    Preconnect(usize, u32),
    /// A key gets a floor.
    Keep(usize, u32),
    /// The dials of a key get a limit of their own, or lose it: 0.
    LimitDials(usize, u32),
    /// A new generation of one key or, beyond the last key, of all: whether waiters fail, whether leases are
    /// interrupted.
    Clear(usize, bool, bool),
    /// A pause, which may refuse newcomers.
    Pause(bool),
    /// The pause ends.
    Resume,
    /// A new config, which may contradict itself.
    Reconfigure(Box<Config>),
    /// The pool shuts down.
    Shutdown,
    /// Time is told.
    Tick,
}

/// Whom it happens to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Whom {
    /// One of those to whom it can happen, if there is any.
    Fit(usize),
    /// Any that there ever was: a lost race, or misuse.
    Any(usize),
    /// An id that was never issued.
    Nobody(u32),
}

/// How much time passes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pause {
    /// None.
    None,
    /// So many milliseconds.
    Millis(u64),
    /// Until the pool's deadline, if there is one.
    UntilDeadline,
    /// Until the last nanosecond before it.
    JustBeforeDeadline,
    /// The clock goes back by so many milliseconds.
    Back(u64),
    /// So many hours.
    Hours(u64),
}

impl Pause {
    /// What the clock shows after it.
    pub fn after(self, now: Time, deadline: Option<Time>) -> Time {
        let until = deadline.unwrap_or(now);
        match self {
            Self::None => now,
            Self::Millis(milliseconds) => now.after(ms(milliseconds)),
            Self::UntilDeadline => until,
            Self::JustBeforeDeadline => Time(until.0.saturating_sub(1)),
            Self::Back(milliseconds) => Time(now.0.saturating_sub(milliseconds.saturating_mul(1_000_000))),
            Self::Hours(hours) => now.after(ms(hours.saturating_mul(3_600_000))),
        }
    }
}

/// Those to whom something can happen, each in an order that a replay repeats.
///
/// A [`Witness`] knows them; so does whatever keeps its own books of a pool's actions.
pub trait Subjects {
    /// The connections that can play that role now.
    fn conns(&self, role: Role) -> Vec<ConnId>;
    /// The requests that wait.
    fn waiters(&self) -> Vec<RequestId>;
    /// All connections that ever were.
    fn conns_ever(&self) -> &[ConnId];
    /// All requests that ever were.
    fn requests_ever(&self) -> &[RequestId];
}

/// What a connection has to be so that something can happen to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// A dial, told to stop or not: it can succeed or fail.
    Dial,
    /// On lease: it can come back.
    Leased,
    /// Under check.
    Checking,
    /// Dialed: it can close, drain, or change its capacity.
    Open,
}

impl<K: Clone + Eq + Hash> Subjects for Witness<K> {
    fn conns(&self, role: Role) -> Vec<ConnId> {
        let fits = self.model().conns().filter(|conn| match role {
            Role::Dial => conn.state.is_dial(),
            Role::Leased => conn.leases > 0,
            Role::Checking => conn.state.is_checking(),
            Role::Open => !conn.state.is_dial(),
        });
        fits.map(|conn| conn.id).collect()
    }

    fn waiters(&self) -> Vec<RequestId> {
        self.model().waiters().map(|waiter| waiter.id).collect()
    }

    fn conns_ever(&self) -> &[ConnId] {
        Witness::conns_ever(self)
    }

    fn requests_ever(&self) -> &[RequestId] {
        Witness::requests_ever(self)
    }
}

fn pick<T: Copy>(items: &[T], index: usize) -> Option<T> {
    items.get(index.checked_rem(items.len())?).copied()
}

impl Deed {
    /// The event, for a pool that has these subjects: `None` if there is nobody to whom it could happen.
    ///
    /// `token` is what a request brings.
    ///
    /// # Panics
    ///
    /// If there are no `keys`.
    pub fn event<K: Clone>(
        &self,
        keys: &[K],
        subjects: &impl Subjects,
        now: Time,
        token: u64,
    ) -> Option<OwnedEvent<K>> {
        let key = |index: usize| keys[index % keys.len()].clone();
        let conn = |whom, role| conn(subjects, whom, role);
        let request = |whom| request(subjects, whom);
        Some(match *self {
            Self::Request { key: index, level, deadline } => OwnedEvent::Request {
                key: key(index),
                token,
                priority: priority(level),
                deadline: deadline.map(|after| now.after(ms(after))),
            },
            Self::Cancel(whom) => OwnedEvent::Cancel { request: request(whom)? },
            Self::Reprioritize(whom, level) => {
                OwnedEvent::Reprioritize { request: request(whom)?, priority: priority(level) }
            }
            Self::Dialed(whom, capacity) => {
                OwnedEvent::DialDone { conn: conn(whom, Role::Dial)?, outcome: Ok(Opened { capacity }) }
            }
            Self::DialFailed(whom, is_fatal) => {
                let error = if is_fatal { DialError::Fatal } else { DialError::Transient };
                OwnedEvent::DialDone { conn: conn(whom, Role::Dial)?, outcome: Err(error) }
            }
            Self::Returned(whom) => OwnedEvent::ConnIdle { conn: conn(whom, Role::Leased)? },
            Self::Closed(whom) => OwnedEvent::ConnClosed { conn: conn(whom, Role::Open)? },
            Self::Capacity(whom, capacity) => {
                OwnedEvent::Capacity { conn: conn(whom, Role::Open)?, capacity }
            }
            Self::Draining(whom) => OwnedEvent::Draining { conn: conn(whom, Role::Open)? },
            Self::Checked(whom, alive) => OwnedEvent::CheckDone { conn: conn(whom, Role::Checking)?, alive },
            Self::Preconnect(index, count) => OwnedEvent::Preconnect { key: key(index), count },
            Self::Keep(index, min_idle) => OwnedEvent::Keep { key: key(index), min_idle },
            Self::LimitDials(index, max_dials) => {
                OwnedEvent::LimitDials { key: key(index), max_dials: NonZeroU32::new(max_dials) }
            }
            Self::Clear(index, fails, interrupt) => OwnedEvent::Clear {
                key: keys.get(index % (keys.len() + 1)).cloned(),
                waiters: if fails { Waiters::Fail } else { Waiters::Keep },
                interrupt,
            },
            Self::Pause(refuses) => {
                OwnedEvent::Pause { newcomers: if refuses { Newcomers::Refuse } else { Newcomers::Hold } }
            }
            Self::Resume => OwnedEvent::Resume,
            Self::Reconfigure(ref config) => OwnedEvent::Reconfigure { config: Config::clone(config) },
            Self::Shutdown => OwnedEvent::Shutdown,
            Self::Tick => OwnedEvent::Tick,
        })
    }
}

fn priority(level: u8) -> Priority {
    crate::rig::level(level % 8)
}

fn conn(subjects: &impl Subjects, whom: Whom, role: Role) -> Option<ConnId> {
    match whom {
        Whom::Fit(index) => pick(&subjects.conns(role), index),
        Whom::Any(index) => pick(subjects.conns_ever(), index),
        Whom::Nobody(more) => ConnId::from_parts(more, u32::MAX - more),
    }
}

fn request(subjects: &impl Subjects, whom: Whom) -> Option<RequestId> {
    match whom {
        Whom::Fit(index) => pick(&subjects.waiters(), index),
        Whom::Any(index) => pick(subjects.requests_ever(), index),
        Whom::Nobody(more) => RequestId::from_parts(more, u32::MAX - more),
    }
}
