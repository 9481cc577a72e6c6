//! How much there is, and how much of it is free.

use super::HEAP;

/// How full the heap is, in bytes; blocks in quarantine are in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// In use.
    pub used: usize,
    /// In holes.
    pub free: usize,
    /// Blocks for which there is a record, without those of the reserve.
    pub records: usize,
}

impl Room {
    /// Used and free together.
    pub fn size(self) -> usize {
        self.used + self.free
    }
}

/// How full the heap is.
pub fn room() -> Room {
    let heap = HEAP.lock_irqsave();
    let heap = heap.as_ref().expect("the heap is set up before anybody asks");
    let free = heap.free_bytes();
    let records = heap.ledger.left().saturating_sub(heap.reserve.records());
    Room { used: heap.holes.size() - free, free, records }
}
