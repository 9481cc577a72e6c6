//! How the bytes of a device are divided.
#![forbid(unsafe_code)]

use crate::errno::Errno;

/// The sizes of a device's parts (LDD3's `scull_quantum` and `scull_qset`). They never change while it lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// Bytes of a quantum.
    pub quantum: usize,
    /// Pointers of an array, that is quanta of a node.
    pub qset: usize,
}

impl Default for Geometry {
    /// The book's: 4000 bytes, 1000 quanta.
    fn default() -> Self {
        Geometry { quantum: 4000, qset: 1000 }
    }
}

/// Where a byte is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The node, from 0 (the book's `item`).
    pub item: usize,
    /// The slot of its array (`s_pos`).
    pub slot: usize,
    /// The byte of the quantum (`q_pos`).
    pub offset: usize,
}

impl Geometry {
    /// The same, if a device can have it. [`Errno::EINVAL`] when a size is 0, or when an array or the bytes of a node would
    /// be larger than an object can be (`isize::MAX` bytes). An array that is merely too large for the heap is allowed: the
    /// write that needs it fails.
    pub fn check(self) -> Result<Self, Errno> {
        let possible =
            |bytes: Option<usize>| bytes.is_some_and(|bytes| (1..=isize::MAX as usize).contains(&bytes));
        let node = self.quantum.checked_mul(self.qset);
        let array = self.qset.checked_mul(size_of::<usize>());
        if possible(node) && possible(array) { Ok(self) } else { Err(Errno::EINVAL) }
    }

    /// Bytes of a node: a quantum for each slot (the book's `itemsize`). Only for a geometry that passed
    /// [`check`](Geometry::check).
    pub fn item_size(&self) -> usize {
        self.quantum * self.qset
    }

    /// Where the byte at `position` is. Only for a geometry that passed [`check`](Geometry::check).
    pub fn place(&self, position: usize) -> Place {
        let rest = position % self.item_size();
        Place { item: position / self.item_size(), slot: rest / self.quantum, offset: rest % self.quantum }
    }
}
