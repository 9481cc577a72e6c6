//! How the scull device behind the control is opened, and a file that was let in.

use alloc::boxed::Box;
use alloc::sync::Arc;

use crate::dev::{FileOperations, KeepingFile, OpenFlags};
use crate::errno::Errno;
use crate::machine::Machine;
use crate::scull::{Device, Edition, SharedFile};

/// A device that counts the callers inside.
pub(super) trait Door: Send + Sync {
    /// One of the callers inside has left (LDD3's `release` methods).
    fn leave(&self);
}

/// A caller is inside, until this is dropped.
struct Inside<D: Door>(Arc<D>);

impl<D: Door> Drop for Inside<D> {
    fn drop(&mut self) {
        self.0.leave();
    }
}

/// Opens `device` for a caller that `door` has let in, which is inside as long as the file is open, and
/// leaves when that has gone: the next caller that is let in finds no other there. If it cannot be opened the
/// caller is out again.
pub(super) fn open<M: Machine, D: Door + 'static>(
    device: &Arc<Device<M>>,
    flags: OpenFlags,
    door: Arc<D>,
) -> Result<Box<dyn FileOperations<M>>, Errno> {
    let inside = Inside(door);
    let file = open_bare(device, flags)?;
    Ok(Box::new(KeepingFile::new(file, inside)))
}

/// Opens `device` for a caller that was let in. As with scull0, a device that is opened write-only is emptied
/// first; the book copies that line from the bare device without the lock around it (R12), so a task that
/// reads or writes at this moment, with the lock, finds freed memory under its hands.
pub(super) fn open_bare<M: Machine>(
    device: &Arc<Device<M>>,
    flags: OpenFlags,
) -> Result<Box<dyn FileOperations<M>>, Errno> {
    if device.edition() == Edition::Repaired {
        return Ok(Box::new(SharedFile::open(Arc::clone(device), flags)?));
    }
    // Before the trim: as long as there is a file, what is freed under the hands of another is kept.
    let file = SharedFile::new(Arc::clone(device), flags);
    if flags.is_write_only() {
        device.trim_list::<M>();
    }
    Ok(Box::new(file))
}
