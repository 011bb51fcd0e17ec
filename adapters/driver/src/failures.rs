//! Why the last dial of each key failed, for those who time out later (A8).

use std::collections::HashMap;
use std::hash::Hash;

use latebind::ConnId;

use crate::ConnectError;

/// The last failed dial of each key that had no success since.
pub(crate) struct Failures<K, E> {
    by_key: HashMap<K, Failure<E>>,
    /// Those that a later one took the place of in this step: who times out in the same step, before the later dial
    /// ends, still names them.
    replaced: Vec<Failure<E>>,
}

/// A dial that failed, and why.
pub(crate) struct Failure<E> {
    conn: ConnId,
    error: ConnectError<E>,
}

/// Failures that are over, to be dropped after the lock.
#[must_use = "dropping it under the lock runs foreign code there"]
pub(crate) struct Forgotten<K, E>(Vec<(Option<K>, Failure<E>)>);

/// Keys may be forgotten by the core without an event that names them, so the map may outgrow them by so much.
const SLACK: usize = 16;

impl<K: Eq + Hash, E> Failures<K, E> {
    pub(crate) fn new() -> Self {
        Self { by_key: HashMap::new(), replaced: Vec::new() }
    }

    /// The previous failure of the key is kept until [`settle`](Self::settle).
    pub(crate) fn insert(&mut self, key: K, conn: ConnId, error: ConnectError<E>) {
        self.replaced.extend(self.by_key.insert(key, Failure { conn, error }));
    }

    /// Whether there is something to [settle](Self::settle); almost never.
    pub(crate) fn is_unsettled(&self) -> bool {
        !self.replaced.is_empty()
    }

    /// The step is over.
    pub(crate) fn settle(&mut self) -> Forgotten<K, E> {
        Forgotten(self.replaced.drain(..).map(|failure| (None, failure)).collect())
    }

    pub(crate) fn remove(&mut self, key: &K) -> Forgotten<K, E> {
        let removed = self.by_key.remove_entry(key);
        Forgotten(removed.into_iter().map(|(key, failure)| (Some(key), failure)).collect())
    }

    /// Why that dial of the key failed, if it did.
    pub(crate) fn of(&self, key: &K, conn: ConnId) -> Option<ConnectError<E>> {
        let failures = self.by_key.get(key).into_iter().chain(&self.replaced);
        failures.filter(|failure| failure.conn == conn).map(|failure| failure.error.clone()).next()
    }

    /// Forgets keys that are not known any more, once they outnumber those that are: O(1) each, amortized.
    pub(crate) fn sweep(&mut self, known: usize, is_known: impl Fn(&K) -> bool) -> Forgotten<K, E> {
        if self.by_key.len() <= 2 * known + SLACK {
            return Forgotten(Vec::new());
        }
        let over = self.by_key.extract_if(|key, _| !is_known(key));
        Forgotten(over.map(|(key, failure)| (Some(key), failure)).collect())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }
}

impl<K, E> Forgotten<K, E> {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conn(index: u32) -> ConnId {
        ConnId::from_parts(index, 1).expect("1 is a generation")
    }

    #[test]
    fn a_failure_is_told_for_its_own_dial_only() {
        let mut failures = Failures::new();
        failures.insert("a", conn(0), ConnectError::<String>::RuntimeGone);
        assert!(failures.of(&"a", conn(0)).is_some());
        assert!(failures.of(&"a", conn(1)).is_none());
        assert!(failures.of(&"b", conn(0)).is_none());
        failures.insert("a", conn(2), ConnectError::RuntimeGone);
        assert!(failures.of(&"a", conn(0)).is_some(), "in the step that replaces it");
        assert!(!failures.settle().is_empty());
        assert!(failures.of(&"a", conn(0)).is_none() && failures.of(&"a", conn(2)).is_some());
        assert!(!failures.remove(&"a").is_empty());
        assert!(failures.is_empty());
    }

    #[test]
    fn keys_that_are_not_known_any_more_are_swept_before_they_pile_up() {
        let mut failures = Failures::new();
        for key in 0..1_000_u32 {
            failures.insert(key, conn(key), ConnectError::<String>::RuntimeGone);
            let _ = failures.sweep(1, |known| *known == 7);
            assert!(failures.by_key.len() <= 2 + SLACK);
        }
        assert!(failures.of(&7, conn(7)).is_some(), "the known key is kept");
    }
}
