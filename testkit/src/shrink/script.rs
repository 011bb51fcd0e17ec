//! A run whose connections and requests have names that last.

use std::collections::BTreeMap;
use std::hash::Hash;
use std::mem::{Discriminant, discriminant};
use std::panic::{AssertUnwindSafe, catch_unwind};

use latebind::{Action, Actions, Config, ConnId, OwnedEvent, Pool, RequestId, Time};

use crate::{Names, Run};

/// An event, and what its subject is called.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Line<K> {
    /// Stays the same when others are left out.
    id: usize,
    pub(super) at: Time,
    pub(super) event: OwnedEvent<K>,
    /// The connection is the key's so-manieth.
    number: Option<(K, u32)>,
    /// The connection is the so-manieth that was dialed in answer to that line.
    origin: Option<(usize, usize)>,
    pub(super) token: Option<u64>,
    is_refused: bool,
}

/// How connections are found again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Naming {
    /// By the ids of a recorded run.
    Id,
    /// By the event that started the dial: earlier dials may be left out.
    Origin,
    /// By key and number: the dial may start earlier, or later. The last one, if there are fewer by then: so a row of
    /// dials, each in answer to the end of the one before, becomes shorter.
    Number,
}

#[derive(Clone, PartialEq, Debug)]
pub(super) struct Script<K> {
    pub(super) config: Config,
    pub(super) lines: Vec<Line<K>>,
}

/// A pool that is told one line after the other, and the names in it.
struct Stage<K> {
    pool: Pool<K>,
    names: Names<K>,
    origins: BTreeMap<(usize, usize), ConnId>,
    origin_of: BTreeMap<ConnId, (usize, usize)>,
}

/// What a line has in common with others.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Sort<K> {
    /// The kind of its event.
    Kind(Discriminant<OwnedEvent<K>>),
    /// The key that it concerns.
    Key(K),
    /// It was refused.
    Refused,
}

impl<K: Clone> Line<K> {
    pub(super) fn sorts(&self) -> Vec<Sort<K>> {
        let key = match &self.event {
            OwnedEvent::Request { key, .. }
            | OwnedEvent::Preconnect { key, .. }
            | OwnedEvent::Keep { key, .. }
            | OwnedEvent::LimitDials { key, .. }
            | OwnedEvent::Clear { key: Some(key), .. } => Some(key),
            _ => self.number.as_ref().map(|(key, _)| key),
        };
        let refused = self.is_refused.then_some(Sort::Refused);
        let kind = Sort::Kind(discriminant(&self.event));
        refused.into_iter().chain([kind]).chain(key.cloned().map(Sort::Key)).collect()
    }
}

impl<K: Clone + Eq + Hash> Script<K> {
    /// The run again, with names.
    pub(super) fn of(run: &Run<K>) -> Option<(Run<K>, Self)> {
        let line = |(id, step): (usize, &crate::Step<K>)| Line {
            id,
            at: step.at,
            event: step.event.clone(),
            number: None,
            origin: None,
            token: None,
            is_refused: false,
        };
        let lines = run.steps.iter().enumerate().map(line).collect();
        Self { config: run.config.clone(), lines }.play(Naming::Id)
    }

    /// Tells it to a new pool: what came of it, and the lines that have a subject, named anew.
    pub(super) fn play(&self, naming: Naming) -> Option<(Run<K>, Self)> {
        let mut stage = Stage {
            pool: Pool::new(self.config.clone()).ok()?,
            names: Names::default(),
            origins: BTreeMap::new(),
            origin_of: BTreeMap::new(),
        };
        let mut run = Run::new(self.config.clone());
        let mut lines = Vec::with_capacity(self.lines.len());
        for line in &self.lines {
            let Some(mut line) = stage.find(line, naming) else { continue };
            let goes_on = stage.tell(&line, &mut run);
            line.is_refused = run.steps.last().is_some_and(|step| step.actions.is_none());
            lines.push(line);
            if !goes_on {
                break;
            }
        }
        Some((run, Self { config: self.config.clone(), lines }))
    }
}

impl<K: Clone + Eq + Hash> Stage<K> {
    /// The line with the id that its subject has here; `None` if that is not there.
    fn find(&self, line: &Line<K>, naming: Naming) -> Option<Line<K>> {
        let mut line = line.clone();
        if let Some(conn) = conn_of(&mut line.event) {
            *conn = match (naming, &line.origin, &line.number) {
                (Naming::Origin, Some(origin), _) => *self.origins.get(origin)?,
                (Naming::Number, _, Some((key, number))) => {
                    self.names.conn_of(key, *number).or_else(|| self.names.last_of(key))?
                }
                _ => *conn,
            };
            line.number = self.names.number(*conn);
            line.origin = self.origin_of.get(conn).copied();
        }
        if let Some(request) = request_of(&mut line.event) {
            if naming != Naming::Id
                && let Some(token) = line.token
            {
                *request = self.names.request_of(token)?;
            }
            line.token = self.names.token(*request);
        }
        Some(line)
    }

    /// Tells the line; false: the pool has panicked, and must not be used any more.
    fn tell(&mut self, line: &Line<K>, run: &mut Run<K>) -> bool {
        let mut actions = Actions::new();
        let (pool, out) = (&mut self.pool, &mut actions);
        let told = catch_unwind(AssertUnwindSafe(|| pool.handle(line.at, line.event.as_event(), out)));
        let Ok(result) = told else {
            run.record(line.at, line.event.as_event(), Ok(&[]));
            return false;
        };
        run.record(line.at, line.event.as_event(), result.map(|()| &*actions));
        self.names.learn(&actions, |conn| self.pool.key(conn));
        let dials = actions.iter().filter_map(|action| match action {
            Action::StartDial { conn } => Some(*conn),
            _ => None,
        });
        for (place, conn) in dials.enumerate() {
            self.origins.insert((line.id, place), conn);
            self.origin_of.insert(conn, (line.id, place));
        }
        true
    }
}

/// The connection that an event names.
fn conn_of<K>(event: &mut OwnedEvent<K>) -> Option<&mut ConnId> {
    match event {
        OwnedEvent::DialDone { conn, .. }
        | OwnedEvent::ConnIdle { conn }
        | OwnedEvent::ConnClosed { conn }
        | OwnedEvent::CheckDone { conn, .. }
        | OwnedEvent::Capacity { conn, .. }
        | OwnedEvent::Draining { conn } => Some(conn),
        _ => None,
    }
}

/// The request that an event names.
fn request_of<K>(event: &mut OwnedEvent<K>) -> Option<&mut RequestId> {
    match event {
        OwnedEvent::Cancel { request } | OwnedEvent::Reprioritize { request, .. } => Some(request),
        _ => None,
    }
}
