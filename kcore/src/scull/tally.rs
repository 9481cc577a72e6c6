//! What went wrong while the device was used.
#![forbid(unsafe_code)]

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::errno::Errno;
use crate::machine::BadFree;
use crate::scull::geometry::Impossible;
use crate::scull::list::{Past, Wild};

/// What a device noticed of its own corruption. All 0 where the guard works.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Damage {
    /// Pointers that were about to be followed and lay in memory that was freed or not yet initialised, so
    /// they were poison (or had become null since they were tested). In the book's driver each is an oops.
    pub wild: u64,
    /// Blocks that a trim found freed already.
    pub double_free: u64,
    /// Addresses that a trim was about to free and no block starts at.
    pub unknown_free: u64,
    /// Places past the end of a block (or before its start) that were about to be used: an array or a quantum
    /// is shorter than the geometry says. In the book's driver each is another owner's memory.
    pub overrun: u64,
    /// Divisions by a quantum or a qset of zero. In the book's driver each is an oops.
    pub division: u64,
}

/// The counters behind it.
#[derive(Debug, Default)]
pub(super) struct Tally {
    wild: AtomicU64,
    double_free: AtomicU64,
    unknown_free: AtomicU64,
    overrun: AtomicU64,
    division: AtomicU64,
}

impl Tally {
    /// Counts a pointer that cannot be followed; the caller of the device sees a bad address.
    #[cold]
    pub(super) fn wild(&self, _: Wild) -> Errno {
        self.wild.fetch_add(1, Relaxed);
        Errno::EFAULT
    }

    /// Counts a place past the end of a block; the caller of the device sees a bad address.
    #[cold]
    pub(super) fn overrun(&self, _: Past) -> Errno {
        self.overrun.fetch_add(1, Relaxed);
        Errno::EFAULT
    }

    /// Counts a position that the geometry has no place for; the caller of the device sees a bad address.
    #[cold]
    pub(super) fn impossible(&self, why: Impossible) -> Errno {
        let counter = match why {
            Impossible::Division => &self.division,
            Impossible::Negative => &self.overrun,
        };
        counter.fetch_add(1, Relaxed);
        Errno::EFAULT
    }

    /// Counts a bad free.
    #[cold]
    pub(super) fn bad_free(&self, bad: BadFree) {
        let counter = match bad {
            BadFree::Double => &self.double_free,
            BadFree::Unknown => &self.unknown_free,
        };
        counter.fetch_add(1, Relaxed);
    }

    /// The counters now.
    pub(super) fn damage(&self) -> Damage {
        Damage {
            wild: self.wild.load(Relaxed),
            double_free: self.double_free.load(Relaxed),
            unknown_free: self.unknown_free.load(Relaxed),
            overrun: self.overrun.load(Relaxed),
            division: self.division.load(Relaxed),
        }
    }
}
