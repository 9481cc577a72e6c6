//! A file of the bare device that keeps it alive.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use crate::dev::{FileOperations, OpenFlags, Whence};
use crate::errno::Errno;
use crate::machine::Machine;
use crate::scull::Device;
use crate::scull::file::{File, Mode};

/// An open file with a reference to its device and a position, from which each call makes the [`File`] that does the work.
pub(super) struct Owned<M: Machine> {
    device: Arc<Device<M>>,
    mode: Mode,
    /// Two calls at once may start at the same place, as in the book.
    position: AtomicUsize,
}

impl<M: Machine> Owned<M> {
    pub(super) fn new(device: Arc<Device<M>>, flags: OpenFlags) -> Self {
        let mode = match (flags.contains(OpenFlags::READ), flags.contains(OpenFlags::WRITE)) {
            (true, true) => Mode::ReadWrite,
            (false, true) => Mode::Write,
            _ => Mode::Read,
        };
        Owned { device, mode, position: AtomicUsize::new(0) }
    }

    fn at_position<R>(&self, call: impl FnOnce(&mut File<'_, M>) -> Result<R, Errno>) -> Result<R, Errno> {
        let mut file = File::new(&self.device, self.mode);
        file.llseek(Whence::Set, self.position.load(Relaxed) as i64)?;
        let result = call(&mut file);
        self.position.store(file.position(), Relaxed);
        result
    }
}

impl<M: Machine> FileOperations<M> for Owned<M> {
    fn read(&self, into: &mut [u8]) -> Result<usize, Errno> {
        self.at_position(|file| file.read(into))
    }

    fn write(&self, from: &[u8]) -> Result<usize, Errno> {
        self.at_position(|file| file.write(from))
    }

    fn llseek(&self, whence: Whence, offset: i64) -> Result<usize, Errno> {
        self.at_position(|file| file.llseek(whence, offset))
    }
}
