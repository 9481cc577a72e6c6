//! A file that was let in.

use alloc::boxed::Box;
use alloc::sync::Arc;

use super::bare;
use crate::dev::{Caller, Events, FileOperations, OpenFlags, PollTable, Whence};
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

/// A file of the bare device, whose owner is inside as long as it is open.
struct Admitted<M: Machine, D: Door> {
    file: Box<dyn FileOperations<M>>,
    /// Dropped after the file: whoever is let in next finds nobody there.
    _inside: Inside<D>,
}

/// Opens `device` for somebody whom `door` has let in. If that fails he is out again.
pub(super) fn open<M: Machine, D: Door + 'static>(
    device: &Arc<Device<M>>,
    flags: OpenFlags,
    door: Arc<D>,
) -> Result<Box<dyn FileOperations<M>>, Errno> {
    let inside = Inside(door);
    let file = bare::open(device, flags)?;
    Ok(Box::new(Admitted { file, _inside: inside }))
}

impl<M: Machine, D: Door> FileOperations<M> for Admitted<M, D> {
    fn read(&self, into: &mut [u8]) -> Result<usize, Errno> {
        self.file.read(into)
    }

    fn write(&self, from: &[u8]) -> Result<usize, Errno> {
        self.file.write(from)
    }

    fn llseek(&self, whence: Whence, offset: i64) -> Result<usize, Errno> {
        self.file.llseek(whence, offset)
    }

    fn ioctl(&self, command: u32, argument: usize, caller: &Caller<'_>) -> Result<usize, Errno> {
        self.file.ioctl(command, argument, caller)
    }

    fn poll<'a>(&'a self, table: &mut PollTable<'a, M>) -> Events {
        self.file.poll(table)
    }
}
