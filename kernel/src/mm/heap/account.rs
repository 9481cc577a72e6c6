//! What the heap tells: how full it is, what was allocated and freed, and where it lies.

use kcore::ledger::{Ledger, PerKind, Record, Snapshot};
use kcore::report::LockStats;
use kcore::sync::Watched;

use super::{HEAP, bytes, with_heap};

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

/// The first bytes of a recorded block, with zeros behind a shorter one.
pub fn first_bytes<const N: usize>(record: &Record) -> [u8; N] {
    let mut first = [0; N];
    let size = record.allocation.size;
    bytes(record.allocation.address, size).read(0, &mut first[..N.min(size)]);
    first
}

/// The counters of the heap's lock.
pub fn lock_stats() -> LockStats {
    HEAP.stats()
}

/// Blocks alive now.
pub fn live() -> PerKind {
    with_ledger(|ledger| ledger.live())
}

/// All counters of the ledger.
pub fn snapshot() -> Snapshot {
    with_ledger(|ledger| ledger.snapshot())
}

/// Where the blocks lie, those of the reserve behind all others.
pub fn extent() -> core::ops::Range<usize> {
    with_heap(|heap| heap.holes.bottom().addr()..heap.reserve.end())
}

/// The variables of the heap itself: the addresses in them are of holes, or of where the heap begins.
pub fn variables() -> core::ops::Range<u64> {
    let start = core::ptr::from_ref(&HEAP).addr() as u64;
    start..start + size_of_val(&HEAP) as u64
}

/// Runs `f` on the ledger, with the heap locked: `f` must not allocate, free or print.
pub fn with_ledger<R>(f: impl FnOnce(&mut Ledger<'static>) -> R) -> R {
    with_heap(|heap| f(&mut heap.ledger))
}
