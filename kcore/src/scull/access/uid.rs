//! sculluid: one user at a time.

use alloc::boxed::Box;
use alloc::sync::Arc;

use crate::class;
use crate::dev::{CharDevice, Credentials, FileOperations, OpenFlags};
use crate::errno::Errno;
use crate::event::LockName;
use crate::machine::{AtomicFlag, Machine};
use crate::scull::Device;
use crate::sync::{Observed, SpinLock};

use super::admitted::{self, Door};

const NAME: LockName = LockName::spins("sculluid.lock", class!("access.lock"));

/// A device that one user at a time has, as often as it likes: an open by another user is [`Errno::EBUSY`]
/// (LDD3 ch. 6, "Restricting Access to a Single User at a Time"). A user that may override access rights is
/// let in, too, and the device stays the property of its owner.
pub struct Uid<M: Machine> {
    device: Arc<Device<M>>,
    users: SpinLock<Users, M, Observed>,
}

impl<M: Machine> Uid<M> {
    /// `device`, which has no owner.
    pub fn new(device: Arc<Device<M>>) -> Arc<Self> {
        let users = SpinLock::from_flag(M::Flag::new(false), Observed::new(NAME), Users::default());
        Arc::new(Uid { device, users })
    }

    /// The device behind the control.
    pub fn device(&self) -> &Arc<Device<M>> {
        &self.device
    }

    /// How many files are open.
    pub fn open_files(&self) -> usize {
        self.users.lock().count()
    }
}

impl<M: Machine> Door for Uid<M> {
    fn leave(&self) {
        self.users.lock().leave();
    }
}

impl<M: Machine> CharDevice<M> for Uid<M> {
    fn open(
        self: Arc<Self>,
        flags: OpenFlags,
        credentials: &Credentials,
    ) -> Result<Box<dyn FileOperations<M>>, Errno> {
        if !self.users.lock().enter(credentials) {
            return Err(Errno::EBUSY);
        }
        admitted::open(&self.device, flags, Arc::clone(&self))
    }
}

/// The user that has a device, and how often it is open: what LDD3 keeps in `scull_u_count` and
/// `scull_u_owner`. To be kept under a lock, for the two belong together.
#[derive(Debug, Default)]
pub(super) struct Users {
    count: usize,
    /// The real user of the first that opened it. Means nothing while the count is 0.
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

    /// One of the users inside leaves. Says whether it was the last.
    pub(super) fn leave(&mut self) -> bool {
        self.count -= 1;
        self.count == 0
    }

    /// How many files are open.
    pub(super) fn count(&self) -> usize {
        self.count
    }
}
