//! A doubly linked list through the nodes of an arena.

use core::marker::PhantomData;
use core::ops::IndexMut;

/// No node.
pub(crate) const NIL: u32 = u32::MAX;

/// What a node carries for each list that it can stand in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Links {
    prev: u32,
    next: u32,
}

impl Links {
    pub(crate) const NONE: Self = Self { prev: NIL, next: NIL };

    pub(crate) fn prev(self) -> u32 {
        self.prev
    }

    /// The same room for a node that stands in a heap when it does not stand in the list.
    pub(crate) fn slot(self) -> u32 {
        self.prev
    }

    pub(crate) fn slot_mut(&mut self) -> &mut u32 {
        &mut self.prev
    }
}

/// A node that can stand in one list of kind `L` at a time.
pub(crate) trait Linked<L> {
    fn links(&self) -> &Links;
    fn links_mut(&mut self) -> &mut Links;
}

/// A list of kind `L`. Every operation is O(1).
#[derive(Clone, Debug)]
pub(crate) struct List<L> {
    head: u32,
    tail: u32,
    len: u32,
    kind: PhantomData<L>,
}

impl<L> Default for List<L> {
    fn default() -> Self {
        Self { head: NIL, tail: NIL, len: 0, kind: PhantomData }
    }
}

impl<L> List<L> {
    #[inline]
    pub(crate) fn len(&self) -> u32 {
        self.len
    }

    /// The first node, or [`NIL`].
    #[inline]
    pub(crate) fn front(&self) -> u32 {
        self.head
    }

    /// The last node, or [`NIL`].
    #[inline]
    pub(crate) fn back(&self) -> u32 {
        self.tail
    }

    #[expect(clippy::inline_always, reason = "a few instructions, in the most usual steps")]
    #[inline(always)]
    pub(crate) fn push_back<T: Linked<L>>(&mut self, nodes: &mut impl IndexMut<u32, Output = T>, node: u32) {
        let prev = core::mem::replace(&mut self.tail, node);
        *self.after(nodes, prev) = node;
        *nodes[node].links_mut() = Links { prev, next: NIL };
        self.len += 1;
    }

    /// Puts `node` behind `prev`; behind [`NIL`], it becomes the first.
    #[inline]
    pub(crate) fn insert_after<T: Linked<L>>(
        &mut self,
        nodes: &mut impl IndexMut<u32, Output = T>,
        prev: u32,
        node: u32,
    ) {
        let next = core::mem::replace(self.after(nodes, prev), node);
        *self.before(nodes, next) = node;
        *nodes[node].links_mut() = Links { prev, next };
        self.len += 1;
    }

    #[expect(clippy::inline_always, reason = "a few instructions, in the most usual steps")]
    #[inline(always)]
    pub(crate) fn remove<T: Linked<L>>(&mut self, nodes: &mut impl IndexMut<u32, Output = T>, node: u32) {
        let Links { prev, next } = *nodes[node].links();
        *self.after(nodes, prev) = next;
        *self.before(nodes, next) = prev;
        self.len -= 1;
    }

    /// The node behind `node`, or [`NIL`].
    pub(crate) fn next<T: Linked<L>>(nodes: &impl IndexMut<u32, Output = T>, node: u32) -> u32 {
        nodes[node].links().next
    }

    /// The node before `node`, or [`NIL`].
    pub(crate) fn prev<T: Linked<L>>(nodes: &impl IndexMut<u32, Output = T>, node: u32) -> u32 {
        nodes[node].links().prev
    }

    /// Where it says what stands behind `node`, or first.
    #[inline]
    fn after<'a, T: Linked<L> + 'a>(
        &'a mut self,
        nodes: &'a mut impl IndexMut<u32, Output = T>,
        node: u32,
    ) -> &'a mut u32 {
        if node == NIL { &mut self.head } else { &mut nodes[node].links_mut().next }
    }

    /// Where it says what stands before `node`, or last.
    #[inline]
    fn before<'a, T: Linked<L> + 'a>(
        &'a mut self,
        nodes: &'a mut impl IndexMut<u32, Output = T>,
        node: u32,
    ) -> &'a mut u32 {
        if node == NIL { &mut self.tail } else { &mut nodes[node].links_mut().prev }
    }
}
