//! A file that keeps something for as long as it is open.

use alloc::boxed::Box;

use super::caller::Caller;
use super::flags::Events;
use super::operations::{FileOperations, Whence};
use super::poll::PollTable;
use crate::errno::Errno;
use crate::machine::Machine;

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
