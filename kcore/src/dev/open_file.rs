//! An open file: a counted reference to a device, or to whatever else can be opened (LDD3's `struct file`).

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;

use crate::errno::Errno;
use crate::machine::Machine;

use super::caller::Caller;
use super::cdev::{Call, Cdev};
use super::module::InUse;
use super::operations::{Events, FileOperations, OpenFlags, Whence};
use super::poll::PollTable;

/// An open file. Every call of a file whose device is gone is [`Errno::ENODEV`].
pub struct OpenFile<M: Machine> {
    /// Dropped first: releasing is the driver's affair.
    operations: Box<dyn FileOperations<M>>,
    flags: OpenFlags,
    device: Option<Arc<Cdev<M>>>,
    /// Dropped last: the driver's code is in use until then.
    _module: Option<InUse<M>>,
}

impl<M: Machine> OpenFile<M> {
    /// A file that is no device's: one of `/proc`, a terminal, the end of a pipe.
    pub fn new(operations: Box<dyn FileOperations<M>>, flags: OpenFlags) -> Self {
        OpenFile { operations, flags, device: None, _module: None }
    }

    pub(super) fn of_device(
        operations: Box<dyn FileOperations<M>>,
        flags: OpenFlags,
        device: Arc<Cdev<M>>,
        module: Option<InUse<M>>,
    ) -> Self {
        OpenFile { operations, flags, device: Some(device), _module: module }
    }

    /// Whether it is a driver that releases it.
    pub fn is_of_device(&self) -> bool {
        self.device.is_some()
    }

    /// Whether what is written to it is forgotten at once, whatever it is.
    pub fn forgets(&self) -> bool {
        self.operations.forgets()
    }

    /// How it was opened.
    pub fn flags(&self) -> OpenFlags {
        self.flags
    }

    /// Reads at the position into `into` and moves it; how many bytes. [`Errno::EBADF`] when it is not open
    /// for reading.
    pub fn read(&self, into: &mut [u8]) -> Result<usize, Errno> {
        self.allowed(OpenFlags::READ)?;
        let _inside = self.enter()?;
        self.operations.read(into)
    }

    /// Writes `from` at the position and moves it; how many bytes. [`Errno::EBADF`] when it is not open for
    /// writing.
    pub fn write(&self, from: &[u8]) -> Result<usize, Errno> {
        self.allowed(OpenFlags::WRITE)?;
        let _inside = self.enter()?;
        self.operations.write(from)
    }

    /// Moves the position and returns it.
    pub fn llseek(&self, whence: Whence, offset: i64) -> Result<usize, Errno> {
        let _inside = self.enter()?;
        self.operations.llseek(whence, offset)
    }

    /// Does what `command` says. [`Errno::ENOTTY`] when it does not know it.
    pub fn ioctl(&self, command: u32, argument: usize, caller: &Caller<'_>) -> Result<usize, Errno> {
        let _inside = self.enter()?;
        self.operations.ioctl(command, argument, caller)
    }

    /// What can be done without sleeping. A file whose device is gone sleeps for nothing.
    pub fn poll<'a>(&'a self, table: &mut PollTable<'a, M>) -> Events {
        let events = match self.enter() {
            Ok(_inside) => self.operations.poll(table),
            Err(_) => Events::all(),
        };
        // Asked once the caller stands in the driver's queues: a device that goes later wakes all that stand
        // there, and one that went before is seen here, so a driver need not look at it in its own `poll`.
        if self.device.as_ref().is_some_and(|device| device.is_gone()) { Events::all() } else { events }
    }

    fn allowed(&self, how: OpenFlags) -> Result<(), Errno> {
        if self.flags.contains(how) { Ok(()) } else { Err(Errno::EBADF) }
    }

    fn enter(&self) -> Result<Option<Call<'_, M>>, Errno> {
        self.device.as_ref().map(|device| device.enter()).transpose()
    }
}

impl<M: Machine> fmt::Debug for OpenFile<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenFile")
            .field("flags", &self.flags)
            .field("device", &self.device)
            .finish_non_exhaustive()
    }
}

/// A file, and what goes after it has gone: a place inside, a reference.
pub struct KeepingFile<M: Machine, K> {
    /// Dropped first.
    file: Box<dyn FileOperations<M>>,
    _kept: K,
}

impl<M: Machine, K> KeepingFile<M, K> {
    /// `file`, which keeps `kept`.
    pub fn new(file: Box<dyn FileOperations<M>>, kept: K) -> Self {
        KeepingFile { file, _kept: kept }
    }
}

impl<M: Machine, K: Send + Sync> FileOperations<M> for KeepingFile<M, K> {
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
