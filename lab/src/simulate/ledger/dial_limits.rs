//! The limits of dials that keys have for themselves (R8).

use std::num::NonZeroU32;

use crate::simulate::key::Key;

/// What `LimitDials` said of keys.
///
/// A pool forgets it with the key (I7), which the ledger does not see: as long as the key has a connection, the limit is
/// in force for sure, later perhaps.
#[derive(Clone, Default, Debug)]
pub(super) struct DialLimits(Vec<Limit>);

#[derive(Clone, Debug)]
struct Limit {
    key: Key,
    max_dials: u32,
    is_sure: bool,
}

impl DialLimits {
    /// The key gets a limit of its own, or loses it.
    pub(super) fn set(&mut self, key: Key, max_dials: Option<NonZeroU32>, has_connections: bool) {
        self.0.retain(|limit| limit.key != key);
        let limit = max_dials.map(|limit| Limit { key, max_dials: limit.get(), is_sure: has_connections });
        self.0.extend(limit);
    }

    /// Some keys may have been forgotten.
    pub(super) fn doubt(&mut self, has_connections: impl Fn(Key) -> bool) {
        for limit in &mut self.0 {
            limit.is_sure &= has_connections(limit.key);
        }
    }

    /// Whether the key may have so many dials, where the config lets all keys have that many.
    pub(super) fn allow(&self, key: Key, dials: u32, of_all_keys: Option<u32>) -> bool {
        let is_within = of_all_keys.is_none_or(|limit| dials <= limit);
        match self.0.iter().find(|limit| limit.key == key) {
            None => is_within,
            Some(limit) => dials <= limit.max_dials || is_within && !limit.is_sure,
        }
    }
}
