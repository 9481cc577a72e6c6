//! Things by a number: quickly put in, quickly found, and all of them forgotten in one go.

use alloc::vec::Vec;

/// Chains; a power of two.
const CHAINS: usize = 256;

/// Things by a number, which several may have. What they take is kept for the next ones.
#[derive(Debug)]
pub struct Chains<T> {
    /// The latest thing in each chain, counted from 1; 0 when there is none.
    heads: [u32; CHAINS],
    things: Vec<Linked<T>>,
}

#[derive(Debug)]
struct Linked<T> {
    key: u64,
    /// The one before it in its chain, likewise.
    before: u32,
    thing: T,
}

impl<T> Default for Chains<T> {
    fn default() -> Self {
        Chains { heads: [0; CHAINS], things: Vec::new() }
    }
}

impl<T> Chains<T> {
    /// All are forgotten.
    pub fn clear(&mut self) {
        self.heads.fill(0);
        self.things.clear();
    }

    /// One more that has the number `key`.
    #[inline]
    pub fn add(&mut self, key: u64, thing: T) {
        let head = &mut self.heads[chain(key)];
        self.things.push(Linked { key, before: *head, thing });
        *head = self.things.len() as u32;
    }

    /// Those that have the number `key`, the latest first.
    #[inline]
    pub fn of(&self, key: u64) -> impl Iterator<Item = &T> {
        let mut next = self.heads[chain(key)];
        core::iter::from_fn(move || {
            while let Some(at) = next.checked_sub(1) {
                let linked = &self.things[at as usize];
                next = linked.before;
                if linked.key == key {
                    return Some(&linked.thing);
                }
            }
            None
        })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.things.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.things.is_empty()
    }

    /// All but the first `len` are forgotten.
    pub fn truncate(&mut self, len: usize) {
        for Linked { key, before, .. } in self.things.drain(len..).rev() {
            self.heads[chain(key)] = before;
        }
    }

    /// The one that came as number `at`, from 0.
    pub fn get_mut(&mut self, at: usize) -> &mut T {
        &mut self.things[at].thing
    }

    /// Calls `with` for each that has the number `key`, and as which it came, the latest first.
    #[inline]
    pub fn visit(&mut self, key: u64, mut with: impl FnMut(usize, &mut T)) {
        let mut next = self.heads[chain(key)];
        while let Some(at) = next.checked_sub(1) {
            let linked = &mut self.things[at as usize];
            next = linked.before;
            if linked.key == key {
                with(at as usize, &mut linked.thing);
            }
        }
    }

    /// The latest that has the number `key`, and of which `is_it` says so.
    #[inline]
    pub fn find_mut(&mut self, key: u64, is_it: impl Fn(&T) -> bool) -> Option<&mut T> {
        let mut next = self.heads[chain(key)];
        while let Some(at) = next.checked_sub(1) {
            let Linked { key: other, before, thing } = &self.things[at as usize];
            if *other == key && is_it(thing) {
                return Some(&mut self.things[at as usize].thing);
            }
            next = *before;
        }
        None
    }

    /// All, in the order in which they came.
    pub fn all(&self) -> impl Iterator<Item = &T> {
        self.things.iter().map(|linked| &linked.thing)
    }
}

/// In which chain it is: neighbours are in different ones.
#[inline]
fn chain(key: u64) -> usize {
    (key ^ key >> 8 ^ key >> 20 ^ key >> 36 ^ key >> 52) as usize % CHAINS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_of_a_number_is_found_first_and_none_of_another() {
        let mut chains = Chains::default();
        (0..1000).for_each(|number| chains.add(number % 300, number));
        assert_eq!(chains.of(7).copied().collect::<Vec<u64>>(), [907, 607, 307, 7]);
        assert_eq!(chains.of(299).copied().collect::<Vec<u64>>(), [899, 599, 299]);
        assert_eq!(chains.of(300).count(), 0);
        assert_eq!(chains.find_mut(7, |number| *number < 900).copied(), Some(607));
        let mut seen = Vec::new();
        chains.visit(7, |at, number| seen.push((at as u64, *number)));
        assert_eq!(seen, [907, 607, 307, 7].map(|number| (number, number)));
        assert_eq!(chains.all().count(), 1000);
        chains.truncate(400);
        assert_eq!((chains.len(), chains.of(7).copied().collect::<Vec<u64>>()), (400, [307, 7].to_vec()));
        chains.add(7, 1000);
        *chains.get_mut(307) = 5;
        assert_eq!(chains.of(7).copied().collect::<Vec<u64>>(), [1000, 5, 7]);
        chains.clear();
        assert_eq!(chains.of(7).count() + chains.all().count(), 0);
    }
}
