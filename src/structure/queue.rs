//! A queue in order of priority and then of place.

use core::ops::IndexMut;

use super::{Linked, List, NIL};
use crate::Priority;

const LEVELS: usize = Priority::LEVELS as usize;

/// Where a node stands in the queues of its key: those of greater priority come first, then those that took
/// their place earlier. Smaller for those that come first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Place(u64);

impl Place {
    /// Three bits hold the level; 2^61 orders are some centuries of events.
    const ORDER_BITS: u32 = 61;

    /// Before all others.
    pub(crate) const FIRST: Self = Self(0);

    #[inline]
    pub(crate) fn new(priority: Priority, order: u64) -> Self {
        Self(u64::from(Priority::LEVELS - 1 - priority.level()) << Self::ORDER_BITS | order)
    }

    #[inline]
    pub(crate) fn rank(self) -> u64 {
        self.0
    }

    /// The level of priority.
    #[inline]
    pub(crate) fn level(self) -> u8 {
        Priority::LEVELS - 1 - (self.0 >> Self::ORDER_BITS) as u8
    }

    /// When it was taken, in the order of events.
    fn order(self) -> u64 {
        self.0 & ((1 << Self::ORDER_BITS) - 1)
    }
}

/// A node with a place.
pub(crate) trait Queued<L>: Linked<L> {
    fn place(&self) -> Place;
}

/// One list, and where each level of priority ends in it: O(1) in the number of nodes.
#[derive(Clone, Debug)]
pub(crate) struct Queue<L> {
    list: List<L>,
    /// The last node of each level, [`NIL`] for a level without any.
    last: [u32; LEVELS],
}

impl<L> Default for Queue<L> {
    fn default() -> Self {
        Self { list: List::default(), last: [NIL; LEVELS] }
    }
}

impl<L> Queue<L> {
    pub(crate) fn len(&self) -> u32 {
        self.list.len()
    }

    /// The first node, or [`NIL`].
    pub(crate) fn front(&self) -> u32 {
        self.list.front()
    }

    /// The last node, or [`NIL`].
    pub(crate) fn back(&self) -> u32 {
        self.list.back()
    }

    /// Puts a node last of its level.
    #[inline]
    pub(crate) fn push<T: Queued<L>>(&mut self, nodes: &mut impl IndexMut<u32, Output = T>, node: u32) {
        let level = level(&nodes[node]);
        // Behind the last of its own level or, if that is empty, of the next upper one that is not.
        let above = self.last[level..].iter().copied().find(|last| *last != NIL).unwrap_or(NIL);
        self.last[level] = node;
        self.list.insert_after(nodes, above, node);
    }

    #[inline]
    pub(crate) fn remove<T: Queued<L>>(&mut self, nodes: &mut impl IndexMut<u32, Output = T>, node: u32) {
        let level = level(&nodes[node]);
        if self.last[level] == node {
            let prev = nodes[node].links().prev();
            let alone = prev == NIL || self::level(&nodes[prev]) != level;
            self.last[level] = if alone { NIL } else { prev };
        }
        self.list.remove(nodes, node);
    }

    /// The first node that took its place before `order`, or [`NIL`]: within a level the first is the
    /// oldest, so one look at each level is enough.
    pub(crate) fn first_before<T: Queued<L>>(
        &self,
        nodes: &impl IndexMut<u32, Output = T>,
        order: u64,
    ) -> u32 {
        let mut node = self.front();
        while node != NIL && nodes[node].place().order() >= order {
            node = List::next(nodes, self.last[level(&nodes[node])]);
        }
        node
    }
}

fn level<L>(node: &impl Queued<L>) -> usize {
    usize::from(node.place().level())
}
