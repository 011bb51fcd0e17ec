//! A slab whose indices carry generations, and which remembers what it ever issued.

use alloc::vec::Vec;
use core::num::NonZeroU32;
use core::ops::{Index, IndexMut};

use slab::Slab;

/// Objects under dense indices; an index and its generation name one object for ever.
#[derive(Clone, Debug)]
pub(crate) struct Arena<T> {
    slots: Slab<T>,
    /// The generation that each index issues next: what is below it was issued before, and what lives has the last
    /// one of those.
    next: Vec<NonZeroU32>,
    /// Some index has issued all its generations, and started over.
    has_wrapped: bool,
}

/// What an arena issues.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Number {
    pub(crate) index: u32,
    pub(crate) generation: NonZeroU32,
}

/// What has become of a number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Lookup {
    Live(u32),
    Ended,
    NeverIssued,
}

impl<T> Arena<T> {
    pub(crate) fn new() -> Self {
        Self { slots: Slab::new(), next: Vec::new(), has_wrapped: false }
    }

    #[inline]
    pub(crate) fn len(&self) -> u32 {
        self.slots.len() as u32
    }

    /// How many lived at once, at the most.
    #[cfg(debug_assertions)]
    pub(crate) fn peak(&self) -> u32 {
        self.next.len() as u32
    }

    #[inline]
    pub(crate) fn insert(&mut self, value: T) -> u32 {
        let Number { index, .. } = self.issue();
        self.fill(value);
        index
    }

    /// Puts a value under the number that was issued last.
    #[inline]
    pub(crate) fn fill(&mut self, value: T) {
        self.slots.insert(value);
    }

    /// The number of what is [filled](Self::fill) in next, or ended from the start: for what begins and ends in one
    /// step.
    #[inline]
    pub(crate) fn issue(&mut self) -> Number {
        let index = self.slots.vacant_key();
        if index == self.next.len() {
            self.next.push(NonZeroU32::MIN);
        }
        let generation = self.next[index];
        self.next[index] = generation.checked_add(1).unwrap_or(NonZeroU32::MIN);
        self.has_wrapped |= generation == NonZeroU32::MAX;
        Number { index: index as u32, generation }
    }

    #[inline]
    pub(crate) fn remove(&mut self, index: u32) -> T {
        self.slots.remove(index as usize)
    }

    /// The generation of what lives there.
    #[inline]
    pub(crate) fn generation(&self, index: u32) -> NonZeroU32 {
        before(self.next[index as usize])
    }

    #[inline]
    pub(crate) fn find(&self, index: u32, generation: NonZeroU32) -> Lookup {
        match self.next.get(index as usize) {
            Some(next) if before(*next) == generation && self.slots.contains(index as usize) => {
                Lookup::Live(index)
            }
            Some(next) if generation < *next || self.has_wrapped => Lookup::Ended,
            _ => Lookup::NeverIssued,
        }
    }

    /// What lives under that index and generation.
    #[inline]
    pub(crate) fn get(&self, index: u32, generation: NonZeroU32) -> Option<&T> {
        let value = self.slots.get(index as usize)?;
        (self.generation(index) == generation).then_some(value)
    }

    /// The indices of all that live, in their order: for what may look at everything.
    pub(crate) fn indices(&self) -> Vec<u32> {
        self.iter().map(|(index, _)| index).collect()
    }

    /// All that live, by index: for what may look at everything.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        self.slots.iter().map(|(index, value)| (index as u32, value))
    }
}

impl<T> Index<u32> for Arena<T> {
    type Output = T;

    #[inline]
    fn index(&self, index: u32) -> &T {
        &self.slots[index as usize]
    }
}

impl<T> IndexMut<u32> for Arena<T> {
    #[inline]
    fn index_mut(&mut self, index: u32) -> &mut T {
        &mut self.slots[index as usize]
    }
}

/// The generation that an index issued before.
#[inline]
fn before(next: NonZeroU32) -> NonZeroU32 {
    NonZeroU32::new(next.get() - 1).unwrap_or(NonZeroU32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_was_issued_stays_issued_when_its_index_starts_over() {
        let mut arena = Arena::new();
        arena.next.push(NonZeroU32::MAX);
        let last = arena.issue();
        let live = arena.insert("again");
        assert_eq!((last.generation, arena.generation(live)), (NonZeroU32::MAX, NonZeroU32::MIN));
        assert_eq!(arena.find(last.index, last.generation), Lookup::Ended);
        assert_eq!(arena.find(live, NonZeroU32::MIN), Lookup::Live(live));
        assert_eq!(arena.find(1, NonZeroU32::MIN), Lookup::NeverIssued);
    }
}
