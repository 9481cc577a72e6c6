//! Devices of the scull family outside of experiments.

use alloc::boxed::Box;
use alloc::sync::Arc;

use kcore::dev::{Caller, CharDevice, Credentials, Events, FileOperations, OpenFlags, PollTable, Whence};
use kcore::errno::Errno;

use crate::machine::Kernel;
use crate::mm::heap::Live;

/// A device, and the proof that no experiment takes its memory back: as long as it lives, or a file of it does.
pub(super) struct Living {
    /// Dropped first.
    device: Arc<dyn CharDevice<Kernel>>,
    live: Arc<Live>,
}

impl Living {
    /// A device that is `device`, which goes before `live` does.
    pub(super) fn device(
        device: Arc<dyn CharDevice<Kernel>>,
        live: &Arc<Live>,
    ) -> Arc<dyn CharDevice<Kernel>> {
        Arc::new(Living { device, live: Arc::clone(live) })
    }
}

impl CharDevice<Kernel> for Living {
    fn open(
        self: Arc<Self>,
        flags: OpenFlags,
        credentials: &Credentials,
    ) -> Result<Box<dyn FileOperations<Kernel>>, Errno> {
        let file = Arc::clone(&self.device).open(flags, credentials)?;
        Ok(Box::new(LivingFile { file, _live: Arc::clone(&self.live) }))
    }

    fn unplugged(&self) {
        self.device.unplugged();
    }
}

/// An open file of such a device: it may be the last that refers to it.
struct LivingFile {
    /// Dropped first.
    file: Box<dyn FileOperations<Kernel>>,
    _live: Arc<Live>,
}

impl FileOperations<Kernel> for LivingFile {
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

    fn poll<'a>(&'a self, table: &mut PollTable<'a, Kernel>) -> Events {
        self.file.poll(table)
    }
}
