//! The one door of the core.

use alloc::string::String;
use core::hash::Hash;

use crate::machine::{Clearing, Machine, Wish};
use crate::names::Names;
use crate::{Actions, Config, ConfigError, ConnId, Event, Misuse, Stats, Time};

/// A connection pool as a state machine: takes events, answers with actions, does nothing itself.
///
/// See the [crate's documentation](crate) for the loop that an adapter runs around it. It is plain data:
/// whoever owns it may put it behind a lock, into a thread of its own, or into a simulator. A clone is a fork of
/// the state, for searches that try several futures; it issues the same ids as the original.
///
/// # The calls, by kind
///
/// - the door: [`handle`](Self::handle), in every turn of the loop, and [`deadline`](Self::deadline) after it,
///   or first the cheaper [`quiet_until`](Self::quiet_until);
/// - to carry actions out: [`key`](Self::key);
/// - to look inside: [`stats`](Self::stats), [`key_stats`](Self::key_stats),
///   [`is_drained`](Self::is_drained), [`check_invariants`](Self::check_invariants).
#[derive(Clone, Debug)]
pub struct Pool<K> {
    names: Names<K>,
    machine: Machine,
}

impl<K: Clone + Eq + Hash> Pool<K> {
    /// An empty pool.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the field if the config contradicts itself.
    #[expect(clippy::needless_pass_by_value, reason = "a pool is made of its config")]
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        Ok(Self { names: Names::new(), machine: Machine::new(&config)? })
    }

    /// Applies `event` at `now` and appends the actions that follow from it to `out`.
    ///
    /// The actions are orders: once they are in `out`, the pool counts on them being carried out, in any
    /// order and at any later time. Time that goes backwards is taken as no time passing.
    ///
    /// Costs O(1) plus what it emits and what falls due, whatever the number of keys, connections and
    /// waiters (R25); the docs of [`Event`] tell the exceptions.
    ///
    /// # Errors
    ///
    /// [`Misuse`] if the event cannot be true: then nothing has changed and no time has passed (R24).
    ///
    /// # Panics
    ///
    /// Never, whatever the events (R24). Builds with debug assertions check the invariants of small pools
    /// after every event and would panic on a defect of the pool itself.
    #[expect(clippy::inline_always, reason = "a caller that knows the event pays for no other")]
    #[inline(always)]
    pub fn handle(&mut self, now: Time, event: Event<'_, K>, out: &mut Actions) -> Result<(), Misuse> {
        let is_done = match event {
            Event::Request { key, token, priority, deadline } => {
                let key = self.names.intern(key);
                self.machine.request_quickly(now, key, Wish { token, priority, deadline }, out)
            }
            Event::ConnIdle { conn } => self.machine.take_back_quickly(now, conn, out),
            Event::Cancel { request } => self.machine.cancel_quickly(now, request, out),
            _ => false,
        };
        if !is_done {
            self.handle_in_full(now, event, out)?;
        }
        #[cfg(debug_assertions)]
        if self.machine.is_small() {
            // So that a debug build stays usable with large pools.
            assert_eq!(self.check_invariants(), Ok(()));
        }
        Ok(())
    }

    #[inline(never)]
    fn handle_in_full(&mut self, now: Time, event: Event<'_, K>, out: &mut Actions) -> Result<(), Misuse> {
        let machine = &mut self.machine;
        match event {
            Event::Request { key, token, priority, deadline } => {
                let key = self.names.intern(key);
                machine.request(now, key, Wish { token, priority, deadline }, out);
            }
            Event::Cancel { request } => machine.cancel(now, request, out)?,
            Event::Reprioritize { request, priority } => machine.reprioritize(now, request, priority, out)?,
            Event::DialDone { conn, outcome } => machine.dial_done(now, conn, outcome, out)?,
            Event::ConnIdle { conn } => machine.conn_idle(now, conn, out)?,
            Event::ConnClosed { conn } => machine.conn_closed(now, conn, out)?,
            Event::CheckDone { conn, alive } => machine.check_done(now, conn, alive, out)?,
            Event::Capacity { conn, capacity } => machine.capacity(now, conn, capacity, out)?,
            Event::Draining { conn } => machine.draining(now, conn, out)?,
            Event::Preconnect { key, count } => {
                machine.preconnect(now, self.names.intern(key), count, out);
            }
            Event::Keep { key, min_idle } => machine.keep(now, self.names.intern(key), min_idle, out),
            Event::LimitDials { key, max_dials } => match self.names.find(key) {
                Some(key) => machine.limit_dials(now, key, max_dials, out),
                None => machine.tick(now, out),
            },
            Event::Clear { key, waiters, interrupt } => {
                let clearing = Clearing { waiters, interrupt };
                match key.map(|key| self.names.find(key)) {
                    None => machine.clear_all(now, clearing, out),
                    Some(Some(key)) => machine.clear_key(now, key, clearing, out),
                    Some(None) => machine.tick(now, out),
                }
            }
            Event::Pause { newcomers } => machine.pause(now, newcomers, out),
            Event::Resume => machine.resume(now, out),
            Event::Reconfigure { config } => machine.reconfigure(now, config, out)?,
            Event::Shutdown => machine.shutdown(now, out),
            Event::Tick => machine.tick(now, out),
        }
        while let Some(key) = machine.forgotten.pop() {
            self.names.forget(key);
        }
        Ok(())
    }

    /// When to send the next [`Event::Tick`]; `None`: nothing can expire, no timer is needed (R15).
    ///
    /// A pure function of the state, O(1). Exact: a tick at that time does something. It may lie in the
    /// past, if time has passed since the last event or a [`Reconfigure`](Event::Reconfigure) shortened a
    /// duration.
    pub fn deadline(&self) -> Option<Time> {
        self.machine.deadline()
    }

    /// Nothing expires before that time: a lower bound of [`deadline`](Self::deadline), for the price of one load.
    ///
    /// For adapters that look after every event whether their timer is set early enough: only if it is set for
    /// later than this, the exact deadline has to be asked for. [`Time::NEVER`] if nothing can expire.
    pub fn quiet_until(&self) -> Time {
        self.machine.quiet_until()
    }

    /// The key of a connection: what to dial, after [`StartDial`](crate::Action::StartDial). `None` once it
    /// is gone, or if the pool never issued it.
    pub fn key(&self, conn: ConnId) -> Option<&K> {
        self.machine.key_of(conn).map(|key| self.names.name(key))
    }

    /// What the pool holds at the moment. O(1).
    pub fn stats(&self) -> Stats {
        self.machine.stats(self.names.len())
    }

    /// What the pool holds of one key, `None` if nothing: keys with nothing left are forgotten (I7). O(1).
    pub fn key_stats(&self, key: &K) -> Option<Stats> {
        self.names.find(key).map(|key| self.machine.key_stats(key))
    }

    /// Whether [`Event::Shutdown`] was handled and no connection and no dial is left.
    pub fn is_drained(&self) -> bool {
        self.machine.is_drained()
    }

    /// Recounts everything and compares. O(everything): for tests.
    ///
    /// # Errors
    ///
    /// A text that begins with the number of the invariant that does not hold, I1 to I9: a defect of the
    /// pool, whatever the events were.
    pub fn check_invariants(&self) -> Result<(), String> {
        self.machine.check_invariants()?;
        for key in 0..self.machine.key_slots() {
            if self.names.is_known(key) != self.machine.is_known(key) {
                return Err(alloc::format!("I7: key {key} is known to one side only"));
            }
        }
        Ok(())
    }
}
