//! What a driver offers (LDD3 ch. 3, "File Operations").

use alloc::boxed::Box;
use alloc::sync::Arc;

use super::caller::{Caller, Credentials};
use super::flags::{Events, OpenFlags};
use super::poll::PollTable;
use crate::errno::Errno;
use crate::machine::Machine;

/// Where [`llseek`](FileOperations::llseek) counts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whence {
    /// The start of the device (`SEEK_SET`).
    Set,
    /// The position of the file (`SEEK_CUR`).
    Current,
    /// The end of the data (`SEEK_END`).
    End,
}

impl TryFrom<i32> for Whence {
    type Error = Errno;
    /// The number that user space passes. [`Errno::EINVAL`] unless it is 0, 1 or 2.
    fn try_from(number: i32) -> Result<Self, Errno> {
        match number {
            0 => Ok(Whence::Set),
            1 => Ok(Whence::Current),
            2 => Ok(Whence::End),
            _ => Err(Errno::EINVAL),
        }
    }
}

/// A device that can be opened.
pub trait CharDevice<M: Machine>: Send + Sync {
    /// Opens it: what the result does is what the file does. May sleep.
    fn open(
        self: Arc<Self>,
        flags: OpenFlags,
        credentials: &Credentials,
    ) -> Result<Box<dyn FileOperations<M>>, Errno>;

    /// The device is gone: it is opened no more, and each task that sleeps in it is to be woken and to leave
    /// with [`Errno::ENODEV`]. Called once, while calls may be under way. A driver in which no task sleeps
    /// has nothing to do.
    fn unplugged(&self) {}
}

/// An open file, as its driver sees it. Calls may come from several tasks at once; each may sleep unless the
/// file was opened with [`OpenFlags::NONBLOCK`]. To drop it is to release it; no call is under way then.
///
/// A call that a signal ends before it has done anything is [`Errno::ERESTARTSYS`].
pub trait FileOperations<M: Machine>: Send + Sync {
    /// Reads at the position into `into` and moves it. Returns how many bytes; 0 at the end.
    fn read(&self, _into: &mut [u8]) -> Result<usize, Errno> {
        Err(Errno::EINVAL)
    }

    /// Writes `from` at the position and moves it. Returns how many bytes.
    fn write(&self, _from: &[u8]) -> Result<usize, Errno> {
        Err(Errno::EINVAL)
    }

    /// Moves the position and returns it.
    fn llseek(&self, _whence: Whence, _offset: i64) -> Result<usize, Errno> {
        Err(Errno::ESPIPE)
    }

    /// Does what `command` says; `argument` is a number, or an address in the memory of the caller.
    fn ioctl(&self, _command: u32, _argument: usize, _caller: &Caller<'_>) -> Result<usize, Errno> {
        Err(Errno::ENOTTY)
    }

    /// What can be done without sleeping. Before it looks, a driver that may have to say "nothing" shows its
    /// wait queues to `table`, so that the caller is woken when there is something.
    fn poll<'a>(&'a self, _table: &mut PollTable<'a, M>) -> Events {
        Events::IN | Events::OUT
    }
}
