//! Who is known to speak HTTP/2: one connection will serve all who wait for such a peer.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use crate::Origin;

/// Beyond so many peers, no more are noted: a burst to one of those dials as to a peer that is not known. None is
/// forgotten, since the pool may still limit its dials.
const REMEMBERED: usize = 1024;

/// What was spoken with peers before.
#[derive(Clone, Default)]
pub(crate) struct Peers(Arc<RwLock<HashMap<Origin, Spoken>>>);

/// What is known of a peer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Spoken {
    Http2,
    /// HTTP/2 before, and HTTP/1.1 since: whatever limit of dials there may be is to end.
    NotAnyMore,
}

impl Peers {
    pub(crate) fn spoken(&self, origin: &Origin) -> Option<Spoken> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(origin).copied()
    }

    /// A connection has been opened.
    pub(crate) fn learn(&self, origin: &Origin, is_http2: bool) {
        let before = self.spoken(origin);
        let now = match (before, is_http2) {
            (_, true) => Spoken::Http2,
            (None, false) => return,
            (Some(_), false) => Spoken::NotAnyMore,
        };
        if before == Some(now) {
            return;
        }
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED && before.is_none() {
            return;
        }
        known.insert(origin.clone(), now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(number: usize) -> Origin {
        Origin::of(&format!("http://host-{number}.test/").parse().unwrap()).unwrap()
    }

    #[test]
    fn the_last_connection_counts_and_http1_alone_is_not_worth_a_note() {
        let peers = Peers::default();
        peers.learn(&origin(0), false);
        assert_eq!(peers.spoken(&origin(0)), None);
        peers.learn(&origin(0), true);
        assert_eq!(peers.spoken(&origin(0)), Some(Spoken::Http2));
        peers.learn(&origin(0), false);
        assert_eq!(peers.spoken(&origin(0)), Some(Spoken::NotAnyMore));
        peers.learn(&origin(0), true);
        assert_eq!(peers.spoken(&origin(0)), Some(Spoken::Http2));
    }

    #[test]
    fn the_memory_is_bounded() {
        let peers = Peers::default();
        for number in 0..3 * REMEMBERED {
            peers.learn(&origin(number), true);
        }
        assert_eq!(peers.0.read().unwrap().len(), REMEMBERED);
        assert_eq!(peers.spoken(&origin(0)), Some(Spoken::Http2));
        assert_eq!(peers.spoken(&origin(REMEMBERED)), None);
    }
}
