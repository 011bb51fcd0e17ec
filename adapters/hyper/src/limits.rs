//! How many streams the peers allowed before: what a new HTTP/2 connection goes by until its peer has said so itself.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use crate::Origin;

/// Peers that allow fewer streams than a client assumes are few. Beyond so many, all are forgotten.
const REMEMBERED: usize = 1024;

/// To wait for a peer's word would cost a round trip with every new connection. So hyper assumes a number, and what goes
/// beyond the peer's queues on the connection: once per peer, since its word is remembered here.
#[derive(Clone, Default)]
pub(crate) struct Limits(Arc<RwLock<HashMap<Origin, u32>>>);

impl Limits {
    /// How many streams a new connection is taken to allow.
    pub(crate) fn at_first(&self, origin: &Origin, assumed: u32) -> u32 {
        self.known(origin).map_or(assumed, |known| assumed.min(known))
    }

    /// How many the peer allows, if that is known and few.
    pub(crate) fn known(&self, origin: &Origin) -> Option<u32> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(origin).copied()
    }

    /// The peer has said so.
    pub(crate) fn learn(&self, origin: &Origin, assumed: u32, allowed: u32) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if allowed >= assumed {
            known.remove(origin);
            return;
        }
        if known.len() >= REMEMBERED && !known.contains_key(origin) {
            known.clear();
        }
        known.insert(origin.clone(), allowed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(number: usize) -> Origin {
        Origin::of(&format!("http://host-{number}.test/").parse().unwrap()).unwrap()
    }

    #[test]
    fn the_last_word_counts_and_only_a_small_one_is_kept() {
        let limits = Limits::default();
        assert_eq!(limits.at_first(&origin(0), 100), 100);
        limits.learn(&origin(0), 100, 2);
        assert_eq!((limits.at_first(&origin(0), 100), limits.at_first(&origin(1), 100)), (2, 100));
        limits.learn(&origin(0), 100, 128);
        assert_eq!(limits.at_first(&origin(0), 100), 100);
        assert!(limits.0.read().unwrap().is_empty());
    }

    #[test]
    fn the_memory_is_bounded() {
        let limits = Limits::default();
        for number in 0..3 * REMEMBERED {
            limits.learn(&origin(number), 100, 1);
            assert!(limits.0.read().unwrap().len() <= REMEMBERED);
        }
    }
}
