//! What went wrong while the device was used.
#![forbid(unsafe_code)]

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::errno::Errno;
use crate::machine::BadFree;
use crate::scull::list::Wild;

/// What a device noticed of its own corruption. All 0 where the guard works.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Damage {
    /// Pointers that were about to be followed and lay in memory that was freed or not yet initialised, so they were poison
    /// (or had become null since they were tested). In the book's driver each is an oops.
    pub wild: u64,
    /// Blocks that a trim found freed already.
    pub double_free: u64,
    /// Addresses that a trim was about to free and no block starts at.
    pub unknown_free: u64,
}

/// The counters behind it.
#[derive(Debug, Default)]
pub(super) struct Tally {
    wild: AtomicU64,
    double_free: AtomicU64,
    unknown_free: AtomicU64,
}

impl Tally {
    /// Counts a pointer that cannot be followed; the caller of the device sees a bad address.
    #[cold]
    pub(super) fn wild(&self, _: Wild) -> Errno {
        self.wild.fetch_add(1, Relaxed);
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
        }
    }
}
