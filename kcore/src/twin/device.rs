//! The device.

use core::fmt;

use crate::class;
use crate::errno::Errno;
use crate::event::LockName;
use crate::machine::Machine;
use crate::report::LockStats;
use crate::scull::{Geometry, Mode};
use crate::sync::{Mutex, MutexGuard, Observed, Watched};
use crate::twin::data::Data;
use crate::twin::file::File;

const LOCK: LockName = LockName::sleeps("twin.lock", class!("twin.lock"));

/// A device. When it is dropped, so is its data: there is nothing to be written for that, and nothing to be
/// forgotten.
pub struct Device<M: Machine> {
    /// Its data. A driver would keep the field to itself; it is public for a reader that wants to try to get
    /// past the lock.
    pub data: Mutex<Data, M, Observed>,
}

impl<M: Machine> Device<M> {
    /// An empty device. [`Errno::EINVAL`] for an impossible geometry.
    pub fn new(geometry: Geometry) -> Result<Self, Errno> {
        let data = Data::new(geometry)?;
        Ok(Device { data: Mutex::of(Observed::new(LOCK), data) })
    }

    /// A new open file. A device that is opened only for writing is emptied first. [`Errno::ERESTARTSYS`]
    /// when a signal came while the task slept for the lock; then nothing was done.
    #[track_caller]
    pub fn open(&self, mode: Mode) -> Result<File<'_, M>, Errno> {
        if mode == Mode::Write {
            self.enter()?.trim();
        }
        Ok(File::new(self, mode))
    }

    /// Asks for another geometry, which the next trim brings about; returns the one that was asked for
    /// before. One step, so two callers never get the same answer (R32). Errors as for
    /// [`open`](Device::open), and [`Errno::EINVAL`] for an impossible one.
    #[track_caller]
    pub fn exchange_geometry(&self, geometry: Geometry) -> Result<Geometry, Errno> {
        let geometry = geometry.check()?;
        Ok(core::mem::replace(&mut self.enter()?.next_geometry, geometry))
    }

    #[track_caller]
    pub(super) fn enter(&self) -> Result<MutexGuard<'_, Data, M, Observed>, Errno> {
        self.data.lock_interruptible().map_err(|_| Errno::ERESTARTSYS)
    }

    /// The counters of the lock.
    pub fn lock_stats(&self) -> LockStats {
        self.data.stats()
    }
}

impl<M: Machine> fmt::Debug for Device<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Device").field("data", &self.data).finish()
    }
}
