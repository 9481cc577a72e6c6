//! Who holds which lock, as far as the participants' lock events tell.

use alloc::vec::Vec;

use crate::leak::Hidden;

/// More locks than one experiment takes. A lock beyond them counts as held by somebody unknown.
const LOCKS: usize = 256;

/// What is known of a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hold {
    /// It was given back, so whoever waits for it is about to get it.
    Free,
    /// This participant has it.
    By(u8),
    /// No participant ever had it.
    Unknown,
}

/// The locks seen in this round, by address. Nothing is allocated after `new`. The addresses are hidden: where a lock was
/// that is gone, a block may be that is lost, and these books must not keep it alive.
#[derive(Debug)]
pub(super) struct Locks {
    seen: Vec<(Hidden, Hold)>,
}

impl Locks {
    pub(super) fn new() -> Self {
        Locks { seen: Vec::with_capacity(LOCKS) }
    }

    pub(super) fn hold(&self, address: usize) -> Hold {
        let address = Hidden::new(address);
        self.seen.iter().find(|(seen, _)| *seen == address).map_or(Hold::Unknown, |(_, hold)| *hold)
    }

    pub(super) fn set(&mut self, address: usize, hold: Hold) {
        let address = Hidden::new(address);
        if let Some(entry) = self.seen.iter_mut().find(|(seen, _)| *seen == address) {
            entry.1 = hold;
        } else if self.seen.len() < LOCKS {
            self.seen.push((address, hold));
        }
    }

    pub(super) fn clear(&mut self) {
        self.seen.clear();
    }
}
