//! What a script can say: one method for each event, and a few for what many scripts begin with.

use latebind::{Config, ConnId, DialError, Event, Opened, Priority, RequestId, Stats, Time};

use super::{Key, Rig, Step, level, ms};

impl Rig {
    /// Sets the clock, in milliseconds since the start.
    pub(crate) fn at(&mut self, milliseconds: u64) -> &mut Self {
        self.at_time(Time::from_origin(ms(milliseconds)))
    }

    /// Sets the clock to the last nanosecond before.
    pub(crate) fn just_before(&mut self, milliseconds: u64) -> &mut Self {
        self.at_time(Time(Time::from_origin(ms(milliseconds)).0 - 1))
    }

    /// Sets the clock to any time.
    pub(crate) fn at_time(&mut self, time: Time) -> &mut Self {
        self.now = time;
        self
    }

    #[track_caller]
    pub(crate) fn request(&mut self, name: &str, key: Key) -> Step<'_> {
        self.request_with(name, key, Priority::default(), None)
    }

    #[track_caller]
    pub(crate) fn request_level(&mut self, name: &str, key: Key, priority: u8) -> Step<'_> {
        self.request_with(name, key, level(priority), None)
    }

    /// A request with a deadline of its own, in milliseconds since the start.
    #[track_caller]
    pub(crate) fn request_until(&mut self, name: &str, key: Key, milliseconds: u64) -> Step<'_> {
        self.request_with(name, key, Priority::default(), Some(Time::from_origin(ms(milliseconds))))
    }

    #[track_caller]
    pub(crate) fn request_with(
        &mut self,
        name: &str,
        key: Key,
        priority: Priority,
        deadline: Option<Time>,
    ) -> Step<'_> {
        let token = self.ledger.wish(name, key, priority, deadline);
        self.tell(Event::Request { key: &key, token, priority, deadline })
    }

    #[track_caller]
    pub(crate) fn cancel(&mut self, name: &str) -> Step<'_> {
        let request = self.request_id(name);
        self.tell(Event::Cancel { request })
    }

    #[track_caller]
    pub(crate) fn reprioritize(&mut self, name: &str, priority: u8) -> Step<'_> {
        let request = self.request_id(name);
        self.tell(Event::Reprioritize { request, priority: level(priority) })
    }

    /// The dial went well: a connection for one lease at a time.
    #[track_caller]
    pub(crate) fn dialed(&mut self, name: &str) -> Step<'_> {
        self.dialed_shared(name, 1)
    }

    #[track_caller]
    pub(crate) fn dialed_shared(&mut self, name: &str, capacity: u32) -> Step<'_> {
        let conn = self.conn(name);
        self.tell(Event::DialDone { conn, outcome: Ok(Opened { capacity }) })
    }

    #[track_caller]
    pub(crate) fn dial_failed(&mut self, name: &str) -> Step<'_> {
        let conn = self.conn(name);
        self.tell(Event::DialDone { conn, outcome: Err(DialError::Transient) })
    }

    #[track_caller]
    pub(crate) fn dial_failed_fatally(&mut self, name: &str) -> Step<'_> {
        let conn = self.conn(name);
        self.tell(Event::DialDone { conn, outcome: Err(DialError::Fatal) })
    }

    #[track_caller]
    pub(crate) fn returned(&mut self, name: &str) -> Step<'_> {
        let conn = self.conn(name);
        self.tell(Event::ConnIdle { conn })
    }

    #[track_caller]
    pub(crate) fn closed(&mut self, name: &str) -> Step<'_> {
        let conn = self.conn(name);
        self.tell(Event::ConnClosed { conn })
    }

    #[track_caller]
    pub(crate) fn capacity(&mut self, name: &str, capacity: u32) -> Step<'_> {
        let conn = self.conn(name);
        self.tell(Event::Capacity { conn, capacity })
    }

    #[track_caller]
    pub(crate) fn draining(&mut self, name: &str) -> Step<'_> {
        let conn = self.conn(name);
        self.tell(Event::Draining { conn })
    }

    #[track_caller]
    pub(crate) fn reconfigure(&mut self, config: &Config) -> Step<'_> {
        self.tell(Event::Reconfigure { config })
    }

    #[track_caller]
    pub(crate) fn shutdown(&mut self) -> Step<'_> {
        self.tell(Event::Shutdown)
    }

    #[track_caller]
    pub(crate) fn tick(&mut self) -> Step<'_> {
        self.tell(Event::Tick)
    }

    /// Dials a connection for the request, which has it on lease then.
    #[track_caller]
    pub(crate) fn lease(&mut self, name: &str, key: Key) -> String {
        self.lease_shared(name, key, 1)
    }

    /// The same with a connection of that capacity.
    #[track_caller]
    pub(crate) fn lease_shared(&mut self, name: &str, key: Key, capacity: u32) -> String {
        let conn = self.request_dial(name, key);
        self.dialed_shared(&conn, capacity).gives(&format!("{name} gets {conn} (own dial)"));
        conn
    }

    /// Leases so many connections, and gives them back in the order of their names.
    #[track_caller]
    pub(crate) fn park(&mut self, key: Key, count: u32) {
        let conns: Vec<String> =
            (0..count).map(|number| self.lease(&format!("{key}-opener{number}"), key)).collect();
        for conn in conns {
            self.returned(&conn).gives(&format!("park {conn}"));
        }
    }

    /// The next deadline is so many milliseconds after the start.
    #[track_caller]
    pub(crate) fn sleeps_until(&mut self, milliseconds: u64) -> &mut Self {
        let (told, expected) = (self.pool.deadline(), Some(Time::from_origin(ms(milliseconds))));
        if told != expected {
            self.fail(&format!("the deadline is {told:?}, not {expected:?}"));
        }
        self
    }

    /// Nothing can expire.
    #[track_caller]
    pub(crate) fn sleeps_for_ever(&mut self) -> &mut Self {
        if let Some(told) = self.pool.deadline() {
            self.fail(&format!("nothing can expire, but the deadline is {told:?}"));
        }
        self
    }

    pub(crate) fn deadline(&self) -> Option<Time> {
        self.pool.deadline()
    }

    pub(crate) fn stats(&self) -> Stats {
        self.pool.stats()
    }

    pub(crate) fn key_stats(&self, key: Key) -> Option<Stats> {
        self.pool.key_stats(&key)
    }

    pub(crate) fn is_drained(&self) -> bool {
        self.pool.is_drained()
    }

    #[track_caller]
    pub(crate) fn conn(&self, name: &str) -> ConnId {
        let id = self.ledger.names.iter().find(|(_, known)| *known == name).map(|(&id, _)| id);
        id.unwrap_or_else(|| self.fail(&format!("no connection {name}")))
    }

    /// The last request of that name.
    #[track_caller]
    pub(crate) fn request_id(&self, name: &str) -> RequestId {
        let wish = self.ledger.wishes.iter().rfind(|wish| wish.name == name);
        wish.and_then(|wish| wish.id).unwrap_or_else(|| self.fail(&format!("no request {name}")))
    }
}
