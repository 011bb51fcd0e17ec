//! What a script can say: one method for each event, and a few for what many scripts begin with.

use latebind::{Config, ConnId, DialError, Event, Opened, Priority, RequestId, Stats, Time};

use super::{Key, Rig, Told, level, ms};

impl Rig {
    /// Sets the clock, in milliseconds since the start.
    pub fn at(&mut self, milliseconds: u64) -> &mut Self {
        self.at_time(Time::from_origin(ms(milliseconds)))
    }

    /// Sets the clock to the last nanosecond before.
    pub fn just_before(&mut self, milliseconds: u64) -> &mut Self {
        self.at_time(Time(Time::from_origin(ms(milliseconds)).0 - 1))
    }

    /// Sets the clock to any time.
    pub fn at_time(&mut self, time: Time) -> &mut Self {
        self.now = time;
        self
    }

    /// Somebody wants a connection of the key.
    #[track_caller]
    pub fn request(&mut self, name: &str, key: Key) -> Told<'_> {
        self.request_with(name, key, Priority::default(), None)
    }

    /// The same with a priority: a level from 0 to 7.
    #[track_caller]
    pub fn request_level(&mut self, name: &str, key: Key, priority: u8) -> Told<'_> {
        self.request_with(name, key, level(priority), None)
    }

    /// A request with a deadline of its own, in milliseconds since the start.
    #[track_caller]
    pub fn request_until(&mut self, name: &str, key: Key, milliseconds: u64) -> Told<'_> {
        self.request_with(name, key, Priority::default(), Some(Time::from_origin(ms(milliseconds))))
    }

    /// A request with all that it can bring.
    #[track_caller]
    pub fn request_with(
        &mut self,
        name: &str,
        key: Key,
        priority: Priority,
        deadline: Option<Time>,
    ) -> Told<'_> {
        let token = self.name_request(name);
        self.tell(Event::Request { key: &key, token, priority, deadline })
    }

    /// The request is not wanted any more.
    #[track_caller]
    pub fn cancel(&mut self, name: &str) -> Told<'_> {
        let request = self.request_id(name);
        self.tell(Event::Cancel { request })
    }

    /// The waiter gets that level, from 0 to 7.
    #[track_caller]
    pub fn reprioritize(&mut self, name: &str, priority: u8) -> Told<'_> {
        let request = self.request_id(name);
        self.tell(Event::Reprioritize { request, priority: level(priority) })
    }

    /// The dial went well: a connection for one lease at a time.
    #[track_caller]
    pub fn dialed(&mut self, name: &str) -> Told<'_> {
        self.dialed_shared(name, 1)
    }

    /// The dial brought a connection that can carry so many leases.
    #[track_caller]
    pub fn dialed_shared(&mut self, name: &str, capacity: u32) -> Told<'_> {
        let conn = self.conn(name);
        self.tell(Event::DialDone { conn, outcome: Ok(Opened { capacity }) })
    }

    /// The dial failed, and the next one may succeed.
    #[track_caller]
    pub fn dial_failed(&mut self, name: &str) -> Told<'_> {
        let conn = self.conn(name);
        self.tell(Event::DialDone { conn, outcome: Err(DialError::Transient) })
    }

    /// The dial failed for good.
    #[track_caller]
    pub fn dial_failed_fatally(&mut self, name: &str) -> Told<'_> {
        let conn = self.conn(name);
        self.tell(Event::DialDone { conn, outcome: Err(DialError::Fatal) })
    }

    /// A lease of the connection ended.
    #[track_caller]
    pub fn returned(&mut self, name: &str) -> Told<'_> {
        let conn = self.conn(name);
        self.tell(Event::ConnIdle { conn })
    }

    /// The connection is gone.
    #[track_caller]
    pub fn closed(&mut self, name: &str) -> Told<'_> {
        let conn = self.conn(name);
        self.tell(Event::ConnClosed { conn })
    }

    /// The connection can carry so many leases from now on.
    #[track_caller]
    pub fn capacity(&mut self, name: &str, capacity: u32) -> Told<'_> {
        let conn = self.conn(name);
        self.tell(Event::Capacity { conn, capacity })
    }

    /// The peer wants to end the connection.
    #[track_caller]
    pub fn draining(&mut self, name: &str) -> Told<'_> {
        let conn = self.conn(name);
        self.tell(Event::Draining { conn })
    }

    /// The pool gets a new config.
    #[track_caller]
    pub fn reconfigure(&mut self, config: &Config) -> Told<'_> {
        self.tell(Event::Reconfigure { config })
    }

    /// The pool shuts down.
    #[track_caller]
    pub fn shutdown(&mut self) -> Told<'_> {
        self.tell(Event::Shutdown)
    }

    /// Time is told.
    #[track_caller]
    pub fn tick(&mut self) -> Told<'_> {
        self.tell(Event::Tick)
    }

    /// Dials a connection for the request, which has it on lease then.
    #[track_caller]
    pub fn lease(&mut self, name: &str, key: Key) -> String {
        self.lease_shared(name, key, 1)
    }

    /// The same with a connection of that capacity.
    #[track_caller]
    pub fn lease_shared(&mut self, name: &str, key: Key, capacity: u32) -> String {
        let conn = self.request_dial(name, key);
        self.dialed_shared(&conn, capacity).gives(&format!("{name} gets {conn} (own dial)"));
        conn
    }

    /// Leases so many connections, and gives them back in the order of their names.
    #[track_caller]
    pub fn park(&mut self, key: Key, count: u32) {
        let conns: Vec<String> =
            (0..count).map(|number| self.lease(&format!("{key}-opener{number}"), key)).collect();
        for conn in conns {
            self.returned(&conn).gives(&format!("park {conn}"));
        }
    }

    /// The next deadline is so many milliseconds after the start.
    #[track_caller]
    pub fn sleeps_until(&mut self, milliseconds: u64) -> &mut Self {
        let (told, expected) = (self.pool.deadline(), Some(Time::from_origin(ms(milliseconds))));
        if told != expected {
            self.fail(&format!("the deadline is {told:?}, not {expected:?}"));
        }
        self
    }

    /// Nothing can expire.
    #[track_caller]
    pub fn sleeps_for_ever(&mut self) -> &mut Self {
        if let Some(told) = self.pool.deadline() {
            self.fail(&format!("nothing can expire, but the deadline is {told:?}"));
        }
        self
    }

    /// When the pool wants to be told the time.
    pub fn deadline(&self) -> Option<Time> {
        self.pool.deadline()
    }

    /// What the pool holds, and what it has done.
    pub fn stats(&self) -> Stats {
        self.pool.stats()
    }

    /// The same of one key, `None` if the pool does not know it.
    pub fn key_stats(&self, key: Key) -> Option<Stats> {
        self.pool.key_stats(&key)
    }

    /// Whether the pool has shut down and nothing is left.
    pub fn is_drained(&self) -> bool {
        self.pool.is_drained()
    }

    /// The token of a request that is about to be told, which has that name from now on.
    pub fn name_request(&mut self, name: &str) -> u64 {
        let token = self.run.steps.len() as u64;
        self.names.call(token, name);
        token
    }

    /// The connection of that name.
    ///
    /// # Panics
    ///
    /// If there never was one.
    #[track_caller]
    pub fn conn(&self, name: &str) -> ConnId {
        self.names.conn(name).unwrap_or_else(|| self.fail(&format!("no connection {name}")))
    }

    /// The last request of that name.
    ///
    /// # Panics
    ///
    /// If there never was one.
    #[track_caller]
    pub fn request_id(&self, name: &str) -> RequestId {
        self.names.request(name).unwrap_or_else(|| self.fail(&format!("no request {name}")))
    }
}
