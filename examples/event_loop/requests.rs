//! The users: who asked for what, and what became of it.

use std::net::SocketAddr;
use std::time::Duration;

use latebind::{Deliveries, OwnedEvent, Priority, RequestError, RequestId, Source, Time};

use crate::server;

/// What a request is there to show.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Plan {
    /// It is answered.
    Plain,
    /// The server breaks its first connection without an answer; it asks again, and is answered.
    Breaks,
    /// It has no time.
    Impatient,
    /// Its user soon leaves.
    Leaves,
    /// Nobody listens at its address.
    Refused,
    /// The server at its address never says a word.
    Unheard,
    /// It comes when the pool is about to shut down.
    LastMinute,
}

/// How a request ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    Answered(String),
    Failed(RequestError),
    Cancelled,
}

/// One request, from the first time that it asked until its end.
pub struct Request {
    pub plan: Plan,
    key: SocketAddr,
    deadline: Option<Time>,
    /// When it asked for a connection, the last time.
    asked_at: Time,
    tries: u32,
    /// The pool's name of it, while it waits.
    waits_as: Option<RequestId>,
    /// Exactly one in the end.
    pub outcomes: Vec<Outcome>,
}

/// All of them, ever: the pool's tokens are their places.
#[derive(Default)]
pub struct Requests {
    pub all: Vec<Request>,
    unanswered: usize,
    /// How often connections came from where.
    pub served: Deliveries,
    /// How long requests waited for their connections.
    pub waits: Vec<Duration>,
}

impl Requests {
    /// Somebody new; tells the token and what is to be told to the pool.
    pub fn ask(
        &mut self,
        plan: Plan,
        key: SocketAddr,
        now: Time,
        patience: Option<Duration>,
    ) -> (u64, OwnedEvent<SocketAddr>) {
        let deadline = patience.map(|patience| now.after(patience));
        let token = self.all.len() as u64;
        self.all.push(Request {
            plan,
            key,
            deadline,
            asked_at: now,
            tries: 1,
            waits_as: None,
            outcomes: Vec::new(),
        });
        self.unanswered += 1;
        (token, self.event(token))
    }

    /// How many have not ended.
    pub fn unanswered(&self) -> usize {
        self.unanswered
    }

    pub fn waits(&mut self, token: u64, request: RequestId) {
        self.get(token).waits_as = Some(request);
    }

    pub fn delivered(&mut self, token: u64, source: Source, now: Time) {
        let request = self.get(token);
        request.waits_as = None;
        let wait = now.since(request.asked_at);
        self.waits.push(wait);
        self.served[source] += 1;
    }

    pub fn failed(&mut self, token: u64, error: RequestError) {
        let request = self.get(token);
        request.waits_as = None;
        // It may fail in the very step of its cancel: time passes first.
        if request.outcomes != [Outcome::Cancelled] {
            self.ended(token, Outcome::Failed(error));
        }
    }

    pub fn answered(&mut self, token: u64, line: &str) {
        self.ended(token, Outcome::Answered(line.to_owned()));
    }

    /// Its connection was lost under it: it asks once more.
    pub fn broken(&mut self, token: u64, now: Time) -> OwnedEvent<SocketAddr> {
        let request = self.get(token);
        (request.asked_at, request.tries) = (now, request.tries + 1);
        self.event(token)
    }

    /// Its user leaves. One that has its connection is in no queue any more, and stays for the answer.
    pub fn leave(&mut self, token: u64) -> Option<OwnedEvent<SocketAddr>> {
        let request = self.get(token).waits_as.take()?;
        self.ended(token, Outcome::Cancelled);
        Some(OwnedEvent::Cancel { request })
    }

    /// What it says to the server.
    pub fn line(&self, token: u64) -> String {
        let request = &self.all[token as usize];
        match request.plan {
            Plan::Breaks if request.tries == 1 => server::BREAK.to_owned(),
            _ => format!("{} {token}", server::ASK),
        }
    }

    fn event(&self, token: u64) -> OwnedEvent<SocketAddr> {
        let Request { key, deadline, .. } = self.all[token as usize];
        OwnedEvent::Request { key, token, priority: Priority::default(), deadline }
    }

    fn ended(&mut self, token: u64, outcome: Outcome) {
        self.get(token).outcomes.push(outcome);
        self.unanswered = self.unanswered.saturating_sub(1);
    }

    fn get(&mut self, token: u64) -> &mut Request {
        &mut self.all[token as usize]
    }
}
