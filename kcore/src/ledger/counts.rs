//! Counters by kind, and the state of all counters at one moment.
#![forbid(unsafe_code)]

use core::ops::{AddAssign, Index, IndexMut, Sub};

use crate::machine::Kind;
use crate::report::Counts;

/// A number for each kind of block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PerKind {
    /// For what a scull device is made of.
    pub scull: Counts,
    /// For everything else.
    pub other: u64,
}

impl Index<Kind> for PerKind {
    type Output = u64;
    #[inline]
    fn index(&self, kind: Kind) -> &u64 {
        match kind {
            Kind::Other => &self.other,
            kind => &self.scull[kind],
        }
    }
}

impl IndexMut<Kind> for PerKind {
    #[inline]
    fn index_mut(&mut self, kind: Kind) -> &mut u64 {
        match kind {
            Kind::Other => &mut self.other,
            kind => &mut self.scull[kind],
        }
    }
}

impl Sub for PerKind {
    type Output = PerKind;
    fn sub(self, earlier: PerKind) -> PerKind {
        PerKind { scull: self.scull - earlier.scull, other: self.other - earlier.other }
    }
}

impl AddAssign for PerKind {
    fn add_assign(&mut self, other: PerKind) {
        self.scull += other.scull;
        self.other += other.other;
    }
}

/// The counters of a ledger at one moment. They only ever grow, so a later snapshot minus an earlier one is
/// what happened in between.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Blocks handed out; also the serial number of the last one.
    pub serial: u64,
    /// Blocks handed out, by kind.
    pub allocated: PerKind,
    /// Blocks freed by their users, into quarantine or at once.
    pub freed: PerKind,
    /// Live blocks that were written off after an experiment had reported them as leaked.
    pub reclaimed: PerKind,
    /// Frees of a block that had been freed before.
    pub double_free: u64,
    /// Frees of an address at which no block starts.
    pub unknown_free: u64,
    /// Blocks that could not be recorded.
    pub refused: u64,
}

/// Adds what another ledger with the same clock has counted.
impl AddAssign for Snapshot {
    fn add_assign(&mut self, other: Snapshot) {
        self.serial = self.serial.max(other.serial);
        self.allocated += other.allocated;
        self.freed += other.freed;
        self.reclaimed += other.reclaimed;
        self.double_free += other.double_free;
        self.unknown_free += other.unknown_free;
        self.refused += other.refused;
    }
}

impl Sub for Snapshot {
    type Output = Snapshot;
    fn sub(self, earlier: Snapshot) -> Snapshot {
        Snapshot {
            serial: self.serial - earlier.serial,
            allocated: self.allocated - earlier.allocated,
            freed: self.freed - earlier.freed,
            reclaimed: self.reclaimed - earlier.reclaimed,
            double_free: self.double_free - earlier.double_free,
            unknown_free: self.unknown_free - earlier.unknown_free,
            refused: self.refused - earlier.refused,
        }
    }
}
