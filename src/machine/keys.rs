//! All keys, and the heaps that a key can stand in.

use alloc::vec::Vec;
use core::ops::{Index, IndexMut};

use super::key::Key;
use crate::structure::{NIL, Slotted};

/// The keys, under the indices that the pool's names have.
#[derive(Clone, Debug, Default)]
pub(super) struct Keys(Vec<Key>);

impl Keys {
    /// Makes room for the key `index`.
    pub(super) fn reach(&mut self, index: u32) {
        if self.0.len() <= index as usize {
            self.0.resize_with(index as usize + 1, Key::default);
        }
    }

    #[inline]
    pub(super) fn get(&self, index: u32) -> Option<&Key> {
        self.0.get(index as usize)
    }

    /// The number of keys that ever were known at once.
    pub(super) fn len(&self) -> u32 {
        self.0.len() as u32
    }
}

impl Index<u32> for Keys {
    type Output = Key;

    #[inline]
    fn index(&self, index: u32) -> &Key {
        &self.0[index as usize]
    }
}

impl IndexMut<u32> for Keys {
    #[inline]
    fn index_mut(&mut self, index: u32) -> &mut Key {
        &mut self.0[index as usize]
    }
}

/// Declares the heaps that keys can stand in: a kind and a slot for each.
macro_rules! heaps {
    ($($(#[$doc:meta])* $kind:ident, $slot:ident;)*) => {
        $($(#[$doc])*
        #[derive(Clone, Debug)]
        pub(super) struct $kind;

        impl Slotted<$kind> for Key {
            fn slot(&self) -> u32 {
                self.slots.$slot
            }

            fn slot_mut(&mut self) -> &mut u32 {
                &mut self.slots.$slot
            }
        })*

        /// Where a key stands in each of the heaps, or [`NIL`].
        #[derive(Clone, Debug)]
        pub(super) struct Slots { $($slot: u32,)* }

        impl Default for Slots {
            fn default() -> Self {
                Self { $($slot: NIL,)* }
            }
        }
    };
}

heaps! {
    /// Keys that would dial for a waiter if the pool had room.
    InStalled, stalled;
    /// Keys for whom something of their own is due at some time.
    InAlarms, alarm;
    /// Keys in a backoff that holds nobody up.
    InCooling, cooling;
    /// Keys with a waiter whose backup dial is due, and that would start it if the pool had room (R13).
    InBackupLine, backup;
    /// Keys with more cover than waiters (R10).
    InSurplus, surplus;
    /// Keys below their floor that would dial if the pool had room (R20).
    InRefills, refill;
    /// Keys with preconnects that wait for room that is being made (R20), in their order.
    InPreconnects, preconnect;
    /// The same, the last one first.
    InLastPreconnects, last_preconnect;
    /// Keys with a floor that have something parked; those above it, and those that are not (R20).
    InFloored, floored;
}
