//! A binary heap whose nodes know where they stand, so that any of them can leave.

use alloc::vec::Vec;
use core::marker::PhantomData;
use core::ops::IndexMut;

use super::NIL;

/// A node that can stand in one heap of kind `L` at a time; its slot is [`NIL`] while it stands in none.
pub(crate) trait Slotted<L> {
    fn slot(&self) -> u32;
    fn slot_mut(&mut self) -> &mut u32;
}

/// Nodes by rank, least first. Ranks differ, or it does not matter who is first.
///
/// A first look is O(1), every change O(log n); a node that ranks last comes and goes in O(1).
#[derive(Clone, Debug)]
pub(crate) struct Heap<L> {
    items: Vec<Item>,
    kind: PhantomData<L>,
}

#[derive(Clone, Copy, Debug)]
struct Item {
    rank: u64,
    node: u32,
}

impl<L> Default for Heap<L> {
    fn default() -> Self {
        Self { items: Vec::new(), kind: PhantomData }
    }
}

impl<L> Heap<L> {
    #[inline]
    pub(crate) fn len(&self) -> u32 {
        self.items.len() as u32
    }

    /// The node of least rank, or [`NIL`].
    #[inline]
    pub(crate) fn first(&self) -> u32 {
        self.items.first().map_or(NIL, |item| item.node)
    }

    /// The least rank.
    #[inline]
    pub(crate) fn first_rank(&self) -> Option<u64> {
        self.items.first().map(|item| item.rank)
    }

    /// Whether `node` stands in this heap, and not in another of its kind.
    pub(crate) fn contains<T: Slotted<L>>(&self, nodes: &impl IndexMut<u32, Output = T>, node: u32) -> bool {
        self.items.get(nodes[node].slot() as usize).is_some_and(|item| item.node == node)
    }

    /// Puts `node` where `rank` belongs, whether it stood in the heap or not.
    pub(crate) fn set<T: Slotted<L>>(
        &mut self,
        nodes: &mut impl IndexMut<u32, Output = T>,
        node: u32,
        rank: u64,
    ) {
        let mut slot = nodes[node].slot() as usize;
        if slot == NIL as usize {
            slot = self.items.len();
            self.items.push(Item { rank, node });
            *nodes[node].slot_mut() = slot as u32;
        } else if self.items[slot].rank == rank {
            return;
        } else {
            self.items[slot].rank = rank;
        }
        self.settle(nodes, slot);
    }

    /// Takes `node` out if it stands in the heap.
    #[inline]
    pub(crate) fn remove<T: Slotted<L>>(&mut self, nodes: &mut impl IndexMut<u32, Output = T>, node: u32) {
        let slot = nodes[node].slot();
        if slot != NIL {
            self.take_out(nodes, node, slot as usize);
        }
    }

    fn take_out<T: Slotted<L>>(
        &mut self,
        nodes: &mut impl IndexMut<u32, Output = T>,
        node: u32,
        slot: usize,
    ) {
        *nodes[node].slot_mut() = NIL;
        self.items.swap_remove(slot);
        if slot < self.items.len() {
            *nodes[self.items[slot].node].slot_mut() = slot as u32;
            self.settle(nodes, slot);
        }
    }

    /// Nodes and ranks in the heap's own order: for what may look at everything.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, u64)> + '_ {
        self.items.iter().map(|item| (item.node, item.rank))
    }

    /// Moves what stands at `slot` up or down until it stands right.
    fn settle<T: Slotted<L>>(&mut self, nodes: &mut impl IndexMut<u32, Output = T>, mut slot: usize) {
        while slot > 0 && self.items[slot].rank < self.items[(slot - 1) / 2].rank {
            self.swap(nodes, slot, (slot - 1) / 2);
            slot = (slot - 1) / 2;
        }
        while let Some(child) = self.least_child(slot)
            && self.items[child].rank < self.items[slot].rank
        {
            self.swap(nodes, slot, child);
            slot = child;
        }
    }

    fn least_child(&self, slot: usize) -> Option<usize> {
        let left = 2 * slot + 1;
        let right = left + 1;
        if right < self.items.len() && self.items[right].rank < self.items[left].rank {
            Some(right)
        } else {
            (left < self.items.len()).then_some(left)
        }
    }

    fn swap<T: Slotted<L>>(&mut self, nodes: &mut impl IndexMut<u32, Output = T>, a: usize, b: usize) {
        self.items.swap(a, b);
        *nodes[self.items[a].node].slot_mut() = a as u32;
        *nodes[self.items[b].node].slot_mut() = b as u32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    struct Node(u32);
    impl Slotted<()> for Node {
        fn slot(&self) -> u32 {
            self.0
        }
        fn slot_mut(&mut self) -> &mut u32 {
            &mut self.0
        }
    }

    struct Nodes(Vec<Node>);
    impl core::ops::Index<u32> for Nodes {
        type Output = Node;
        fn index(&self, index: u32) -> &Node {
            &self.0[index as usize]
        }
    }
    impl IndexMut<u32> for Nodes {
        fn index_mut(&mut self, index: u32) -> &mut Node {
            &mut self.0[index as usize]
        }
    }

    proptest! {
        #[test]
        fn the_first_is_the_least_of_those_that_are_in(
            changes in prop::collection::vec((0u32..20, prop::option::of(0u64..1000)), 0..200),
        ) {
            let mut nodes = Nodes((0..20).map(|_| Node(NIL)).collect());
            let mut heap = Heap::<()>::default();
            let mut naive = [None; 20];
            for (node, rank) in changes {
                match rank {
                    Some(rank) => heap.set(&mut nodes, node, rank),
                    None => heap.remove(&mut nodes, node),
                }
                naive[node as usize] = rank;
                prop_assert_eq!(heap.first_rank(), naive.iter().copied().flatten().min());
                prop_assert_eq!(heap.len() as usize, naive.iter().flatten().count());
                for (node, rank) in heap.iter() {
                    prop_assert_eq!(Some(rank), naive[node as usize]);
                }
            }
        }
    }
}
