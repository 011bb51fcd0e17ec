// Included by the examples of the guide: a pool that is told one thing at a time, and answers in words.

pub use latebind::{Action, Actions, Config, ConnId, DialError, Event, Opened, Pool, Priority, RequestId, Time};

pub struct Story {
    pub pool: Pool<&'static str>,
    pub now: Time,
    /// Connections by the order of their dials; requests by the order of their waiting.
    pub dials: Vec<ConnId>,
    pub waiters: Vec<RequestId>,
}

impl Story {
    pub fn new(config: Config) -> Self {
        Self { pool: Pool::new(config).unwrap(), now: Time::ZERO, dials: vec![], waiters: vec![] }
    }

    /// The following happens so many milliseconds after the beginning.
    pub fn at(&mut self, milliseconds: u64) -> &mut Self {
        self.now = Time(milliseconds * 1_000_000);
        self
    }

    pub fn tell(&mut self, event: Event<'_, &'static str>) -> Vec<String> {
        let mut actions = Actions::new();
        self.pool.handle(self.now, event, &mut actions).unwrap();
        actions.drain().map(|action| self.in_words(action)).collect()
    }

    pub fn request(&mut self, token: u64, key: &'static str) -> Vec<String> {
        self.urgent_request(token, key, Priority::default())
    }

    pub fn urgent_request(&mut self, token: u64, key: &'static str, priority: Priority) -> Vec<String> {
        self.tell(Event::Request { key: &key, token, priority, deadline: None })
    }

    pub fn dialed(&mut self, dial: usize) -> Vec<String> {
        self.dialed_shared(dial, 1)
    }

    pub fn dialed_shared(&mut self, dial: usize, capacity: u32) -> Vec<String> {
        self.tell(Event::DialDone { conn: self.dials[dial - 1], outcome: Ok(Opened { capacity }) })
    }

    pub fn refused(&mut self, dial: usize, error: DialError) -> Vec<String> {
        self.tell(Event::DialDone { conn: self.dials[dial - 1], outcome: Err(error) })
    }

    pub fn returned(&mut self, dial: usize) -> Vec<String> {
        self.tell(Event::ConnIdle { conn: self.dials[dial - 1] })
    }

    pub fn closed(&mut self, dial: usize) -> Vec<String> {
        self.tell(Event::ConnClosed { conn: self.dials[dial - 1] })
    }

    pub fn in_words(&mut self, action: Action) -> String {
        match action {
            Action::Wait { token, request } => {
                self.waiters.push(request);
                format!("{token} waits")
            }
            Action::Deliver { token, conn, source, .. } => {
                format!("{token} gets {} ({source:?})", self.number(conn))
            }
            Action::Fail { token, error, .. } => format!("{token} fails ({error:?})"),
            Action::StartDial { conn } => {
                self.dials.push(conn);
                format!("dial {}", self.dials.len())
            }
            Action::CancelDial { conn } => format!("cancel {}", self.number(conn)),
            Action::Check { conn } => format!("check {}", self.number(conn)),
            Action::Park { conn } => format!("park {}", self.number(conn)),
            Action::Close { conn, reason } => format!("close {} ({reason:?})", self.number(conn)),
            Action::Overdue { conn } => format!("overdue {}", self.number(conn)),
            other => format!("{other:?}"),
        }
    }

    pub fn number(&self, conn: ConnId) -> usize {
        1 + self.dials.iter().rposition(|dial| *dial == conn).unwrap()
    }
}
