//! What must hold at rest, after every event: the invariants as the adapter can see them.

use latebind::{ConnId, Event, Pool, Stats, Time};

use super::Key;
use super::ledger::{Conn, Ledger, Life, Stage, Wish};
use super::take::{Verdict, must};

/// The sizes that limits bind, of a key or in all.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Sizes {
    conns: u32,
    dials: u32,
    parked: u32,
    checking: u32,
    waiters: u32,
}

fn count<T>(items: impl Iterator<Item = T>) -> u32 {
    u32::try_from(items.count()).unwrap_or(u32::MAX)
}

impl Ledger {
    /// Sizes in all, or of one key.
    pub(crate) fn sizes(&self, key: Option<Key>) -> Sizes {
        let conns = || self.conns.values().filter(|conn| key.is_none_or(|key| conn.key == key));
        let waits = |wish: &&Wish| wish.stage == Stage::Waiting && key.is_none_or(|key| wish.key == key);
        Sizes {
            conns: count(conns()),
            dials: count(conns().filter(|conn| conn.life == Life::Dialing)),
            parked: count(conns().filter(|conn| conn.life == Life::Parked)),
            checking: count(conns().filter(|conn| conn.life == Life::Checking)),
            waiters: count(self.wishes.iter().filter(waits)),
        }
    }

    fn stats(&self, key: Option<Key>, keys: u32) -> [u32; 8] {
        let conns = || self.conns.values().filter(|conn| key.is_none_or(|key| conn.key == key));
        let sizes = self.sizes(key);
        let leased = count(conns().filter(|conn| conn.leases > 0));
        let closing = count(conns().filter(|conn| conn.life == Life::Closing));
        let open = sizes.parked + sizes.checking + leased;
        let dormant = sizes.conns - sizes.dials - open - closing;
        [sizes.waiters, sizes.dials, leased, sizes.parked, sizes.checking, dormant, closing, keys]
    }

    /// All laws, for the pool that this ledger follows; `before`: the sizes before the event.
    pub(crate) fn check(&self, pool: &Pool<Key>, event: &Event<'_, Key>, before: &[Sizes]) -> Verdict {
        self.each_is_in_one_state()?;
        self.gauges_tell_the_truth(pool)?;
        self.limits_hold(before)?;
        self.names_are_right(pool)?;
        if !self.shutdown {
            for &key in &self.keys {
                self.nobody_waits_in_vain(key)?;
                self.floor_is_kept(key)?;
            }
        }
        self.nothing_is_overdue(event)?;
        self.deadline_is_exact(pool.deadline())?;
        must(pool.is_drained() == self.drained, || "R21: `is_drained` is wrong".to_owned())
    }

    /// I5: open and on lease to nobody means parked, closing, or without capacity.
    fn each_is_in_one_state(&self) -> Verdict {
        let idle = |conn: &&Conn| conn.life == Life::Open && conn.leases == 0;
        let lost = |conn: &&Conn| {
            let worn = self.config.max_uses.is_some_and(|uses| conn.uses >= uses);
            conn.capacity > 0 || conn.draining || conn.cleared || worn
        };
        let stray = self.conns.values().filter(idle).find(lost);
        must(stray.is_none(), || format!("I5: neither leased, parked nor closing: {stray:?}"))?;
        self.old_generations_end()
    }

    /// I2, I7.
    fn gauges_tell_the_truth(&self, pool: &Pool<Key>) -> Verdict {
        let list = |stats: Stats| {
            let Stats { waiters, dialing, leased, idle, checking, dormant, closing, keys, .. } = stats;
            [waiters, dialing, leased, idle, checking, dormant, closing, keys]
        };
        let mut known = 0;
        for &key in &self.keys {
            let sizes = self.sizes(Some(key));
            let floor = self.floors.get(key).copied().unwrap_or(0);
            let busy = sizes.conns + sizes.waiters + floor > 0;
            let told = pool.key_stats(&key).map(list);
            // A backoff keeps a key known.
            must(busy <= told.is_some(), || format!("I7: key {key} is forgotten"))?;
            // And so does a preconnect that waits for room that is being made, or for a dial to be done.
            let preconnects = self.stocked.contains(key) && (self.makes_room() || self.dials_are_full());
            must(told.is_none() || busy || self.backs_off || preconnects, || {
                format!("I7: key {key} is known for no reason")
            })?;
            let expected = told.map(|_| self.stats(Some(key), 1));
            must(told == expected, || format!("I2: key {key}: {told:?}, not {expected:?}"))?;
            known += u32::from(told.is_some());
        }
        let (told, expected) = (list(pool.stats()), self.stats(None, known));
        must(told == expected, || format!("I2: {told:?}, not {expected:?}"))
    }

    /// R8. What was lowered below the present size is approached, never left further (R21).
    fn limits_hold(&self, before: &[Sizes]) -> Verdict {
        let c = &self.config;
        let key_limits = [c.max_connections_per_key, c.max_dials_per_key, c.max_waiters_per_key];
        let scopes = std::iter::once((None, [c.max_connections, c.max_dials, c.max_waiters], c.max_idle))
            .chain(self.keys.iter().map(|&key| (Some(key), key_limits, c.max_idle_per_key)));
        for (place, (key, limits, idle_limit)) in scopes.enumerate() {
            let now = self.sizes(key);
            let old = before.get(place).copied().unwrap_or_default();
            let pairs = [(now.conns, old.conns), (now.dials, old.dials), (now.waiters, old.waiters)];
            for ((size, old), limit) in pairs.into_iter().zip(limits) {
                let holds = limit.is_none_or(|limit| size <= limit.max(old));
                must(holds, || format!("R8: {size} where {limit:?} are allowed, key {key:?}"))?;
            }
            let holds = idle_limit.is_none_or(|limit| now.parked <= limit);
            must(holds, || format!("R8: {} parked, {idle_limit:?} allowed, key {key:?}", now.parked))?;
        }
        Ok(())
    }

    /// The sizes in the order of [`limits_hold`](Self::limits_hold).
    pub(crate) fn all_sizes(&self) -> Vec<Sizes> {
        std::iter::once(None).chain(self.keys.iter().copied().map(Some)).map(|key| self.sizes(key)).collect()
    }

    /// Ids are dense, and the pool knows the keys of those that live, and of no other.
    fn names_are_right(&self, pool: &Pool<Key>) -> Verdict {
        for &id in self.names.keys() {
            let expected = self.conns.get(&id).map(|conn| conn.key);
            must(pool.key(id).copied() == expected, || format!("key of {id:?} is not {expected:?}"))?;
        }
        let dense = self.conns.keys().all(|id| id.index() < self.peak_conns);
        must(dense, || format!("the ids of connections are not dense, {} at the peak", self.peak_conns))?;
        let dense = self.tokens.keys().all(|id| id.index() < self.peak_requests);
        must(dense, || format!("the ids of requests are not dense, {} at the peak", self.peak_requests))
    }

    /// I1, I3: no waiter beside an available connection, none without a dial that the limits permit.
    fn nobody_waits_in_vain(&self, key: Key) -> Verdict {
        if self.paused.is_some() {
            return Ok(());
        }
        let c = &self.config;
        let (all, own) = (self.sizes(None), self.sizes(Some(key)));
        let within = |size: u32, limit: Option<u32>| limit.is_none_or(|limit| size < limit);
        let at_most = |size: u32, limit: Option<u32>| limit.is_none_or(|limit| size <= limit);
        let over = !at_most(all.conns, c.max_connections) || !at_most(own.conns, c.max_connections_per_key);
        let waiters = self.queue(key).len();
        if waiters > 0 && !over {
            let free = self.whose_turn(key).ok().flatten();
            must(free.is_none(), || format!("I1: key {key} has waiters beside {free:?}"))?;
        }
        let (least, most) = self.cover(key);
        let room = within(all.conns, c.max_connections)
            && within(own.conns, c.max_connections_per_key)
            && within(all.dials, c.max_dials)
            && within(own.dials, c.max_dials_per_key);
        let held = self.backs_off && self.failures.contains_key(key) || self.hopes(key, least, most);
        let idle = waiters > most && room && !held;
        let of_key = within(own.conns, c.max_connections_per_key) && within(own.dials, c.max_dials_per_key);
        let full = !within(all.conns, c.max_connections) && within(all.dials, c.max_dials);
        if waiters > most && of_key && full && !held {
            self.room_is_made(key)?;
        }
        must(!idle, || format!("I3: key {key} has {waiters} waiters, cover {most} and room"))?;
        self.checks_are_run(key, waiters, most, over)?;
        let started = self.of_key(key).any(|conn| conn.started_in == self.step);
        let aside = self.backs_up || self.stocked.contains(key);
        must(!started || aside || least <= waiters, || {
            format!("I3: a dial of key {key} started with cover {least} for {waiters} waiters")
        })
    }

    /// R12: what was due when this step began has ended in it. New durations may take a step more.
    fn nothing_is_overdue(&self, event: &Event<'_, Key>) -> Verdict {
        if matches!(event, Event::Reconfigure { .. }) {
            return Ok(());
        }
        let late = |wish: &&Wish| wish.stage == Stage::Waiting && self.is_due(self.wait_ends(wish));
        let waiter = self.wishes.iter().find(late);
        must(waiter.is_none(), || format!("R12: waits beyond its deadline: {waiter:?}"))?;
        let late = |conn: &&Conn| match conn.life {
            Life::Dialing => {
                conn.is_live_dial() && conn.started_in < self.step && self.is_due(self.dial_ends(conn))
            }
            Life::Parked => {
                let moved_now = conn.parked == self.now && conn.moved > self.moves_before;
                let idle_ends = if self.is_floored(conn, event) { Time::NEVER } else { self.idle_ends(conn) };
                !moved_now && self.is_due(idle_ends.min(self.life_ends(conn).1))
            }
            Life::Checking => conn.moved <= self.moves_before && self.is_due(self.check_ends(conn)),
            _ => false,
        };
        let conn = self.conns.values().find(late);
        must(conn.is_none(), || format!("R12: lives beyond its time: {conn:?}"))
    }

    /// R15, I6: as early as the first thing that can expire, or `None`. What depends on jitter, or on a
    /// backoff, is known within bounds only.
    fn deadline_is_exact(&self, told: Option<Time>) -> Verdict {
        let (mut earliest, mut latest) = (Time::NEVER, Time::NEVER);
        let mut add = |from: Time, to: Time| {
            earliest = earliest.min(from);
            latest = latest.min(to);
        };
        for wish in self.wishes.iter().filter(|wish| wish.stage == Stage::Waiting) {
            add(self.wait_ends(wish), self.wait_ends(wish));
            if self.backs_off && self.failures.contains_key(wish.key) {
                add(Time::ZERO, Time::NEVER);
            }
        }
        for conn in self.conns.values() {
            if conn.is_live_dial() {
                add(self.dial_ends(conn), self.dial_ends(conn));
            } else if conn.life == Life::Parked {
                if !self.is_within_floor(conn.key) {
                    add(self.idle_ends(conn), self.idle_ends(conn));
                }
                let (from, to) = self.life_ends(conn);
                add(from, to);
            }
            add(self.check_ends(conn), self.check_ends(conn));
            add(self.warn_ends(conn), self.warn_ends(conn));
        }
        for &key in &self.keys {
            add(self.hold_may_end(key), Time::NEVER);
        }
        must(told != Some(Time::NEVER), || "R15: `None` means that nothing expires".to_owned())?;
        let told = told.unwrap_or(Time::NEVER);
        must(earliest <= told && told <= latest, || {
            format!("R15: the deadline is {told:?}, not between {earliest:?} and {latest:?}")
        })
    }
}

/// The twin that is spared what was refused, and told `Tick` for every lost race, has the same view.
pub(crate) fn same_view(pool: &Pool<Key>, twin: &Pool<Key>, conns: impl Iterator<Item = ConnId>) -> Verdict {
    let mut conns = conns;
    let same = pool.deadline() == twin.deadline()
        && pool.stats() == twin.stats()
        && pool.is_drained() == twin.is_drained()
        && conns.all(|id| pool.key(id) == twin.key(id));
    must(same, || "R24: a lost race or a refused event has changed something".to_owned())
}
