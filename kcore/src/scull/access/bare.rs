//! The scull device behind the control.

use alloc::boxed::Box;
use alloc::sync::Arc;

use super::owned::Owned;
use crate::dev::{FileOperations, OpenFlags};
use crate::errno::Errno;
use crate::machine::Machine;
use crate::scull::{Device, Edition};

/// A scull device that is opened for those who were let in.
pub(super) struct Bare<M: Machine> {
    device: Arc<Device<M>>,
    edition: Edition,
}

impl<M: Machine> Bare<M> {
    pub(super) fn new(device: Arc<Device<M>>, edition: Edition) -> Self {
        Bare { device, edition }
    }

    pub(super) fn device(&self) -> &Arc<Device<M>> {
        &self.device
    }

    /// Opens it. As with scull0, a device that is opened write-only is emptied first; the book copies that line from the bare
    /// device without the lock around it (R12), so somebody who reads or writes at this moment, with the lock, finds freed
    /// memory under his hands.
    pub(super) fn open(&self, flags: OpenFlags) -> Result<Box<dyn FileOperations<M>>, Errno> {
        if flags.is_write_only() {
            match self.edition {
                Edition::Book => self.device.trim_list::<M>(),
                Edition::Repaired => self.device.empty()?,
            }
        }
        Ok(Box::new(Owned::new(Arc::clone(&self.device), flags)))
    }
}
