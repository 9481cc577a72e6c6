//! A table in the order of its keys that is whole at each step: no memory is a result, and it comes before
//! any change.
//!
//! A tree that finds no memory in the middle of its insertion is a tree no more. What stands behind a mutex
//! of the machine's own may not be that: its owner may die there ([`Own`](crate::sync::Own)), and the next
//! one goes on with it.
#![forbid(unsafe_code)]

use alloc::vec::Vec;
use core::borrow::Borrow;

use crate::errno::Errno;

/// Values by their keys.
#[derive(Debug)]
pub struct Sorted<K, V> {
    entries: Vec<(K, V)>,
}

impl<K: Ord, V> Default for Sorted<K, V> {
    fn default() -> Self {
        Sorted::new()
    }
}

impl<K: Ord, V> Sorted<K, V> {
    /// Nothing.
    pub const fn new() -> Self {
        Sorted { entries: Vec::new() }
    }

    /// `key` stands for `value` from now on; returns what it stood for. [`Errno::ENOMEM`].
    pub fn insert(&mut self, key: K, value: V) -> Result<Option<V>, Errno> {
        match self.place_of(&key) {
            Ok(place) => Ok(Some(core::mem::replace(&mut self.entries[place].1, value))),
            Err(place) => {
                self.make_room()?;
                self.entries.insert(place, (key, value));
                Ok(None)
            }
        }
    }

    /// Makes room for one more: what is [inserted](Sorted::insert) next needs no memory. [`Errno::ENOMEM`].
    pub fn make_room(&mut self) -> Result<(), Errno> {
        self.entries.try_reserve(1).map_err(|_| Errno::ENOMEM)
    }

    /// Takes `key` out; what it stood for.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let place = self.place_of(key).ok()?;
        Some(self.entries.remove(place).1)
    }

    /// What `key` stands for, to be changed.
    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let place = self.place_of(key).ok()?;
        Some(&mut self.entries[place].1)
    }

    /// What `key` stands for.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let place = self.place_of(key).ok()?;
        Some(&self.entries[place].1)
    }

    /// Whether `key` stands for something.
    pub fn contains<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.place_of(key).is_ok()
    }

    /// All of it, by key.
    pub fn entries(&self) -> &[(K, V)] {
        &self.entries
    }

    fn place_of<Q: Ord + ?Sized>(&self, key: &Q) -> Result<usize, usize>
    where
        K: Borrow<Q>,
    {
        self.entries.binary_search_by(|(known, _)| known.borrow().cmp(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;

    /// The same as a tree, whatever is done to both.
    #[test]
    fn it_is_a_map() {
        let mut chance = fastrand::Rng::with_seed(8);
        let (mut sorted, mut tree) = (Sorted::new(), BTreeMap::new());
        for step in 0..2000 {
            let key = chance.u8(..32);
            match chance.bool() {
                true => assert_eq!(sorted.insert(key, step), Ok(tree.insert(key, step))),
                false => assert_eq!(sorted.remove(&key), tree.remove(&key)),
            }
            assert_eq!((sorted.get(&key), sorted.contains(&key)), (tree.get(&key), tree.contains_key(&key)));
            assert!(sorted.entries().iter().map(|(key, value)| (key, value)).eq(tree.iter()));
        }
    }
}
