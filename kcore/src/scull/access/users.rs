//! Whose a device is.

use crate::dev::Credentials;

/// The user who has a device, and how often it is open: what LDD3 keeps in `scull_u_count` and
/// `scull_u_owner`. To be kept under a lock, for the two belong together.
#[derive(Debug, Default)]
pub(super) struct Users {
    count: usize,
    /// The real user of the first who opened it. Means nothing while the count is 0.
    owner: u32,
}

impl Users {
    /// Lets the caller in, if it may: when no user has the device, when its owner is the caller's user or the
    /// one in whose name the caller acts (after `su`), and when the caller may override that. Says whether it
    /// is in.
    pub(super) fn enter(&mut self, who: &Credentials) -> bool {
        let is_free = self.count == 0;
        let is_in = is_free || self.owner == who.uid || self.owner == who.euid || who.dac_override;
        if is_free {
            self.owner = who.uid;
        }
        self.count += usize::from(is_in);
        is_in
    }

    /// One of those who are in leaves. Says whether it was the last.
    pub(super) fn leave(&mut self) -> bool {
        self.count -= 1;
        self.count == 0
    }

    /// How many files are open.
    pub(super) fn count(&self) -> usize {
        self.count
    }
}
