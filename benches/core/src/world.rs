//! A pool with much in it, and what may happen to it.

use std::collections::VecDeque;
use std::hash::Hash;
use std::hint::black_box;
use std::rc::Rc;

use latebind::{Action, Actions, Config, ConnId, Event, Opened, Pool, Priority, RequestId, Time, Waiters};

/// A type of keys of which a world makes its own.
pub(crate) trait Name {
    fn name(number: u32) -> Self;
}

impl Name for u64 {
    fn name(number: u32) -> Self {
        number.into()
    }
}

impl Name for String {
    fn name(number: u32) -> Self {
        format!("https://host-{number}.example:443")
    }
}

impl Name for () {
    fn name(_: u32) -> Self {}
}

/// The key that has all the waiters.
const CROWDED: u32 = 0;

/// In nanoseconds, of which each event takes one: an operation's events happen before the next idle timeout.
const PARKED_EVERY: u64 = 10;

/// A pool, and what is needed to tell it the next event.
pub(crate) struct World<K> {
    pool: Pool<K>,
    actions: Actions,
    now: Time,
    size: u32,
    /// [`CROWDED`], those that may have a parked connection, and one more. Shared, to be read while the rest changes.
    keys: Rc<[K]>,
    /// Walks through the keys.
    turn: u32,
    /// The one connection of [`CROWDED`].
    leased: Option<ConnId>,
    waiters: VecDeque<RequestId>,
    /// The key without a connection.
    evicted: K,
}

impl<K: Name + Clone + Eq + Hash> World<K> {
    pub(crate) fn empty(config: Config, size: u32) -> Self {
        Self {
            pool: Pool::new(config).expect("the config holds together"),
            actions: Actions::new(),
            now: Time::ZERO,
            size,
            keys: (0..=size + 1).map(K::name).collect(),
            turn: 0,
            leased: None,
            waiters: VecDeque::with_capacity(size as usize + 1),
            evicted: K::name(size + 1),
        }
    }

    /// One parked connection for each key from 1 to `size`.
    pub(crate) fn with_parked(mut self) -> Self {
        // Given back when all are dialed, so that they are more than one also where all names are the same key.
        let dialed: Vec<_> = (1..=self.size).map(|number| self.dial(&K::name(number))).collect();
        for conn in dialed {
            self.tell(Event::ConnIdle { conn });
            self.now.0 += PARKED_EVERY;
        }
        self
    }

    /// `size` waiters for a key whose only connection is on lease.
    pub(crate) fn with_waiters(mut self) -> Self {
        let key = K::name(CROWDED);
        self.leased = Some(self.dial(&key));
        for _ in 0..self.size {
            self.tell(request(&key));
            self.note_waiter();
        }
        self
    }

    /// Keys, connections, parked ones, waiters.
    pub(crate) fn population(&self) -> [u32; 4] {
        let stats = self.pool.stats();
        [stats.keys, stats.connections(), stats.idle, stats.waiters]
    }

    pub(crate) fn into_pool(self) -> Pool<K> {
        self.pool
    }

    pub(crate) fn hit_idle(&mut self) {
        let (keys, turn) = self.next_key();
        self.count(request(&keys[turn]));
        let Some(&Action::Deliver { conn, .. }) = self.actions.first() else { panic!("one is parked") };
        self.count(Event::ConnIdle { conn });
    }

    pub(crate) fn dial_and_lose(&mut self) {
        let key = self.evicted.clone();
        self.count(request(&key));
        let conn = self.dialed();
        self.count(Event::DialDone { conn, outcome: Ok(Opened::EXCLUSIVE) });
        self.count(Event::ConnIdle { conn });
        self.count(Event::ConnClosed { conn });
    }

    pub(crate) fn hand_over(&mut self) {
        let conn = self.leased.expect("the world is crowded");
        self.count(Event::ConnIdle { conn });
        self.waiters.pop_front();
        let keys = Rc::clone(&self.keys);
        self.count(request(&keys[CROWDED as usize]));
        self.note_waiter();
    }

    pub(crate) fn cancel(&mut self) {
        let keys = Rc::clone(&self.keys);
        self.count(request(&keys[CROWDED as usize]));
        self.note_waiter();
        let request = self.waiters.pop_front().expect("the world is crowded");
        self.count(Event::Cancel { request });
    }

    pub(crate) fn expire(&mut self) {
        // `count` lets one nanosecond pass; one more, and the next connection would go as well.
        self.now = Time(self.pool.deadline().expect("connections are parked").0 - 1);
        self.count(Event::Tick);
        let (conn, key) = self.closing();
        self.count(Event::ConnClosed { conn });
        self.park(&key);
    }

    pub(crate) fn stall(&mut self) {
        let key = self.evicted.clone();
        self.count(request(&key));
        let (victim, evicted) = self.closing();
        self.evicted = evicted;
        self.count(Event::ConnClosed { conn: victim });
        let conn = self.dialed();
        self.count(Event::DialDone { conn, outcome: Ok(Opened::EXCLUSIVE) });
        self.count(Event::ConnIdle { conn });
    }

    pub(crate) fn clear(&mut self) {
        let (keys, turn) = self.next_key();
        let key = &keys[turn];
        self.count(Event::Clear { key: Some(key), waiters: Waiters::Keep, interrupt: false });
        let (conn, _) = self.closing();
        self.count(Event::ConnClosed { conn });
        self.park(key);
    }

    /// An event that is part of an operation: callgrind counts what happens in here, and nothing else.
    #[inline(never)]
    fn count(&mut self, event: Event<'_, K>) {
        self.now.0 += 1;
        self.actions.clear();
        black_box(&mut self.pool).handle(self.now, event, &mut self.actions).expect("the event is true");
    }

    /// An event that only prepares one.
    fn tell(&mut self, event: Event<'_, K>) {
        self.now.0 += 1;
        self.actions.clear();
        self.pool.handle(self.now, event, &mut self.actions).expect("the event is true");
    }

    /// A new connection, on lease.
    fn dial(&mut self, key: &K) -> ConnId {
        self.tell(request(key));
        let conn = self.dialed();
        self.tell(Event::DialDone { conn, outcome: Ok(Opened::EXCLUSIVE) });
        conn
    }

    fn park(&mut self, key: &K) {
        let conn = self.dial(key);
        self.tell(Event::ConnIdle { conn });
    }

    /// The dial that the last event started.
    fn dialed(&self) -> ConnId {
        let Some(&Action::StartDial { conn }) = self.actions.last() else { panic!("a dial starts") };
        conn
    }

    /// The one connection that the last event closes, and its key.
    fn closing(&self) -> (ConnId, K) {
        let mut closing = self.actions.iter().filter_map(|action| match *action {
            Action::Close { conn, .. } => Some(conn),
            _ => None,
        });
        let (Some(conn), None) = (closing.next(), closing.next()) else { panic!("one is closed") };
        (conn, self.pool.key(conn).expect("it is closing").clone())
    }

    fn note_waiter(&mut self) {
        let Some(&Action::Wait { request, .. }) = self.actions.first() else { panic!("it waits") };
        self.waiters.push_back(request);
    }

    /// All keys, and which of them is next; in strides, so that neighbours in memory do not follow each other.
    fn next_key(&mut self) -> (Rc<[K]>, usize) {
        self.turn = (self.turn + 7_919) % self.size;
        (Rc::clone(&self.keys), self.turn as usize + 1)
    }
}

fn request<K>(key: &K) -> Event<'_, K> {
    Event::Request { key, token: 0, priority: Priority::default(), deadline: None }
}
