//! Bytes as scripts, for fuzzers: any bytes are a config and a list of [moves](crate::moves).
//!
//! A script is a row of records of seven bytes: the first seven records are the [config](Config), each of the
//! others is a move; a `Reconfigure` is followed by seven more, which are the new config. So a changed byte changes
//! one move, and records that are inserted, left out or swapped leave the others as they are. What is missing at
//! the end is taken as zeros.
//!
//! The layout is no file format: it may change with any release.

mod config;

use latebind::Config;

use crate::moves::{Deed, Move, Pause, Whom};

/// How many bytes a move has.
pub const MOVE: usize = 7;
/// How many bytes a config has: a whole number of moves.
pub const CONFIG: usize = 7 * MOVE;

/// Reads any bytes as a script. The configs may contradict themselves.
pub fn decode(bytes: &[u8]) -> (Config, Vec<Move>) {
    let mut rest = bytes;
    let config = config::decode(take(&mut rest));
    let mut moves = Vec::new();
    while !rest.is_empty() {
        moves.push(decode_move(&mut rest));
    }
    (config, moves)
}

/// The bytes of a script: [`decode`] gives the same again, as far as the numbers have their place in a record;
/// others become the nearest ones that have.
///
/// In a config, limits up to 19, durations of whole milliseconds up to 255 or of whole seconds up to 255, and
/// any seed; in a move, pauses and deadlines of that kind, and everything that
/// [`any_move`](crate::strategies::any_move) makes.
pub fn encode(config: &Config, moves: &[Move]) -> Vec<u8> {
    let mut bytes = config::encode(config).to_vec();
    for step in moves {
        bytes.extend(encode_move(step));
        if let Deed::Reconfigure(config) = &step.deed {
            bytes.extend(config::encode(config));
        }
    }
    bytes
}

/// Takes the next bytes, with zeros for those that are missing.
fn take<const COUNT: usize>(rest: &mut &[u8]) -> [u8; COUNT] {
    let mut taken = [0; COUNT];
    let there = rest.len().min(COUNT);
    taken[..there].copy_from_slice(&rest[..there]);
    *rest = &rest[there..];
    taken
}

/// What a byte means: one of the table, in turns. Those that stand there more often are met more often.
fn choose<T: Copy>(table: &[T], byte: u8) -> T {
    table[usize::from(byte) % table.len()]
}

/// The byte that means that.
fn place<T: PartialEq>(table: &[T], wanted: &T) -> u8 {
    table.iter().position(|entry| entry == wanted).expect("every entry has its place") as u8
}

/// A number from 0 to 20: most bytes mean one below five, since that is where limits are tight; and a pool that may
/// hold hundreds is slow to compare with a naive model.
fn number(byte: u8) -> u32 {
    u32::from(if byte < MANY { byte % 5 } else { 5 + (byte - MANY) / 6 })
}

/// From this byte on, a number is five or more.
const MANY: u8 = 160;

fn number_byte(number: u32) -> u8 {
    if number < 5 { number as u8 } else { MANY + 6 * (number.min(20) as u8 - 5) }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Wait {
    None,
    Millis,
    Seconds,
    Hours,
    UntilDeadline,
    JustBeforeDeadline,
    Back,
}

#[rustfmt::skip]
const WAITS: [Wait; 16] = [
    Wait::None, Wait::Millis, Wait::UntilDeadline, Wait::None, Wait::Millis, Wait::None, Wait::JustBeforeDeadline,
    Wait::Millis, Wait::None, Wait::UntilDeadline, Wait::Seconds, Wait::None, Wait::Back, Wait::Millis, Wait::Hours,
    Wait::None,
];

fn pause(kind: u8, amount: u8) -> Pause {
    let amount = u64::from(amount);
    match choose(&WAITS, kind) {
        Wait::None => Pause::None,
        Wait::Millis => Pause::Millis(amount),
        Wait::Seconds => Pause::Millis(amount * 1000),
        Wait::Hours => Pause::Hours(amount),
        Wait::UntilDeadline => Pause::UntilDeadline,
        Wait::JustBeforeDeadline => Pause::JustBeforeDeadline,
        Wait::Back => Pause::Back(amount),
    }
}

fn pause_bytes(pause: Pause) -> [u8; 2] {
    let (wait, amount) = match pause {
        Pause::None => (Wait::None, 0),
        Pause::Millis(milliseconds) if milliseconds <= 255 => (Wait::Millis, milliseconds),
        Pause::Millis(milliseconds) => (Wait::Seconds, milliseconds.div_ceil(1000)),
        Pause::Hours(hours) => (Wait::Hours, hours),
        Pause::UntilDeadline => (Wait::UntilDeadline, 0),
        Pause::JustBeforeDeadline => (Wait::JustBeforeDeadline, 0),
        Pause::Back(milliseconds) => (Wait::Back, milliseconds),
    };
    [place(&WAITS, &wait), amount.min(255) as u8]
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Request,
    Cancel,
    Reprioritize,
    Dialed,
    DialFailed,
    Returned,
    Closed,
    Capacity,
    Draining,
    Checked,
    Preconnect,
    Keep,
    Clear,
    Pause,
    Resume,
    Reconfigure,
    Shutdown,
    Tick,
    LimitDials,
}

#[rustfmt::skip]
const KINDS: [Kind; 33] = [
    Kind::Request, Kind::Dialed, Kind::Returned, Kind::Closed, Kind::Cancel, Kind::Request, Kind::DialFailed,
    Kind::Checked, Kind::Tick, Kind::Request, Kind::Dialed, Kind::Returned, Kind::Capacity, Kind::Reprioritize,
    Kind::Request, Kind::Draining, Kind::Keep, Kind::Preconnect, Kind::Clear, Kind::Dialed, Kind::Closed,
    Kind::Pause, Kind::Resume, Kind::Reconfigure, Kind::Request, Kind::Returned, Kind::Checked, Kind::Cancel,
    Kind::DialFailed, Kind::Dialed, Kind::Resume, Kind::Shutdown, Kind::LimitDials,
];

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Aim {
    Fit,
    Any,
    Nobody,
}

const AIMS: [Aim; 8] = [Aim::Fit, Aim::Fit, Aim::Fit, Aim::Any, Aim::Fit, Aim::Fit, Aim::Fit, Aim::Nobody];

/// A move: the pause and its amount, the deed, at whom it aims (or a level), the index in two bytes, and the
/// argument.
fn decode_move(rest: &mut &[u8]) -> Move {
    let [wait, amount, kind, aim, low, high, argument] = take::<MOVE>(rest);
    let index = u16::from_le_bytes([low, high]);
    let whom = match choose(&AIMS, aim) {
        Aim::Fit => Whom::Fit(index.into()),
        Aim::Any => Whom::Any(index.into()),
        Aim::Nobody => Whom::Nobody(index.into()),
    };
    let (index, is_odd) = (usize::from(index), argument & 1 == 1);
    let deed = match choose(&KINDS, kind) {
        Kind::Request => Deed::Request { key: index, level: aim, deadline: deadline(argument) },
        Kind::Cancel => Deed::Cancel(whom),
        Kind::Reprioritize => Deed::Reprioritize(whom, argument),
        Kind::Dialed => Deed::Dialed(whom, dialed(argument)),
        Kind::DialFailed => Deed::DialFailed(whom, argument % 4 == 1),
        Kind::Returned => Deed::Returned(whom),
        Kind::Closed => Deed::Closed(whom),
        Kind::Capacity => Deed::Capacity(whom, number(argument)),
        Kind::Draining => Deed::Draining(whom),
        Kind::Checked => Deed::Checked(whom, !is_odd),
        Kind::Preconnect => Deed::Preconnect(index, number(argument)),
        Kind::Keep => Deed::Keep(index, number(argument)),
        Kind::LimitDials => Deed::LimitDials(index, number(argument)),
        Kind::Clear => Deed::Clear(index, is_odd, argument & 2 == 2),
        Kind::Pause => Deed::Pause(is_odd),
        Kind::Resume => Deed::Resume,
        Kind::Reconfigure => Deed::Reconfigure(Box::new(config::decode(take(rest)))),
        Kind::Shutdown => Deed::Shutdown,
        Kind::Tick => Deed::Tick,
    };
    Move { pause: pause(wait, amount), deed }
}

fn encode_move(step: &Move) -> [u8; MOVE] {
    let argued = |kind, whom, argument| (kind, aim_bytes(whom), argument);
    let keyed = |kind, index: usize, argument| (kind, (0, index.min(0xffff) as u16), argument);
    let plain = |kind, argument| (kind, (0, 0), argument);
    let (kind, (aim, index), argument) = match step.deed {
        Deed::Request { key, level, deadline } => {
            (Kind::Request, (level, key.min(0xffff) as u16), deadline_byte(deadline))
        }
        Deed::Cancel(whom) => argued(Kind::Cancel, whom, 0),
        Deed::Reprioritize(whom, level) => argued(Kind::Reprioritize, whom, level),
        Deed::Dialed(whom, capacity) => argued(Kind::Dialed, whom, dialed_byte(capacity)),
        Deed::DialFailed(whom, is_fatal) => argued(Kind::DialFailed, whom, is_fatal.into()),
        Deed::Returned(whom) => argued(Kind::Returned, whom, 0),
        Deed::Closed(whom) => argued(Kind::Closed, whom, 0),
        Deed::Capacity(whom, capacity) => argued(Kind::Capacity, whom, number_byte(capacity)),
        Deed::Draining(whom) => argued(Kind::Draining, whom, 0),
        Deed::Checked(whom, alive) => argued(Kind::Checked, whom, (!alive).into()),
        Deed::Preconnect(key, count) => keyed(Kind::Preconnect, key, number_byte(count)),
        Deed::Keep(key, min_idle) => keyed(Kind::Keep, key, number_byte(min_idle)),
        Deed::LimitDials(key, max_dials) => keyed(Kind::LimitDials, key, number_byte(max_dials)),
        Deed::Clear(key, fails, interrupt) => {
            keyed(Kind::Clear, key, u8::from(fails) | u8::from(interrupt) << 1)
        }
        Deed::Pause(refuses) => plain(Kind::Pause, refuses.into()),
        Deed::Resume => plain(Kind::Resume, 0),
        Deed::Reconfigure(_) => plain(Kind::Reconfigure, 0),
        Deed::Shutdown => plain(Kind::Shutdown, 0),
        Deed::Tick => plain(Kind::Tick, 0),
    };
    let [wait, amount] = pause_bytes(step.pause);
    let [low, high] = index.to_le_bytes();
    [wait, amount, place(&KINDS, &kind), aim, low, high, argument]
}

fn aim_bytes(whom: Whom) -> (u8, u16) {
    let (aim, index) = match whom {
        Whom::Fit(index) => (Aim::Fit, index),
        Whom::Any(index) => (Aim::Any, index),
        Whom::Nobody(index) => (Aim::Nobody, index as usize),
    };
    (place(&AIMS, &aim), index.min(0xffff) as u16)
}

/// What a dial brings: many connections carry one lease.
fn dialed(byte: u8) -> u32 {
    match byte.checked_sub(ONE_LEASE) {
        None => 1,
        Some(more) if more < 80 => u32::from(more % 5),
        Some(more) => u32::from(more) - 75,
    }
}

/// Below this byte, a dial brings a connection for one lease.
const ONE_LEASE: u8 = 96;

fn dialed_byte(capacity: u32) -> u8 {
    match capacity {
        1 => 0,
        0..5 => ONE_LEASE + capacity as u8,
        more => ONE_LEASE + 75 + more.min(84) as u8,
    }
}

/// A deadline in milliseconds from now: none, never, or up to 253.
fn deadline(byte: u8) -> Option<u64> {
    match byte {
        0 => None,
        1 => Some(u64::MAX),
        more => Some(u64::from(more) - 2),
    }
}

fn deadline_byte(deadline: Option<u64>) -> u8 {
    match deadline {
        None => 0,
        Some(u64::MAX) => 1,
        Some(milliseconds) => milliseconds.min(253) as u8 + 2,
    }
}
