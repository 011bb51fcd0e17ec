//! The requests of the ledger, with counts that are kept beside them.

use latebind::RequestId;

use crate::simulate::key::Key;

/// How far a request has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    Unasked,
    /// It came in this step.
    Asked,
    Waits,
    Over,
}

#[derive(Clone, Copy, Debug)]
struct Request {
    key: Key,
    stage: Stage,
    id: Option<RequestId>,
}

/// Requests by token.
#[derive(Clone, Default, Debug)]
pub(super) struct Requests {
    table: Vec<Request>,
    /// The newest id of each index, and its token.
    issued: Vec<(RequestId, u64)>,
    waiters: u32,
    of_keys: Vec<u32>,
    /// Of this step: the token of its `Request`.
    asked: Option<u64>,
}

impl Requests {
    pub(super) fn ask(&mut self, token: u64, key: Key) {
        let place = token as usize;
        if self.table.len() <= place {
            self.table.resize(place + 1, Request { key, stage: Stage::Unasked, id: None });
        }
        if self.of_keys.len() <= key.index() {
            self.of_keys.resize(key.index() + 1, 0);
        }
        self.table[place] = Request { key, stage: Stage::Asked, id: None };
        self.asked = Some(token);
    }

    /// The request waits from now on; tells whether it came in this step.
    pub(super) fn wait(&mut self, token: u64, id: RequestId) -> bool {
        let was_asked = self.stage(token) == Stage::Asked;
        if was_asked {
            self.name(token, id);
            self.table[token as usize].stage = Stage::Waits;
            self.waiters += 1;
            self.of_keys[self.table[token as usize].key.index()] += 1;
        }
        was_asked
    }

    /// The request is answered: tells its key, unless it was over before, or never asked.
    pub(super) fn answer(&mut self, token: u64, id: RequestId) -> Option<Key> {
        match self.stage(token) {
            Stage::Asked => self.name(token, id),
            Stage::Waits if self.id(token) == Some(id) => {}
            _ => return None,
        }
        let key = self.table[token as usize].key;
        self.finish(token);
        Some(key)
    }

    pub(super) fn cancel(&mut self, id: RequestId) {
        let token = self.issued.get(id.index()).filter(|(issued, _)| *issued == id).map(|(_, token)| *token);
        if let Some(token) = token.filter(|&token| self.waits(token)) {
            self.finish(token);
        }
    }

    fn finish(&mut self, token: u64) {
        let request = &mut self.table[token as usize];
        if request.stage == Stage::Waits {
            self.waiters -= 1;
            self.of_keys[request.key.index()] -= 1;
        }
        request.stage = Stage::Over;
    }

    fn name(&mut self, token: u64, id: RequestId) {
        self.table[token as usize].id = Some(id);
        match self.issued.get_mut(id.index()) {
            Some(newest) => *newest = (id, token),
            None => self.issued.push((id, token)),
        }
    }

    pub(super) fn was_issued(&self, id: RequestId) -> bool {
        self.issued.get(id.index()).is_some_and(|(newest, _)| newest.generation() >= id.generation())
    }

    /// The token of this step's request, if it was not answered.
    pub(super) fn unanswered(&mut self) -> Option<u64> {
        self.asked.take().filter(|&token| self.stage(token) == Stage::Asked)
    }

    pub(super) fn id(&self, token: u64) -> Option<RequestId> {
        self.table.get(token as usize)?.id
    }

    pub(super) fn waits(&self, token: u64) -> bool {
        self.stage(token) == Stage::Waits
    }

    fn stage(&self, token: u64) -> Stage {
        self.table.get(token as usize).map_or(Stage::Unasked, |request| request.stage)
    }

    pub(super) fn waiters(&self) -> u32 {
        self.waiters
    }

    pub(super) fn waiters_of(&self, key: Key) -> u32 {
        self.of_keys.get(key.index()).copied().unwrap_or(0)
    }

    /// All waiters, and those of the request's key.
    pub(super) fn waiting(&self, token: u64) -> (u32, u32) {
        (self.waiters, self.waiters_of(self.table[token as usize].key))
    }
}
