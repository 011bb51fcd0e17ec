//! What a seed draws: the size of its world, its hosts and users, what goes wrong there and how often.

use latebind::Config;

use super::configs;
use super::draw::{Draw, MICRO, MILLI};
use super::faults::Faults;
use super::labels::labelled;

labelled! {
    /// What those who operate a pool do with it.
    pub enum Operation {
        Keep = "Keep",
        Preconnect = "Preconnect",
        LimitDials = "a limit of dials",
        Clear = "Clear",
        Pause = "Pause",
        Reconfigure = "Reconfigure",
        BadConfig = "a refused config",
    }
}

/// How a world ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// Faults stop, everything comes to rest, and then the pool shuts down.
    Rest,
    /// The pool shuts down in the midst of everything.
    Shutdown,
}

/// How a host behaves.
#[derive(Clone, Debug)]
pub struct Habits {
    /// What a dial takes, on average, in nanoseconds.
    pub latency: u64,
    /// The capacity of its connections; 1: exclusive ones.
    pub capacity: u32,
    /// What a check takes, on average, in nanoseconds.
    pub check: u64,
    /// How long its connections live until something happens to them, on average, in nanoseconds.
    pub life: u64,
}

/// How users behave.
#[derive(Clone, Debug)]
pub struct Crowd {
    /// Between two arrivals, on average, in nanoseconds.
    pub gap: u64,
    /// How many may come at once.
    pub burst: u32,
    /// How many may be there at once.
    pub most: u32,
    /// How long a lease lasts, on average, in nanoseconds.
    pub hold: u64,
    /// How often users want the first host, in a thousand; the others share the rest.
    pub hot: u32,
    /// How often users have a priority of their own, in a thousand.
    pub priorities: u32,
    /// How often they bring a deadline.
    pub deadlines: u32,
    /// How often they give up.
    pub impatient: u32,
    /// How often they give up in the very moment in which they are served.
    pub racing: u32,
    /// How often a waiter is reprioritized.
    pub fickle: u32,
    /// How long they are patient, on average, in nanoseconds.
    pub patience: u64,
}

/// No world has more hosts.
pub const MOST_HOSTS: usize = 60;

/// A world, before anything happens in it.
#[derive(Clone, Debug)]
pub struct Swarm {
    /// Dozens of hosts and hundreds of users, instead of a few of both.
    pub is_large: bool,
    /// What the pool begins with.
    pub config: Config,
    /// The hosts.
    pub hosts: Vec<Habits>,
    /// The users.
    pub crowd: Crowd,
    /// What goes wrong.
    pub faults: Faults,
    /// What operators do, each as often as the others.
    pub operations: Vec<Operation>,
    /// Between two operations, on average, in nanoseconds.
    pub operation_gap: u64,
    /// Between two false reports, on average, in nanoseconds.
    pub mischief_gap: u64,
    /// How many events the phase with faults lasts.
    pub events: u64,
    /// How it ends.
    pub ending: Ending,
}

impl Swarm {
    /// What a seed draws.
    pub fn draw(draw: &mut Draw) -> Self {
        let is_large = draw.chance(30);
        let hosts = if is_large { draw.count(10, MOST_HOSTS as u32) } else { draw.count(1, 4) };
        let hold = draw.scale(100 * MICRO, 30 * MILLI);
        let operations = Operation::ALL.into_iter().filter(|_| draw.chance(400)).collect();
        Self {
            is_large,
            config: configs::draw(draw, is_large),
            hosts: (0..hosts).map(|_| Habits::draw(draw)).collect(),
            crowd: Crowd::draw(draw, is_large, hold),
            faults: Faults::draw(draw),
            operations,
            operation_gap: draw.scale(4 * MILLI, 400 * MILLI),
            mischief_gap: draw.scale(4 * MILLI, 100 * MILLI),
            events: if is_large { draw.between(20_000, 60_000) } else { draw.scale(1_000, 40_000) },
            ending: if draw.chance(250) { Ending::Shutdown } else { Ending::Rest },
        }
    }
}

impl Habits {
    fn draw(draw: &mut Draw) -> Self {
        Self {
            latency: if draw.chance(50) { 0 } else { draw.scale(50 * MICRO, 100 * MILLI) },
            capacity: if draw.chance(300) { draw.count(2, 12) } else { 1 },
            check: draw.scale(50 * MICRO, 10 * MILLI),
            life: draw.scale(MILLI, 200 * MILLI),
        }
    }
}

impl Crowd {
    fn draw(draw: &mut Draw, is_large: bool, hold: u64) -> Self {
        let most = if is_large { draw.count(100, 800) } else { draw.count(2, 16) };
        // From a pool that is mostly idle to one that never catches up.
        let gap = (hold / u64::from(most)).max(MICRO);
        let often = |draw: &mut Draw| if draw.chance(500) { draw.scale(10, 500) as u32 } else { 0 };
        Self {
            gap: draw.scale(gap / 2 + 1, gap * 64),
            burst: if draw.chance(500) { draw.count(2, most.max(2)) } else { 1 },
            most,
            hold,
            hot: draw.count(0, 900),
            priorities: often(draw),
            deadlines: often(draw),
            impatient: often(draw),
            racing: often(draw),
            fickle: often(draw),
            patience: draw.scale(100 * MICRO, 100 * MILLI),
        }
    }
}
