//! From an address to the number of its record.
#![forbid(unsafe_code)]

/// A slot of the index: an address and a record's number. Address 0 means that the slot is empty, so zeroed
/// memory is an empty index.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Slot {
    address: usize,
    record: u32,
}

impl Slot {
    /// An empty slot.
    pub const EMPTY: Slot = Slot { address: 0, record: 0 };
}

/// A hash table with open addressing and linear probing.
///
/// Removal shifts later entries back instead of leaving tombstones (Knuth, TAOCP vol. 3, section 6.4,
/// algorithm R), so a machine that runs for weeks searches as fast as a fresh one: at two thirds full about
/// two probes for a hit and five for a miss.
///
/// INVARIANT: between an entry's home slot and the entry no slot is empty, and at least one slot of the table
/// is.
#[derive(Debug)]
pub struct Index<'a> {
    slots: &'a mut [Slot],
    used: usize,
}

impl<'a> Index<'a> {
    /// How many slots an index for `entries` addresses should have: half as many again, and one.
    pub const fn slots_for(entries: usize) -> usize {
        entries + entries / 2 + 1
    }

    /// An empty index over `slots`, which are all overwritten.
    pub fn new(slots: &'a mut [Slot]) -> Self {
        slots.fill(Slot::EMPTY);
        Index { slots, used: 0 }
    }

    /// How many addresses it can hold: one fewer than it has slots.
    pub fn capacity(&self) -> usize {
        self.slots.len().saturating_sub(1)
    }

    /// How many addresses it holds.
    pub fn len(&self) -> usize {
        self.used
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.used == 0
    }

    /// The record of `address`.
    #[inline]
    pub fn get(&self, address: usize) -> Option<u32> {
        self.find(address).map(|at| self.slots[at].record)
    }

    /// Enters `address`. False, and nothing changes, when it is there already, is 0, or the index is full.
    pub fn insert(&mut self, address: usize, record: u32) -> bool {
        if address == 0 || self.used >= self.capacity() {
            return false;
        }
        let mut at = self.home(address);
        while self.slots[at] != Slot::EMPTY {
            if self.slots[at].address == address {
                return false;
            }
            at = self.after(at);
        }
        self.slots[at] = Slot { address, record };
        self.used += 1;
        true
    }

    /// Takes `address` out and returns its record.
    pub fn remove(&mut self, address: usize) -> Option<u32> {
        let at = self.find(address)?;
        Some(self.remove_at(at))
    }

    /// Empties slot `hole`, which a search has [found](Index::find), and returns the record that it led to.
    pub(super) fn remove_at(&mut self, mut hole: usize) -> u32 {
        let record = self.slots[hole].record;
        let mut at = self.after(hole);
        while self.slots[at] != Slot::EMPTY {
            // The entry may move back into the hole unless that is before its home slot.
            let from_home = self.distance(self.home(self.slots[at].address), at);
            if from_home >= self.distance(hole, at) {
                self.slots[hole] = self.slots[at];
                hole = at;
            }
            at = self.after(at);
        }
        self.slots[hole] = Slot::EMPTY;
        self.used -= 1;
        record
    }

    /// Goes over to `slots`, of which there are no fewer.
    pub(super) fn move_to(&mut self, slots: &'a mut [Slot]) {
        let old = core::mem::replace(self, Index::new(slots));
        for slot in old.slots.iter().filter(|slot| **slot != Slot::EMPTY) {
            assert!(self.insert(slot.address, slot.record), "the new index is smaller");
        }
    }

    /// The number of the record that slot `at` leads to.
    #[inline]
    pub(super) fn record_at(&self, at: usize) -> u32 {
        self.slots[at].record
    }

    /// The slot of `address`.
    #[inline]
    pub(super) fn find(&self, address: usize) -> Option<usize> {
        if address == 0 || self.used == 0 {
            return None;
        }
        let mut at = self.home(address);
        while self.slots[at] != Slot::EMPTY {
            if self.slots[at].address == address {
                return Some(at);
            }
            at = self.after(at);
        }
        None
    }

    /// Where an entry would stand without collisions. Multiplying by 2^64 divided by the golden ratio spreads
    /// the equal distances of a heap; the upper half of the second product scales to a length that is no
    /// power of two.
    fn home(&self, address: usize) -> usize {
        let spread = (address as u64 >> 4).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        ((u128::from(spread) * self.slots.len() as u128) >> 64) as usize
    }

    fn after(&self, at: usize) -> usize {
        if at + 1 == self.slots.len() { 0 } else { at + 1 }
    }

    /// Steps from slot `from` forward to slot `to`.
    fn distance(&self, from: usize, to: usize) -> usize {
        if to >= from { to - from } else { to + self.slots.len() - from }
    }

    /// How many slots a search looks at in vain, summed up over all entries; for tests.
    #[cfg(test)]
    pub(super) fn steps(&self) -> usize {
        let used = self.slots.iter().enumerate().filter(|(_, slot)| **slot != Slot::EMPTY);
        used.map(|(at, slot)| self.distance(self.home(slot.address), at)).sum()
    }

    /// Checks the invariant; for tests.
    #[cfg(test)]
    pub(super) fn check(&self) {
        let mut used = 0;
        for (at, slot) in self.slots.iter().enumerate().filter(|(_, slot)| **slot != Slot::EMPTY) {
            let mut probe = self.home(slot.address);
            while probe != at {
                assert_ne!(self.slots[probe], Slot::EMPTY, "a gap before {:#x}", slot.address);
                probe = self.after(probe);
            }
            used += 1;
        }
        assert_eq!(used, self.used);
        assert!(self.slots.is_empty() || used < self.slots.len());
    }
}
