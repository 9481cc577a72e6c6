//! What a driver offers (LDD3 ch. 3, "File Operations").

use alloc::boxed::Box;
use alloc::sync::Arc;

use crate::errno::Errno;
use crate::machine::Machine;

use super::caller::{Caller, Credentials};
use super::poll::PollTable;

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

    /// The last call has left a device that was unplugged: only releases are still to come.
    fn left(&self) {}
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

    /// Whether what is written is forgotten at once, whatever it is.
    fn forgets(&self) -> bool {
        false
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

bitflags::bitflags! {
    /// What `open(2)` is asked for.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub struct OpenFlags: u32 {
        /// The file can be read (`O_RDONLY`, `O_RDWR`).
        const READ = 1;
        /// The file can be written (`O_WRONLY`, `O_RDWR`).
        const WRITE = 2;
        /// What would sleep is [`EAGAIN`](crate::errno::Errno::EAGAIN) instead (`O_NONBLOCK`).
        const NONBLOCK = 4;
        /// The file becomes empty (`O_TRUNC`). Drivers of the book do not look at it.
        const TRUNCATE = 8;
        /// Each write goes to the end (`O_APPEND`). Drivers of the book do not look at it.
        const APPEND = 16;
        /// There need not be a file of that name yet (`O_CREAT`). None can be made on this machine.
        const CREATE = 32;
        /// There must not be one (`O_EXCL`).
        const EXCLUSIVE = 64;
    }
}

impl OpenFlags {
    /// Both (`O_RDWR`).
    pub const READ_WRITE: OpenFlags = OpenFlags::READ.union(OpenFlags::WRITE);

    /// Whether the file can be written and not read: the mode in which scull is emptied when it is opened
    /// (`O_WRONLY`).
    pub const fn is_write_only(self) -> bool {
        self.contains(OpenFlags::WRITE) && !self.contains(OpenFlags::READ)
    }
}

bitflags::bitflags! {
    /// What can be done with a file without sleeping (`poll(2)`).
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Events: u32 {
        /// There is something to read (`POLLIN | POLLRDNORM`).
        const IN = 1;
        /// There is room to write (`POLLOUT | POLLWRNORM`).
        const OUT = 4;
        /// Something is wrong with it (`POLLERR`).
        const ERROR = 8;
        /// The other side is gone, or the device (`POLLHUP`).
        const HANG_UP = 16;
    }
}
