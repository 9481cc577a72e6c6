//! Who holds which lock, as far as the participants' lock events tell.

use alloc::vec::Vec;

use crate::event::LockStep;
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

/// What the events have told of one lock.
#[derive(Debug)]
struct Seen {
    address: Hidden,
    hold: Hold,
    /// How often it was taken and not given back yet, by all participants together.
    holders: u32,
}

/// The locks seen in this round, by address. Nothing is allocated after `new`. The addresses are hidden:
/// where a lock was that is gone, a block may be that is lost, and these books must not keep it alive.
#[derive(Debug)]
pub(super) struct Locks {
    seen: Vec<Seen>,
}

impl Locks {
    pub(super) const NONE: Locks = Locks { seen: Vec::new() };

    pub(super) fn new() -> Self {
        Locks { seen: Vec::with_capacity(LOCKS) }
    }

    pub(super) fn hold(&self, address: usize) -> Hold {
        self.find(address).map_or(Hold::Unknown, |seen| seen.hold)
    }

    /// Whether it was given back, and no participant has it: one that waits for it is on its way. Of a lock
    /// with several holders at once the last event does not say so much.
    pub(super) fn is_free(&self, address: usize) -> bool {
        self.find(address).is_some_and(|seen| seen.hold == Hold::Free && seen.holders == 0)
    }

    /// `who` takes it or gives it back; it need not be the one that took it that gives it back.
    pub(super) fn step(&mut self, address: usize, who: u8, step: LockStep) {
        match step {
            LockStep::Acquired => self.change(address, |seen| {
                (seen.hold, seen.holders) = (Hold::By(who), seen.holders.saturating_add(1));
            }),
            LockStep::Release => self.change(address, |seen| {
                (seen.hold, seen.holders) = (Hold::Free, seen.holders.saturating_sub(1));
            }),
            LockStep::Wait | LockStep::GaveUp | LockStep::Downgraded => {}
        }
    }

    pub(super) fn clear(&mut self) {
        self.seen.clear();
    }

    fn find(&self, address: usize) -> Option<&Seen> {
        let address = Hidden::new(address);
        self.seen.iter().find(|seen| seen.address == address)
    }

    fn change(&mut self, address: usize, change: impl FnOnce(&mut Seen)) {
        let address = Hidden::new(address);
        if let Some(seen) = self.seen.iter_mut().find(|seen| seen.address == address) {
            change(seen);
        } else if self.seen.len() < LOCKS {
            let mut seen = Seen { address, hold: Hold::Unknown, holders: 0 };
            change(&mut seen);
            self.seen.push(seen);
        }
    }
}
