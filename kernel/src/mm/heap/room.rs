//! How much there is, and how much of it is free.

use super::{HEAP, Heap};

/// How full the heap is, in bytes; blocks in quarantine are in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// In use.
    pub used: usize,
    /// In holes.
    pub free: usize,
}

impl Room {
    /// Both together.
    pub fn size(self) -> usize {
        self.used + self.free
    }
}

/// How full the heap is.
pub fn room() -> Room {
    let heap = HEAP.lock_irqsave();
    let Heap { holes, delayed, bins, .. } = heap.as_ref().expect("the heap is set up before anybody asks");
    let waiting = delayed.bytes() + bins.bytes();
    Room { used: holes.used() - waiting, free: holes.free() + waiting }
}
