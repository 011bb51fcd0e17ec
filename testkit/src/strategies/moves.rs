//! Moves of all kinds.

use latebind::Config;
use proptest::prelude::*;

use crate::moves::{Deed, Move, Pause, Whom};

/// How many kinds of deeds a run may leave out; time always may pass.
const KINDS: usize = 17;

fn kind(deed: &Deed) -> Option<usize> {
    match deed {
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
        Deed::LimitDials(..) => Some(16),
        Deed::Resume | Deed::Tick => None,
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

fn request(keys: usize) -> impl Strategy<Value = Deed> {
    let level = prop_oneof![4 => Just(3u8), 3 => 0..8u8];
    let deadline = prop_oneof![4 => Just(None), 2 => (0..40u64).prop_map(Some), 1 => Just(Some(u64::MAX))];
    (0..keys, level, deadline).prop_map(|(key, level, deadline)| Deed::Request { key, level, deadline })
}

/// Any move in a run of so many keys; new configs come from `config`.
pub fn any_move(keys: usize, config: impl Strategy<Value = Config> + 'static) -> impl Strategy<Value = Move> {
    let capacity = || prop_oneof![6 => Just(1u32), 3 => 2..5u32, 1 => Just(0)];
    let deed = prop_oneof![
        24 => request(keys),
        6 => whom().prop_map(Deed::Cancel),
        3 => (whom(), 0..8u8).prop_map(|(whom, level)| Deed::Reprioritize(whom, level)),
        14 => (whom(), capacity()).prop_map(|(whom, capacity)| Deed::Dialed(whom, capacity)),
        6 => (whom(), prop::bool::weighted(0.2)).prop_map(|(whom, fatal)| Deed::DialFailed(whom, fatal)),
        16 => whom().prop_map(Deed::Returned),
        8 => whom().prop_map(Deed::Closed),
        4 => (whom(), 0..4u32).prop_map(|(whom, capacity)| Deed::Capacity(whom, capacity)),
        2 => whom().prop_map(Deed::Draining),
        8 => (whom(), prop::bool::weighted(0.6)).prop_map(|(whom, alive)| Deed::Checked(whom, alive)),
        2 => (0..keys, 0..4u32).prop_map(|(key, count)| Deed::Preconnect(key, count)),
        2 => (0..keys, 0..4u32).prop_map(|(key, count)| Deed::Keep(key, count)),
        2 => (0..keys, 0..4u32).prop_map(|(key, max_dials)| Deed::LimitDials(key, max_dials)),
        2 => (0..=keys, prop::bool::weighted(0.3), prop::bool::weighted(0.3))
            .prop_map(|(key, fail, interrupt)| Deed::Clear(key, fail, interrupt)),
        2 => any::<bool>().prop_map(Deed::Pause),
        4 => Just(Deed::Resume),
        2 => config.prop_map(|config| Deed::Reconfigure(Box::new(config))),
        1 => prop::bool::weighted(0.2).prop_map(|end| if end { Deed::Shutdown } else { Deed::Tick }),
        6 => Just(Deed::Tick),
    ];
    (pause(), deed).prop_map(|(pause, deed)| Move { pause, deed })
}

/// Up to `length` moves. Each run leaves some kinds of deeds out, so that others meet more often (swarm testing).
pub fn any_run(
    keys: usize,
    length: usize,
    config: impl Strategy<Value = Config> + 'static,
) -> impl Strategy<Value = Vec<Move>> {
    let moves = prop::collection::vec(any_move(keys, config), 1..length);
    (moves, prop::collection::vec(prop::bool::weighted(0.8), KINDS)).prop_map(|(moves, kept)| {
        moves.into_iter().filter(|step| kind(&step.deed).is_none_or(|kind| kept[kind])).collect()
    })
}
