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
    let file = bare::open(device, flags)?;
    Ok(Box::new(KeepingFile::new(file, inside)))
}
