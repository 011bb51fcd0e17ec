//! Moves: events whose subjects are chosen when it is their turn, and the clock between them.

use latebind::{Config, ConnId, DialError, Event, Newcomers, Opened, Priority, RequestId, Time, Waiters};
use proptest::prelude::*;

use crate::support::{Key, Rig, level, ms};

pub(crate) const KEYS: [Key; 3] = ["a", "b", "c"];

/// What happens.
#[derive(Clone, Debug)]
pub(crate) enum Deed {
    Request {
        key: usize,
        level: u8,
        deadline: Option<u64>,
    },
    Cancel(Whom),
    Reprioritize(Whom, u8),
    Dialed(Whom, u32),
    DialFailed(Whom, bool),
    Returned(Whom),
    Closed(Whom),
    Capacity(Whom, u32),
    Draining(Whom),
    Checked(Whom, bool),
    Preconnect(usize, u32),
    Keep(usize, u32),
    /// One key or, beyond the last, all; whether waiters fail; whether leases are interrupted.
    Clear(usize, bool, bool),
    Pause(bool),
    Resume,
    Reconfigure(Box<Config>),
    Shutdown,
    Tick,
}

/// Whom it happens to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Whom {
    /// One of those to whom it can happen, if there is any.
    Fit(usize),
    /// Any that there ever was: a lost race, or misuse.
    Any(usize),
    /// An id that was never issued.
    Nobody(u32),
}

/// How much time passes before.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pause {
    None,
    Millis(u64),
    UntilDeadline,
    JustBeforeDeadline,
    Back(u64),
    Hours(u64),
}

#[derive(Clone, Debug)]
pub(crate) struct Move {
    pause: Pause,
    deed: Deed,
}

impl Move {
    pub(crate) const KINDS: usize = 16;

    /// The kind of its deed; time always may pass.
    pub(crate) fn kind(&self) -> Option<usize> {
        match self.deed {
            Deed::Request { .. } => Some(0),
            Deed::Cancel(_) => Some(1),
            Deed::Reprioritize(..) => Some(2),
            Deed::Dialed(..) => Some(3),
            Deed::DialFailed(..) => Some(4),
            Deed::Returned(_) => Some(5),
            Deed::Closed(_) => Some(6),
            Deed::Capacity(..) => Some(7),
            Deed::Draining(_) => Some(8),
            Deed::Reconfigure(_) => Some(9),
            Deed::Shutdown => Some(10),
            Deed::Checked(..) => Some(11),
            Deed::Preconnect(..) => Some(12),
            Deed::Keep(..) => Some(13),
            Deed::Clear(..) => Some(14),
            Deed::Pause(_) => Some(15),
            Deed::Resume | Deed::Tick => None,
        }
    }
}

fn whom() -> impl Strategy<Value = Whom> {
    prop_oneof![
        16 => any::<u16>().prop_map(|pick| Whom::Fit(pick.into())),
        3 => any::<u16>().prop_map(|pick| Whom::Any(pick.into())),
        1 => (0..9u32).prop_map(Whom::Nobody),
    ]
}

fn pause() -> impl Strategy<Value = Pause> {
    prop_oneof![
        8 => Just(Pause::None),
        6 => (1..20u64).prop_map(Pause::Millis),
        3 => Just(Pause::UntilDeadline),
        1 => Just(Pause::JustBeforeDeadline),
        1 => (1..50u64).prop_map(Pause::Back),
        1 => (1..9u64).prop_map(Pause::Hours),
    ]
}

fn request() -> impl Strategy<Value = Deed> {
    let level = prop_oneof![4 => Just(3u8), 3 => 0..8u8];
    let deadline = prop_oneof![4 => Just(None), 2 => (0..40u64).prop_map(Some), 1 => Just(Some(u64::MAX))];
    (0..KEYS.len(), level, deadline).prop_map(|(key, level, deadline)| Deed::Request { key, level, deadline })
}

pub(crate) fn any_move(config: impl Strategy<Value = Config> + 'static) -> impl Strategy<Value = Move> {
    let capacity = || prop_oneof![6 => Just(1u32), 3 => 2..5u32, 1 => Just(0)];
    let deed = prop_oneof![
        24 => request(),
        6 => whom().prop_map(Deed::Cancel),
        3 => (whom(), 0..8u8).prop_map(|(whom, level)| Deed::Reprioritize(whom, level)),
        14 => (whom(), capacity()).prop_map(|(whom, capacity)| Deed::Dialed(whom, capacity)),
        6 => (whom(), prop::bool::weighted(0.2)).prop_map(|(whom, fatal)| Deed::DialFailed(whom, fatal)),
        16 => whom().prop_map(Deed::Returned),
        8 => whom().prop_map(Deed::Closed),
        4 => (whom(), 0..4u32).prop_map(|(whom, capacity)| Deed::Capacity(whom, capacity)),
        2 => whom().prop_map(Deed::Draining),
        8 => (whom(), prop::bool::weighted(0.6)).prop_map(|(whom, alive)| Deed::Checked(whom, alive)),
        2 => (0..KEYS.len(), 0..4u32).prop_map(|(key, count)| Deed::Preconnect(key, count)),
        2 => (0..KEYS.len(), 0..4u32).prop_map(|(key, count)| Deed::Keep(key, count)),
        2 => (0..=KEYS.len(), prop::bool::weighted(0.3), prop::bool::weighted(0.3))
            .prop_map(|(key, fail, interrupt)| Deed::Clear(key, fail, interrupt)),
        2 => any::<bool>().prop_map(Deed::Pause),
        4 => Just(Deed::Resume),
        2 => config.prop_map(|config| Deed::Reconfigure(Box::new(config))),
        1 => prop::bool::weighted(0.2).prop_map(|end| if end { Deed::Shutdown } else { Deed::Tick }),
        6 => Just(Deed::Tick),
    ];
    (pause(), deed).prop_map(|(pause, deed)| Move { pause, deed })
}

fn pass(rig: &mut Rig, pause: Pause) {
    let now = rig.now();
    let until = rig.deadline().unwrap_or(now);
    let then = match pause {
        Pause::None => now,
        Pause::Millis(milliseconds) => now.after(ms(milliseconds)),
        Pause::UntilDeadline => until,
        Pause::JustBeforeDeadline => Time(until.0.saturating_sub(1)),
        Pause::Back(milliseconds) => {
            Time(now.0.saturating_sub(u64::try_from(ms(milliseconds).as_nanos()).unwrap_or(0)))
        }
        Pause::Hours(hours) => now.after(ms(hours * 3_600_000)),
    };
    rig.at_time(then);
}

fn pick<T: Copy>(items: &[T], index: usize) -> Option<T> {
    items.get(index.checked_rem(items.len())?).copied()
}

/// One move; a move without a subject is none.
pub(crate) fn play(rig: &mut Rig, step: &Move, number: usize) -> Result<(), String> {
    pass(rig, step.pause);
    let conn = |whom: Whom, fit: Vec<ConnId>| match whom {
        Whom::Fit(index) => pick(&fit, index),
        Whom::Any(index) => pick(&rig.conns_ever(), index),
        Whom::Nobody(more) => ConnId::from_parts(more, u32::MAX - more),
    };
    let request = |whom: Whom| match whom {
        Whom::Fit(index) => pick(&rig.waiters(), index),
        Whom::Any(index) => pick(&rig.requests_ever(), index),
        Whom::Nobody(more) => RequestId::from_parts(more, u32::MAX - more),
    };
    let event = match step.deed {
        Deed::Request { key, level: priority, deadline } => {
            let deadline = deadline.map(|after| rig.now().after(ms(after)));
            return rig.attempt_request(&format!("r{number}"), KEYS[key], level(priority), deadline);
        }
        Deed::Cancel(whom) => request(whom).map(|request| Event::Cancel { request }),
        Deed::Reprioritize(whom, level) => request(whom)
            .zip(Priority::new(level))
            .map(|(request, priority)| Event::Reprioritize { request, priority }),
        Deed::Dialed(whom, capacity) => {
            conn(whom, rig.dials()).map(|conn| Event::DialDone { conn, outcome: Ok(Opened { capacity }) })
        }
        Deed::DialFailed(whom, fatal) => {
            let error = if fatal { DialError::Fatal } else { DialError::Transient };
            conn(whom, rig.dials()).map(|conn| Event::DialDone { conn, outcome: Err(error) })
        }
        Deed::Returned(whom) => conn(whom, rig.leases()).map(|conn| Event::ConnIdle { conn }),
        Deed::Closed(whom) => conn(whom, rig.open()).map(|conn| Event::ConnClosed { conn }),
        Deed::Capacity(whom, capacity) => {
            conn(whom, rig.open()).map(|conn| Event::Capacity { conn, capacity })
        }
        Deed::Draining(whom) => conn(whom, rig.open()).map(|conn| Event::Draining { conn }),
        Deed::Checked(whom, alive) => conn(whom, rig.checking()).map(|conn| Event::CheckDone { conn, alive }),
        Deed::Preconnect(key, count) => Some(Event::Preconnect { key: &KEYS[key], count }),
        Deed::Keep(key, min_idle) => Some(Event::Keep { key: &KEYS[key], min_idle }),
        Deed::Clear(key, fail, interrupt) => Some(Event::Clear {
            key: KEYS.get(key),
            waiters: if fail { Waiters::Fail } else { Waiters::Keep },
            interrupt,
        }),
        Deed::Pause(refuse) => {
            Some(Event::Pause { newcomers: if refuse { Newcomers::Refuse } else { Newcomers::Hold } })
        }
        Deed::Resume => Some(Event::Resume),
        Deed::Reconfigure(ref config) => Some(Event::Reconfigure { config }),
        Deed::Shutdown => Some(Event::Shutdown),
        Deed::Tick => Some(Event::Tick),
    };
    event.map_or(Ok(()), |event| rig.attempt(event).map(drop))
}
