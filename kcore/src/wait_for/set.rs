//! A set of waits.

/// Waits by their place in the graph's list, one bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Set(u128);

impl Set {
    /// How many there is room for.
    pub(super) const CAPACITY: usize = u128::BITS as usize;

    /// The first `count`.
    pub(super) fn first(count: usize) -> Self {
        match count {
            0 => Set(0),
            _ => Set(u128::MAX >> (Set::CAPACITY - count)),
        }
    }

    pub(super) fn contains(self, index: usize) -> bool {
        self.0 >> index & 1 == 1
    }

    pub(super) fn remove(&mut self, index: usize) {
        self.0 &= !(1 << index);
    }

    pub(super) fn iter(self) -> impl Iterator<Item = usize> {
        (0..Set::CAPACITY).filter(move |index| self.contains(*index))
    }
}
