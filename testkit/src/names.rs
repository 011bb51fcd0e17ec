//! Names that last: connections by key and number, requests by token.

use std::collections::BTreeMap;
use std::fmt::Display;

use latebind::{Action, ConnId, RequestId};

/// What a run's connections and requests are called: `a1` is the first connection that was dialed for the key
/// `a`, and a request has the name that it was [given](Self::call), or `r` and its token.
///
/// Ids depend on all that happened before; these names do so much less, so that a script with an event left out
/// still means what it says.
#[derive(Clone, Debug)]
pub struct Names<K> {
    conns: BTreeMap<ConnId, (K, u32)>,
    /// The connections of each key, in the order of their dials.
    of_keys: Vec<(K, Vec<ConnId>)>,
    requests: BTreeMap<RequestId, u64>,
    tokens: BTreeMap<u64, RequestId>,
    given: BTreeMap<u64, String>,
}

impl<K> Default for Names<K> {
    fn default() -> Self {
        Self {
            conns: BTreeMap::new(),
            of_keys: Vec::new(),
            requests: BTreeMap::new(),
            tokens: BTreeMap::new(),
            given: BTreeMap::new(),
        }
    }
}

impl<K: Clone + Eq> Names<K> {
    /// Learns the ids that stand in the actions of one step.
    pub fn learn<'k>(&mut self, actions: &[Action], key_of: impl Fn(ConnId) -> Option<&'k K>)
    where
        K: 'k,
    {
        for action in actions {
            match *action {
                Action::StartDial { conn } => {
                    if let Some(key) = key_of(conn) {
                        let number = self.count(key, conn);
                        self.conns.insert(conn, (key.clone(), number));
                    }
                }
                Action::Deliver { token, request, .. }
                | Action::Wait { token, request }
                | Action::Fail { token, request, .. } => {
                    self.requests.insert(request, token);
                    self.tokens.insert(token, request);
                }
                _ => {}
            }
        }
    }

    /// Adds a connection to those of its key; tells its number.
    fn count(&mut self, key: &K, conn: ConnId) -> u32 {
        let place = self.of_keys.iter().position(|(other, _)| other == key).unwrap_or_else(|| {
            self.of_keys.push((key.clone(), Vec::new()));
            self.of_keys.len() - 1
        });
        let conns = &mut self.of_keys[place].1;
        conns.push(conn);
        conns.len() as u32
    }

    /// Gives the request with this token a name.
    pub fn call(&mut self, token: u64, name: &str) {
        self.given.insert(token, name.to_owned());
    }

    /// The key of a connection that ever was, and its number among those of the key, from 1.
    pub fn number(&self, conn: ConnId) -> Option<(K, u32)> {
        self.conns.get(&conn).cloned()
    }

    /// The connection with that number.
    pub fn conn_of(&self, key: &K, number: u32) -> Option<ConnId> {
        let of_key = self.of_keys.iter().find(|(other, _)| other == key);
        of_key?.1.get(number.checked_sub(1)? as usize).copied()
    }

    /// The connection that was dialed last for the key.
    pub(crate) fn last_of(&self, key: &K) -> Option<ConnId> {
        let of_key = self.of_keys.iter().find(|(other, _)| other == key);
        of_key?.1.last().copied()
    }

    /// The token of a request that ever was.
    pub fn token(&self, request: RequestId) -> Option<u64> {
        self.requests.get(&request).copied()
    }

    /// The last request with that token.
    pub fn request_of(&self, token: u64) -> Option<RequestId> {
        self.tokens.get(&token).copied()
    }
}

impl<K: Clone + Eq + Display> Names<K> {
    /// The connection of that name.
    pub fn conn(&self, name: &str) -> Option<ConnId> {
        self.conns.keys().copied().find(|&conn| self.conn_name(conn) == name)
    }

    /// The last request of that name.
    pub fn request(&self, name: &str) -> Option<RequestId> {
        let called = |token: u64| self.token_name(token) == name;
        let fits = self.requests.iter().filter(|(_, token)| called(**token));
        fits.max_by_key(|(_, token)| **token).map(|(&request, _)| request)
    }

    /// What a connection is called, or its id if the run never had it.
    pub fn conn_name(&self, conn: ConnId) -> String {
        match self.conns.get(&conn) {
            Some((key, number)) => format!("{key}{number}"),
            None => conn.to_string(),
        }
    }

    /// What a request is called, or its id if the run never had it.
    pub fn request_name(&self, request: RequestId) -> String {
        self.requests.get(&request).map_or_else(|| request.to_string(), |&token| self.token_name(token))
    }

    /// What the request with that token is called.
    pub fn token_name(&self, token: u64) -> String {
        self.given.get(&token).cloned().unwrap_or_else(|| format!("r{token}"))
    }
}
