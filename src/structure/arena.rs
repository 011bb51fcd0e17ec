//! A slab whose indices carry generations, and which remembers what it ever issued.

use alloc::vec::Vec;
use core::num::NonZeroU32;
use core::ops::{Index, IndexMut};

use slab::Slab;

/// Objects under dense indices; an index and its generation name one object for ever.
#[derive(Clone, Debug)]
pub(crate) struct Arena<T> {
    slots: Slab<T>,
    /// The generation that each index issued last: that of what lives there.
    issued: Vec<NonZeroU32>,
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
        Self { slots: Slab::new(), issued: Vec::new(), has_wrapped: false }
    }

    #[inline]
    pub(crate) fn len(&self) -> u32 {
        self.slots.len() as u32
    }

    /// How many lived at once, at the most.
    #[cfg(debug_assertions)]
    pub(crate) fn peak(&self) -> u32 {
        self.issued.len() as u32
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
        let generation = match self.issued.get_mut(index) {
            Some(issued) => {
                *issued = issued.checked_add(1).unwrap_or(NonZeroU32::MIN);
                if *issued == NonZeroU32::MIN {
                    self.has_wrapped = true;
                }
                *issued
            }
            None => self.issue_first(),
        };
        Number { index: index as u32, generation }
    }

    /// The first number of an index that was never used.
    #[cold]
    fn issue_first(&mut self) -> NonZeroU32 {
        self.issued.push(NonZeroU32::MIN);
        NonZeroU32::MIN
    }

    #[inline]
    pub(crate) fn remove(&mut self, index: u32) -> T {
        self.slots.remove(index as usize)
    }

    /// The generation of what lives there.
    #[inline]
    pub(crate) fn generation(&self, index: u32) -> NonZeroU32 {
        self.issued[index as usize]
    }

    #[inline]
    pub(crate) fn find(&self, index: u32, generation: NonZeroU32) -> Lookup {
        match self.issued.get(index as usize) {
            Some(last) if *last == generation && self.slots.contains(index as usize) => Lookup::Live(index),
            Some(last) if generation <= *last || self.has_wrapped => Lookup::Ended,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_was_issued_stays_issued_when_its_index_starts_over() {
        let mut arena = Arena::new();
        arena.issued.push(NonZeroU32::MIN);
        arena.issued[0] =
            NonZeroU32::MAX.get().checked_sub(1).and_then(NonZeroU32::new).expect("it is large");
        let last = arena.issue();
        let live = arena.insert("again");
        assert_eq!((last.generation, arena.generation(live)), (NonZeroU32::MAX, NonZeroU32::MIN));
        assert_eq!(arena.find(last.index, last.generation), Lookup::Ended);
        assert_eq!(arena.find(live, NonZeroU32::MIN), Lookup::Live(live));
        assert_eq!(arena.find(1, NonZeroU32::MIN), Lookup::NeverIssued);
    }
}
