//! How the scull device behind the control is opened.

use alloc::boxed::Box;
use alloc::sync::Arc;

use crate::dev::{FileOperations, OpenFlags};
use crate::errno::Errno;
use crate::machine::Machine;
use crate::scull::{Device, Edition, SharedFile};

/// Opens `device` for a caller that was let in. As with scull0, a device that is opened write-only is emptied
/// first; the book copies that line from the bare device without the lock around it (R12), so a task that
/// reads or writes at this moment, with the lock, finds freed memory under its hands.
pub(super) fn open<M: Machine>(
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
