//! What the heap tells: how full it is, what was allocated and freed, and where it lies.

use core::sync::atomic::Ordering::Relaxed;

use kcore::ledger::{PerKind, Record, Snapshot};
use kcore::report::LockStats;
use kcore::sync::Watched;

use super::{HEADS, HEAP, Ledgers, bytes, with_all};

/// How full the heap is, in bytes; blocks in quarantine are in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// In use.
    pub used: usize,
    /// In holes.
    pub free: usize,
    /// Blocks for which there is a record before the ledger grows, without those of the reserve.
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
    with_all(|all| {
        let free = all.free_bytes();
        let records = all.shelves.iter().map(|stock| stock.records()).sum();
        Room { used: all.common.holes.size() - free, free, records }
    })
}

/// The first bytes of a recorded block, with zeros behind a shorter one.
pub fn first_bytes<const N: usize>(record: &Record) -> [u8; N] {
    let mut first = [0; N];
    let size = record.allocation.size;
    bytes(record.allocation.address, size).read(0, &mut first[..N.min(size)]);
    first
}

/// The counters of the lock of the holes. Those of the shelves count nothing: they would take longer for it.
pub fn lock_stats() -> LockStats {
    HEAP.common.stats()
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
    with_all(|all| all.common.holes.bottom().addr()..all.common.reserve.end())
}

/// The variables of the heap itself: the addresses in them are of holes, or of where the heap begins.
pub fn variables() -> [core::ops::Range<u64>; 2] {
    fn place<T>(of: &T) -> core::ops::Range<u64> {
        let start = core::ptr::from_ref(of).addr() as u64;
        start..start + size_of_val(of) as u64
    }
    [place(&HEAP), place(&HEADS)]
}

/// Runs `f` on the ledgers, with all of the heap locked: `f` must not allocate, free or print.
pub fn with_ledger<R>(f: impl FnOnce(&mut Ledgers<'_>) -> R) -> R {
    with_all(|all| f(&mut all.ledgers()))
}

/// The record of the block that starts at `address`, live or in quarantine.
pub fn lookup(address: usize) -> Option<Record> {
    ask(address, |record| *record)
}

/// Asks that record, under the lock of its shelf.
pub(super) fn ask<R>(address: usize, ask: impl FnOnce(&Record) -> R) -> Option<R> {
    HEAP.shelf_of(address).lock().as_ref()?.ledger.lookup(address).map(ask)
}

/// [Marks](kcore::ledger::Ledger::mark) the block that begins at `address`.
pub fn mark(address: usize) {
    if let Some(shelf) = HEAP.shelf_of(address).lock().as_mut() {
        shelf.ledger.mark(address);
    }
}

/// The serial number that the next block will get.
pub fn next_serial() -> u64 {
    HEAP.clock.load(Relaxed) + 1
}
