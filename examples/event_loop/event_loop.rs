//! The adapter: waits until something happens, tells the pool, and carries out what it says.

use std::collections::{BTreeMap, VecDeque};
use std::error::Error;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::Instant;

use latebind::{
    Action, Actions, CloseReason, Config, ConnId, DialError, Event, Opened, OwnedEvent, Pool, Time,
};
use latebind_testkit::Witness;
use mio::{Events, Poll};

use crate::connections::{Connection, Connections, Role};
use crate::requests::Requests;
use crate::server;

/// All that the adapter keeps.
pub struct EventLoop {
    pub pool: Pool<SocketAddr>,
    /// Filled by the pool and emptied in the same step; kept, so that nothing is allocated each time.
    actions: Actions,
    /// What has happened, and is to be told to the pool.
    happened: VecDeque<OwnedEvent<SocketAddr>>,
    pub connections: Connections,
    pub requests: Requests,
    poll: Poll,
    origin: Instant,
    /// The time of this turn.
    pub now: Time,
    /// Only to test the adapter: compares each step of the pool with the reference model.
    pub witness: Option<Witness<SocketAddr>>,
    pub tally: Tally,
}

/// What the report tells beside the pool's own figures.
#[derive(Default)]
pub struct Tally {
    pub turns: u64,
    pub closed_while_parked: u64,
    pub broken_under_a_lease: u64,
    pub closed_by_the_pool: BTreeMap<CloseReason, u64>,
    pub drained: u32,
}

impl EventLoop {
    pub fn new(config: Config, has_witness: bool) -> Result<Self, Box<dyn Error>> {
        Ok(Self {
            witness: has_witness.then(|| Witness::new(config.clone())),
            pool: Pool::new(config)?,
            actions: Actions::new(),
            happened: VecDeque::new(),
            connections: Connections::default(),
            requests: Requests::default(),
            poll: Poll::new()?,
            origin: Instant::now(),
            now: Time::ZERO,
            tally: Tally::default(),
        })
    }

    /// One turn: waits until a socket is ready, until the pool's deadline, or until `wake_at`, whatever comes first.
    /// If there is no deadline, there is no timer.
    pub fn turn(&mut self, wake_at: Option<Time>) -> Result<(), Box<dyn Error>> {
        let wake_at = [self.pool.deadline(), wake_at].into_iter().flatten().min();
        let ready = self.wait(wake_at)?;
        self.now = Time::from_origin(self.origin.elapsed());
        for index in ready {
            self.socket_is_ready(index);
            self.settle()?;
        }
        if self.pool.deadline().is_some_and(|deadline| deadline <= self.now) {
            self.tell(OwnedEvent::Tick)?;
        }
        self.tally.turns += 1;
        Ok(())
    }

    /// Tells the pool what has happened, and whatever follows from what it says.
    pub fn tell(&mut self, event: OwnedEvent<SocketAddr>) -> Result<(), Box<dyn Error>> {
        self.happened.push_back(event);
        self.settle()
    }

    /// Which sockets are ready.
    fn wait(&mut self, wake_at: Option<Time>) -> io::Result<Vec<usize>> {
        let timeout = wake_at.map(|time| time.since(Time::from_origin(self.origin.elapsed())));
        let mut events = Events::with_capacity(64);
        match self.poll.poll(&mut events, timeout) {
            // A signal: the next turn waits again.
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(Vec::new()),
            Err(error) => Err(error),
            Ok(()) => Ok(events.iter().map(|event| event.token().0).collect()),
        }
    }

    /// Tells the pool one event after the other. Carrying out an action can make something happen at once (a dial that
    /// is refused, a socket that is closed): that is queued, never told from within.
    fn settle(&mut self) -> Result<(), Box<dyn Error>> {
        while let Some(event) = self.happened.pop_front() {
            let mut actions = std::mem::take(&mut self.actions);
            // An adapter that tells the truth is never refused.
            self.handle(event.as_event(), &mut actions)?;
            for action in actions.drain() {
                self.carry_out(action);
            }
            self.actions = actions;
        }
        Ok(())
    }

    fn handle(&mut self, event: Event<'_, SocketAddr>, actions: &mut Actions) -> Result<(), Box<dyn Error>> {
        let result = self.pool.handle(self.now, event, actions);
        if let Some(witness) = &mut self.witness {
            witness.saw(self.now, event, result, actions, &self.pool)?;
        }
        Ok(result?)
    }

    #[expect(
        clippy::match_same_arms,
        reason = "what needs nothing, and what is not known, are different things"
    )]
    fn carry_out(&mut self, action: Action) {
        match action {
            Action::Deliver { token, conn, source, .. } => {
                self.requests.delivered(token, source, self.now);
                self.lease(conn, token);
            }
            Action::Wait { token, request } => self.requests.waits(token, request),
            Action::Fail { token, error, .. } => self.requests.failed(token, error),
            Action::StartDial { conn } => self.dial(conn),
            Action::CancelDial { conn } => self.end(conn),
            Action::Check { conn } => self.check(conn),
            // It lies there already: its socket stays with the poll, which tells when the peer closes it.
            Action::Park { .. } => {}
            Action::Close { conn, reason } => {
                *self.tally.closed_by_the_pool.entry(reason).or_default() += 1;
                self.end(conn);
            }
            Action::Overdue { conn } => eprintln!("{conn} has been on lease for long"),
            Action::Drained => self.tally.drained += 1,
            // Actions of versions to come.
            _ => {}
        }
    }

    fn dial(&mut self, conn: ConnId) {
        let address = *self.pool.key(conn).expect("a dial has a key until its end is reported");
        if self.connections.dial(conn, address, self.poll.registry()).is_err() {
            self.happened.push_back(OwnedEvent::DialDone { conn, outcome: Err(DialError::Transient) });
        }
    }

    /// The request has a connection: here, it sends its line at once.
    fn lease(&mut self, conn: ConnId, token: u64) {
        let line = self.requests.line(token);
        self.use_for(conn, Role::Lease(token), &line);
    }

    fn check(&mut self, conn: ConnId) {
        self.use_for(conn, Role::Check, server::PING);
    }

    fn use_for(&mut self, conn: ConnId, role: Role, line: &str) {
        // The pool names only what it was not told the end of, and it is told of each end at once.
        let connection = self.connections.get_mut(conn).expect("an open connection");
        connection.role = role;
        if connection.socket.send(line).is_err() {
            self.end(conn);
        }
    }

    /// What a readiness means depends on what the connection does.
    fn socket_is_ready(&mut self, index: usize) {
        let Some(Connection { conn, socket, role }) = self.connections.at(index) else { return };
        let (conn, is_open) = (*conn, socket.pump().is_ok());
        let line = socket.take_line();
        // A peer that says more than it was asked for is not to be trusted with the next request.
        let is_sound = is_open && !socket.has_more();
        match (*role, line) {
            (_, None) if is_open => {}
            (Role::Dial, Some(line)) if is_sound && line == server::GREETING => {
                *role = Role::Idle;
                self.happened.push_back(OwnedEvent::DialDone { conn, outcome: Ok(Opened::EXCLUSIVE) });
            }
            (Role::Check, Some(line)) if is_sound && line == server::PONG => {
                *role = Role::Idle;
                self.happened.push_back(OwnedEvent::CheckDone { conn, alive: true });
            }
            (Role::Lease(token), Some(line)) => {
                *role = Role::Idle;
                self.requests.answered(token, &line);
                // What is known to be dead is not given back first: it would break the next one, too.
                if is_sound { self.happened.push_back(OwnedEvent::ConnIdle { conn }) } else { self.end(conn) }
            }
            // The peer has gone, or says what nobody has asked for.
            (role, _) => {
                self.tally.closed_while_parked += u64::from(role == Role::Idle);
                self.end(conn);
            }
        }
    }

    /// The one way out for a connection: closes it, and reports the one end that is owed.
    fn end(&mut self, conn: ConnId) {
        match self.connections.close(conn, self.poll.registry()) {
            // Its end has been reported.
            None => {}
            Some(Role::Dial) => {
                self.happened.push_back(OwnedEvent::DialDone { conn, outcome: Err(DialError::Transient) });
            }
            Some(Role::Lease(token)) => {
                self.tally.broken_under_a_lease += 1;
                self.happened.push_back(OwnedEvent::ConnClosed { conn });
                // Its request was lost with it, and asks once more: here, each can be sent twice.
                self.happened.push_back(self.requests.broken(token, self.now));
            }
            Some(Role::Idle | Role::Check) => self.happened.push_back(OwnedEvent::ConnClosed { conn }),
        }
    }
}
