//! A file that was let in.

use alloc::boxed::Box;
use alloc::sync::Arc;

use super::bare;
use crate::dev::{FileOperations, KeepingFile, OpenFlags};
use crate::errno::Errno;
use crate::machine::Machine;
use crate::scull::Device;

/// A device that counts who is inside.
pub(super) trait Door: Send + Sync {
    /// One of those who are inside has left (LDD3's `release` methods).
    fn leave(&self);
}

/// Somebody is inside, until this is dropped.
struct Inside<D: Door>(Arc<D>);

impl<D: Door> Drop for Inside<D> {
    fn drop(&mut self) {
        self.0.leave();
    }
}

/// Opens `device` for somebody whom `door` has let in; he is inside as long as the file is open, and leaves when that has
/// gone: whoever is let in next finds nobody there. If it cannot be opened he is out again.
pub(super) fn open<M: Machine, D: Door + 'static>(
    device: &Arc<Device<M>>,
    flags: OpenFlags,
    door: Arc<D>,
) -> Result<Box<dyn FileOperations<M>>, Errno> {
    let inside = Inside(door);
    let file = bare::open(device, flags)?;
    Ok(Box::new(KeepingFile::new(file, inside)))
}
