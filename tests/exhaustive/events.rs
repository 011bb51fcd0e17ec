//! All that can happen in a world at one moment.

use std::num::NonZeroU32;

use latebind::{
    Config, ConnId, DialError, Newcomers, Opened, OwnedEvent, Priority, RequestId, Time, Waiters,
};
use latebind_testkit::Witness;
use latebind_testkit::rig::{Key, level};

/// What can happen in a world, beside requests, dials that end, returns, and connections that close.
#[expect(clippy::struct_excessive_bools, reason = "each kind of event may be there without the others")]
#[derive(Clone, Default)]
pub(crate) struct Alphabet {
    /// The keys that are asked for: one or two.
    pub(crate) keys: &'static [Key],
    /// Nobody asks while so many wait.
    pub(crate) waiters: usize,
    /// The capacities that dials bring, and that change later if there is more than one.
    pub(crate) capacities: &'static [u32],
    /// The priorities that requests have, and get.
    pub(crate) levels: &'static [u8],
    /// Requests bring a deadline, so many nanoseconds from now.
    pub(crate) deadlines: &'static [u64],
    /// Dials fail for good, too.
    pub(crate) fatal: bool,
    /// Time passes, in steps of a nanosecond, with a `Tick` or with any event.
    pub(crate) clock: bool,
    /// Peers ask for connections to be drained.
    pub(crate) draining: bool,
    /// Keys are cleared, in all four ways.
    pub(crate) clear: bool,
    /// The pool is paused, and resumed.
    pub(crate) pause: bool,
    /// The floors that are asked for.
    pub(crate) floors: &'static [u32],
    /// The preconnects that are asked for.
    pub(crate) preconnects: &'static [u32],
    /// The limits that the dials of a key get for themselves; 0: none.
    pub(crate) dial_limits: &'static [u32],
    /// The pool shuts down.
    pub(crate) shutdown: bool,
    /// The configs that it changes between.
    pub(crate) configs: Vec<Config>,
    /// Events come for somebody who has ended, and for nobody.
    pub(crate) stale: bool,
}

impl Alphabet {
    /// Every event that can happen now, in a fixed order. What is refused, and what comes too late, is part of it.
    pub(crate) fn events(&self, witness: &Witness<Key>, now: Time, token: u64) -> Vec<OwnedEvent<Key>> {
        let model = witness.model();
        let mut events = vec![OwnedEvent::Tick];
        if model.waiters().count() < self.waiters {
            self.requests(now, token, &mut events);
        }
        for waiter in model.waiters() {
            self.of_request(waiter.id, &mut events);
        }
        for conn in model.conns() {
            self.of_conn(conn.id, &mut events);
        }
        if self.stale {
            let ended = |id: &&ConnId| model.conns().all(|conn| conn.id != **id);
            let ended = witness.conns_ever().iter().find(ended).copied();
            for conn in ended.into_iter().chain(ConnId::from_parts(99, 9)) {
                self.of_conn(conn, &mut events);
            }
            let answered = |id: &&RequestId| model.waiters().all(|waiter| waiter.id != **id);
            let answered = witness.requests_ever().iter().find(answered).copied();
            for request in answered.into_iter().chain(RequestId::from_parts(99, 9)) {
                self.of_request(request, &mut events);
            }
        }
        self.of_pool(&mut events);
        events
    }

    fn requests(&self, now: Time, token: u64, events: &mut Vec<OwnedEvent<Key>>) {
        for &key in self.keys {
            for priority in self.priorities() {
                let deadlines = self.deadlines.iter().map(|&after| Some(Time(now.0 + after)));
                events.extend(std::iter::once(None).chain(deadlines).map(|deadline| OwnedEvent::Request {
                    key,
                    token,
                    priority,
                    deadline,
                }));
            }
        }
    }

    fn of_request(&self, request: RequestId, events: &mut Vec<OwnedEvent<Key>>) {
        events.push(OwnedEvent::Cancel { request });
        if self.levels.len() > 1 {
            let priorities = self.priorities().into_iter();
            events.extend(priorities.map(|priority| OwnedEvent::Reprioritize { request, priority }));
        }
    }

    fn priorities(&self) -> Vec<Priority> {
        let levels = self.levels.iter().map(|&of| level(of));
        if self.levels.is_empty() { vec![Priority::default()] } else { levels.collect() }
    }

    /// What can be said of one connection, whatever its state.
    fn of_conn(&self, conn: ConnId, events: &mut Vec<OwnedEvent<Key>>) {
        for &capacity in self.capacities {
            events.push(OwnedEvent::DialDone { conn, outcome: Ok(Opened { capacity }) });
        }
        events.push(OwnedEvent::DialDone { conn, outcome: Err(DialError::Transient) });
        if self.fatal {
            events.push(OwnedEvent::DialDone { conn, outcome: Err(DialError::Fatal) });
        }
        events.push(OwnedEvent::ConnIdle { conn });
        events.push(OwnedEvent::ConnClosed { conn });
        events.push(OwnedEvent::CheckDone { conn, alive: true });
        events.push(OwnedEvent::CheckDone { conn, alive: false });
        if self.capacities.len() > 1 {
            let capacities = self.capacities.iter();
            events.extend(capacities.map(|&capacity| OwnedEvent::Capacity { conn, capacity }));
        }
        if self.draining {
            events.push(OwnedEvent::Draining { conn });
        }
    }

    /// What can be said of keys, and of the pool.
    fn of_pool(&self, events: &mut Vec<OwnedEvent<Key>>) {
        for &key in self.keys {
            events.extend(self.floors.iter().map(|&min_idle| OwnedEvent::Keep { key, min_idle }));
            let limits = self.dial_limits.iter().copied().map(NonZeroU32::new);
            events.extend(limits.map(|max_dials| OwnedEvent::LimitDials { key, max_dials }));
            events.extend(self.preconnects.iter().map(|&count| OwnedEvent::Preconnect { key, count }));
        }
        if self.clear {
            for key in self.keys.iter().copied().map(Some).chain([None]) {
                for waiters in [Waiters::Keep, Waiters::Fail] {
                    let clear = |interrupt| OwnedEvent::Clear { key, waiters, interrupt };
                    events.extend([false, true].map(clear));
                }
            }
        }
        if self.pause {
            let pause = |newcomers| OwnedEvent::Pause { newcomers };
            events.extend([Newcomers::Hold, Newcomers::Refuse].map(pause));
            events.push(OwnedEvent::Resume);
        }
        events.extend(self.configs.iter().cloned().map(|config| OwnedEvent::Reconfigure { config }));
        if self.shutdown {
            events.push(OwnedEvent::Shutdown);
        }
    }
}
