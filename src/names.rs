//! Keys by name: a dense index for every key that is known.

use core::hash::{BuildHasher, Hash};

use hashbrown::{DefaultHashBuilder, HashTable};
use slab::Slab;

/// Maps keys to indices and back. The order of the table is never looked at (R23).
#[derive(Clone, Debug)]
pub(crate) struct Names<K> {
    table: HashTable<u32>,
    known: Slab<Name<K>>,
    /// The key that was asked for last, if it is still known: asked for again, it is found without its hash.
    last: u32,
    hasher: DefaultHashBuilder,
}

#[derive(Clone, Debug)]
struct Name<K> {
    key: K,
    hash: u64,
}

impl<K: Clone + Eq + Hash> Names<K> {
    pub(crate) fn new() -> Self {
        Self { table: HashTable::new(), known: Slab::new(), last: 0, hasher: DefaultHashBuilder::default() }
    }

    pub(crate) fn len(&self) -> u32 {
        self.known.len() as u32
    }

    /// The index of `key`, which is known from now on.
    #[inline]
    pub(crate) fn intern(&mut self, key: &K) -> u32 {
        if !self.is_last(key) {
            self.last = self.intern_hashed(key);
        }
        self.last
    }

    #[inline]
    fn is_last(&self, key: &K) -> bool {
        self.known.get(self.last as usize).is_some_and(|name| name.key == *key)
    }

    fn intern_hashed(&mut self, key: &K) -> u32 {
        let hash = self.hasher.hash_one(key);
        if let Some(index) = self.lookup(hash, key) {
            return index;
        }
        let index = self.known.insert(Name { key: key.clone(), hash }) as u32;
        self.table.insert_unique(hash, index, |index| self.known[*index as usize].hash);
        index
    }

    pub(crate) fn find(&self, key: &K) -> Option<u32> {
        if self.is_last(key) { Some(self.last) } else { self.lookup(self.hasher.hash_one(key), key) }
    }

    pub(crate) fn name(&self, index: u32) -> &K {
        &self.known[index as usize].key
    }

    pub(crate) fn is_known(&self, index: u32) -> bool {
        self.known.contains(index as usize)
    }

    pub(crate) fn forget(&mut self, index: u32) {
        let Name { hash, .. } = self.known.remove(index as usize);
        if let Ok(entry) = self.table.find_entry(hash, |found| *found == index) {
            entry.remove();
        }
    }

    fn lookup(&self, hash: u64, key: &K) -> Option<u32> {
        self.table.find(hash, |index| self.known[*index as usize].key == *key).copied()
    }
}
