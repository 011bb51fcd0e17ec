//! What is measured: each scenario is written once, for all pools.

mod cancel;
pub(super) mod contended;
pub(super) mod dial_failure;
mod get_and_drop;
mod hand_over;
pub(super) mod late_binding;
mod memory;
mod stampede;

use std::time::Duration;

use super::figures::{Figure, Measure};
use super::goals::{Bound, Goal};
use super::peers::{Kind, Timing};
use super::threads;

/// A table of its own.
pub(crate) struct Scenario {
    /// As on the command line.
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    /// What happens, and what it shows.
    pub(crate) shows: &'static str,
    pub(crate) figures: &'static [Figure],
    pub(crate) goals: &'static [Goal],
    /// Who takes part, in the order of the rows.
    pub(crate) who: &'static [Kind],
    /// Who does not, and why.
    pub(crate) left_out: &'static [(Kind, &'static str)],
    /// Of which few rounds are enough: it tells outcomes, and not how quick the machine is.
    pub(crate) is_outcome: bool,
    /// One round of one pool.
    pub(crate) play: fn(Kind, &Scale) -> Vec<Measure>,
}

/// How much is done in a round.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    /// Gets and drops.
    pub(crate) cycles: u32,
    /// Tasks, or threads, on eight connections.
    pub(crate) callers: usize,
    /// How long they are watched.
    pub(crate) window: Duration,
    /// Who waits for one connection: few, and many.
    pub(crate) waiters: [u32; 2],
    /// The same on threads.
    pub(crate) waiting_threads: u32,
    /// Connections and waiters whose memory is measured.
    pub(crate) entries: u32,
    /// Those of a stampede.
    pub(crate) requests: u32,
}

impl Scale {
    pub(crate) const FULL: Self = Self {
        cycles: 50_000,
        callers: 64,
        window: Duration::from_millis(150),
        waiters: [1_000, 10_000],
        waiting_threads: 400,
        // Just below a power of two, so that what doubles is nearly full, for everybody.
        entries: 1_000,
        requests: 100,
    };

    pub(crate) const QUICK: Self =
        Self { cycles: 20_000, window: Duration::from_millis(60), waiting_threads: 200, ..Self::FULL };

    /// For tests: everything happens.
    #[cfg(test)]
    pub(crate) const TINY: Self = Self {
        cycles: 20,
        callers: 12,
        window: Duration::from_millis(4),
        waiters: [5, 20],
        waiting_threads: 5,
        entries: 100,
        requests: 30,
    };
}

use Kind::{
    Bb8, CondvarVec, Deadpool, FastPool, HyperUtil, Latebind, LatebindKeyed, LatebindStd, LatebindUntimed,
    Mobc, MutexVec, R2d2, Semaphore, SemaphoreAndVec,
};

const NOBODY_WAITS: &str = "nobody can wait for it";
const NO_LIMIT: &str = "it has no limit of connections";
const NO_DIALS: &str = "it dials nothing";
const ALWAYS_TIMES_OUT: &str = "its requests always have a timeout";
const NO_TIMES: &str = "it has no timeouts and lifetimes";

const ALL_GET: &[Kind] = &[
    Latebind,
    LatebindKeyed,
    Bb8,
    Deadpool,
    Mobc,
    FastPool,
    HyperUtil,
    SemaphoreAndVec,
    Semaphore,
    MutexVec,
];
const ALL_WAIT: &[Kind] =
    &[Latebind, LatebindUntimed, Bb8, Deadpool, Mobc, FastPool, HyperUtil, SemaphoreAndVec, Semaphore];
const ALL_LIMITED: &[Kind] =
    &[Latebind, LatebindUntimed, Bb8, Deadpool, Mobc, FastPool, SemaphoreAndVec, Semaphore];
const ALL_DIAL: &[Kind] = &[Latebind, Bb8, Deadpool, Mobc, FastPool, HyperUtil, SemaphoreAndVec];
const ALL_THREADS: &[Kind] = &[LatebindStd, R2d2, CondvarVec];

const GET_AND_DROP: &[Figure] = &[Figure::new("ns", 0).against(MutexVec)];
const GET_AND_DROP_ON_THREADS: &[Figure] = &[Figure::new("ns", 0).against(CondvarVec)];

const CONTENDED_GOALS: &[Goal] = &[
    Goal::new(Latebind, contended::RATE, Bound::AtLeastTimes(0.8, Semaphore)),
    Goal::new(Latebind, contended::UNFAIRNESS, Bound::AtMost(1.05)),
    Goal::new(Latebind, contended::STARVED, Bound::AtMost(0.0)),
    Goal::new(Latebind, contended::P99, Bound::AtMostTimes(1.5, Semaphore)),
    Goal::new(LatebindUntimed, contended::RATE, Bound::AtLeastTimes(0.8, Semaphore)),
    Goal::new(LatebindUntimed, contended::P99, Bound::AtMostTimes(1.5, Semaphore)),
];

/// All of them, in the order of the tables.
pub(crate) const ALL: &[Scenario] = &[
    Scenario {
        name: "get-and-drop",
        title: "Get and drop, as shipped",
        shows: "One task gets an idle connection and drops it, again and again: what the pool costs where nobody \
                waits. Each pool has the config that it is shipped with.",
        figures: GET_AND_DROP,
        goals: &[
            Goal::new(Latebind, 0, Bound::AtMostTimes(2.0, MutexVec)),
            Goal::new(Latebind, 0, Bound::Below(HyperUtil)),
        ],
        who: ALL_GET,
        left_out: &[],
        is_outcome: false,
        play: |kind, scale| kind.play(&get_and_drop::GetAndDrop::new(Timing::Shipped, scale)),
    },
    Scenario {
        name: "get-and-drop-timed",
        title: "Get and drop, with timeouts and lifetimes",
        shows: "The same with every timeout and lifetime that the pool has: 30 s for a request and a dial, 90 s idle, \
                30 min of life. None passes; what costs is to keep them.",
        figures: GET_AND_DROP,
        goals: &[],
        who: &[Latebind, LatebindKeyed, Bb8, Deadpool, Mobc, FastPool, MutexVec],
        left_out: &[(HyperUtil, NO_TIMES), (Semaphore, NO_TIMES), (SemaphoreAndVec, NO_TIMES)],
        is_outcome: false,
        play: |kind, scale| kind.play(&get_and_drop::GetAndDrop::new(Timing::Full, scale)),
    },
    Scenario {
        name: "get-and-drop-untimed",
        title: "Get and drop, without timeouts",
        shows: "The same with none of them: no clock has to be read.",
        figures: GET_AND_DROP,
        goals: &[Goal::new(Latebind, 0, Bound::AtMostTimes(2.0, MutexVec))],
        who: &[Latebind, LatebindKeyed, Deadpool, Mobc, HyperUtil, SemaphoreAndVec, Semaphore, MutexVec],
        left_out: &[(Bb8, ALWAYS_TIMES_OUT), (FastPool, ALWAYS_TIMES_OUT)],
        is_outcome: false,
        play: |kind, scale| kind.play(&get_and_drop::GetAndDrop::new(Timing::Off, scale)),
    },
    Scenario {
        name: "contended",
        title: "64 tasks on 8 connections, one worker",
        shows: "Each task gets a connection, lets the others run, and drops it. Starved: tasks that had none in the \
                whole window; max/min: the cycles of the task that had most, by those of the one that had least. Waits \
                are measured in a second window, so that the rate is measured without clocks.",
        figures: contended::FIGURES,
        goals: CONTENDED_GOALS,
        who: ALL_LIMITED,
        left_out: &[(HyperUtil, NO_LIMIT), (MutexVec, NOBODY_WAITS)],
        is_outcome: false,
        play: |kind, scale| kind.play(&contended::Contended::new(1, scale)),
    },
    Scenario {
        name: "contended-two-workers",
        title: "64 tasks on 8 connections, two workers",
        shows: "The same on two workers, which meet at the pool's lock.",
        figures: contended::FIGURES,
        goals: CONTENDED_GOALS,
        who: ALL_LIMITED,
        left_out: &[(HyperUtil, NO_LIMIT), (MutexVec, NOBODY_WAITS)],
        is_outcome: false,
        play: |kind, scale| kind.play(&contended::Contended::new(2, scale)),
    },
    Scenario {
        name: "hand-over",
        title: "Hand-over",
        shows: "One connection, and all tasks wait for it; each drops it at once: the time from one to the next, with \
                the switch of tasks. Growth: with ten times as many waiters, by the same machine's caches too, so the \
                goal is relative. hyper-util's cache, which has no limit, dials for each, and those dials never end.",
        figures: hand_over::FIGURES,
        goals: &[
            Goal::new(Latebind, 0, Bound::AtMostTimes(1.2, Semaphore)),
            Goal::new(Latebind, 1, Bound::AtMostTimes(1.2, Semaphore)),
            Goal::new(Latebind, 2, Bound::AtMostTimes(1.1, Semaphore)),
            Goal::new(LatebindUntimed, 0, Bound::AtMostTimes(1.2, Semaphore)),
            Goal::new(LatebindUntimed, 1, Bound::AtMostTimes(1.2, Semaphore)),
        ],
        who: ALL_WAIT,
        left_out: &[(MutexVec, NOBODY_WAITS)],
        is_outcome: false,
        play: |kind, scale| kind.play(&hand_over::HandOver::new(scale)),
    },
    Scenario {
        name: "cancel",
        title: "Cancel 10,000 waiters",
        shows: "10,000 requests wait, and are dropped: in order of arrival, and shuffled. Then the one connection comes \
                back, and the next request must get it.",
        figures: cancel::FIGURES,
        goals: &[
            Goal::new(Latebind, 0, Bound::AtMostTimes(3.0, Semaphore)),
            Goal::new(Latebind, 1, Bound::AtMostTimes(3.0, Semaphore)),
            Goal::new(Latebind, 2, Bound::Is("yes")),
            Goal::new(LatebindUntimed, 0, Bound::AtMostTimes(3.0, Semaphore)),
            Goal::new(LatebindUntimed, 1, Bound::AtMostTimes(3.0, Semaphore)),
        ],
        who: ALL_WAIT,
        left_out: &[(MutexVec, NOBODY_WAITS)],
        is_outcome: false,
        play: |kind, scale| kind.play(&cancel::Cancel::new(scale)),
    },
    Scenario {
        name: "late-binding",
        title: "Late binding",
        shows: "A second request dials, which takes 200 ms; the first connection comes back after 20 ms. Then: a \
                request that has gone before its dial was done; kept: the dial goes on, and serves the next request.",
        figures: late_binding::FIGURES,
        goals: &[Goal::new(Latebind, 0, Bound::AtMost(25.0)), Goal::new(Latebind, 1, Bound::Is("kept"))],
        who: ALL_DIAL,
        left_out: &[(Semaphore, NO_DIALS), (MutexVec, NO_DIALS)],
        is_outcome: true,
        play: |kind, _| kind.play(&late_binding::LateBinding),
    },
    Scenario {
        name: "stampede",
        title: "Stampede",
        shows: "100 requests at once, a limit of 10, dials of 50 ms, leases of 1 ms. Without a waiter: dials that start \
                while as many are under way as requests wait. Second wave: five requests, while five dials are under \
                way whose requesters were, or could have been, served by returns.",
        figures: stampede::FIGURES,
        goals: &[
            Goal::new(Latebind, stampede::AT_ONCE, Bound::AtMost(stampede::LIMIT as f64)),
            Goal::new(Latebind, stampede::WITHOUT_WAITER, Bound::AtMost(0.0)),
        ],
        who: ALL_DIAL,
        left_out: &[(Semaphore, NO_DIALS), (MutexVec, NO_DIALS)],
        is_outcome: true,
        play: |kind, scale| kind.play(&stampede::Stampede::new(scale)),
    },
    Scenario {
        name: "memory",
        title: "Memory",
        shows: "Heap of a pool with 1,000 idle connections of 16 bytes, beside those 16; heap that 1,000 waiters keep, \
                beside their futures; the size of such a future; allocations of a get and drop.",
        figures: memory::FIGURES,
        goals: &[
            Goal::new(Latebind, memory::IDLE, Bound::AtMost(64.0)),
            Goal::new(Latebind, memory::WAITER, Bound::AtMost(96.0)),
            Goal::new(Latebind, memory::FUTURE, Bound::AtMost(136.0)),
            Goal::new(Latebind, memory::CYCLE, Bound::AtMost(0.0)),
        ],
        who: &[Latebind, LatebindKeyed, Bb8, Deadpool, Mobc, FastPool, HyperUtil, SemaphoreAndVec],
        left_out: &[(Semaphore, NO_DIALS), (MutexVec, NOBODY_WAITS)],
        is_outcome: true,
        play: |kind, scale| kind.play(&memory::Memory::new(scale)),
    },
    Scenario {
        name: "dial-failure",
        title: "Dial failure",
        shows: "Every dial fails after 5 ms; requests may wait 2 s. When does the request hear of it, and does its error \
                tell the cause?",
        figures: dial_failure::FIGURES,
        goals: &[Goal::new(Latebind, 0, Bound::AtMost(50.0)), Goal::new(Latebind, 1, Bound::Is("told"))],
        who: ALL_DIAL,
        left_out: &[(Semaphore, NO_DIALS), (MutexVec, NO_DIALS)],
        is_outcome: true,
        play: |kind, _| kind.play(&dial_failure::DialFailure),
    },
    Scenario {
        name: "threads-get-and-drop",
        title: "On threads: get and drop",
        shows: "One thread gets an idle connection and drops it; each pool as it is shipped.",
        figures: GET_AND_DROP_ON_THREADS,
        goals: &[Goal::new(LatebindStd, 0, Bound::Below(R2d2))],
        who: ALL_THREADS,
        left_out: &[],
        is_outcome: false,
        play: |kind, scale| kind.play_on_threads(&threads::GetAndDrop::new(scale)),
    },
    Scenario {
        name: "threads-contended",
        title: "On threads: 64 threads on 8 connections",
        shows: "As with tasks: each gets a connection, yields to the others, and drops it.",
        figures: threads::CONTENDED,
        goals: &[
            Goal::new(LatebindStd, contended::RATE, Bound::Above(R2d2)),
            Goal::new(LatebindStd, contended::UNFAIRNESS, Bound::Below(R2d2)),
            Goal::new(LatebindStd, contended::STARVED, Bound::AtMost(0.0)),
            Goal::new(LatebindStd, contended::P99, Bound::Below(R2d2)),
        ],
        who: ALL_THREADS,
        left_out: &[],
        is_outcome: false,
        play: |kind, scale| kind.play_on_threads(&threads::Contended::new(scale)),
    },
    Scenario {
        name: "threads-hand-over",
        title: "On threads: hand-over",
        shows: "One connection, for which 400 threads wait (200 with --quick): from one to the next, with the switch of \
                threads.",
        figures: threads::HAND_OVER,
        goals: &[Goal::new(LatebindStd, 0, Bound::Below(R2d2))],
        who: ALL_THREADS,
        left_out: &[],
        is_outcome: false,
        play: |kind, scale| kind.play_on_threads(&threads::HandOver::new(scale)),
    },
    Scenario {
        name: "threads-outcomes",
        title: "On threads: late binding and dial failure",
        shows: "As the scenarios of the same names; a request goes by its timeout.",
        figures: threads::OUTCOMES,
        goals: &[
            Goal::new(LatebindStd, 0, Bound::AtMost(25.0)),
            Goal::new(LatebindStd, 1, Bound::Is("kept")),
            Goal::new(LatebindStd, 2, Bound::AtMost(50.0)),
            Goal::new(LatebindStd, 3, Bound::Is("told")),
        ],
        who: &[LatebindStd, R2d2],
        left_out: &[(CondvarVec, NO_DIALS)],
        is_outcome: true,
        play: |kind, _| kind.play_on_threads(&threads::Outcomes),
    },
];
