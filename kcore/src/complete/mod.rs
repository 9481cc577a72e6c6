//! complete, the smallest use of a completion (LDD3 ch. 5, "Completions"; misc-modules): a reader sleeps
//! until a task writes.
//!
//! ```text
//! $ cat /dev/complete &
//! process 5 (cat) going to sleep
//! $ echo hello > /dev/complete
//! process 6 (echo) awakening the readers...
//! awoken 5 (cat)
//! ```
//!
//! A read gets no bytes: what comes is the driver's line in the log, and then the end of file, so `cat` ends.
//! A write wakes one reader, the one that waits longest. One that comes before any reader is remembered, as
//! completions are: the next read does not sleep.

#![forbid(unsafe_code)]

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;
use core::sync::atomic::{
    AtomicBool,
    Ordering::{Acquire, Release},
};

use crate::dev::{CharDevice, Credentials, FileOperations, OpenFlags, Printk, Said};
use crate::errno::Errno;
use crate::event::LockName;
use crate::machine::{AtomicFlag, Machine};
use crate::sync::{Completion, Observed};

/// The completion's name.
const NAME: LockName = LockName::event("complete.comp");

/// The device.
pub struct Complete<M: Machine> {
    written: Completion<M, Observed>,
    /// A signal ends a sleep.
    is_interruptible: bool,
    /// The device is unplugged. Set once, before all sleepers are woken for that.
    gone: AtomicBool,
    printk: Printk,
}

impl<M: Machine> Complete<M> {
    /// A device to which no task has written. It says what it does to `printk`. In the book no signal ends a
    /// sleep, not even one that kills (`wait_for_completion`), unless it `is_interruptible`.
    pub fn new(is_interruptible: bool, printk: Printk) -> Arc<Self> {
        let written = Completion::from_flag(M::Flag::new(false), Observed::new(NAME), 0);
        Arc::new(Complete { written, is_interruptible, gone: AtomicBool::new(false), printk })
    }

    /// Tasks that sleep in a read at this moment.
    pub fn sleepers(&self) -> usize {
        self.written.waiters()
    }

    /// [`Errno::ENODEV`] when the device is gone.
    fn is_there(&self) -> Result<(), Errno> {
        if self.gone.load(Acquire) { Err(Errno::ENODEV) } else { Ok(()) }
    }

    fn say(&self, said: Said) {
        (self.printk)(said, M::task());
    }
}

impl<M: Machine> CharDevice<M> for Complete<M> {
    /// Opens it. [`Errno::ENODEV`] when it is gone.
    fn open(
        self: Arc<Self>,
        _flags: OpenFlags,
        _credentials: &Credentials,
    ) -> Result<Box<dyn FileOperations<M>>, Errno> {
        self.is_there()?;
        Ok(Box::new(File { device: self }))
    }

    fn unplugged(&self) {
        self.gone.store(true, Release);
        // For all, for ever: no task sleeps in it again.
        self.written.complete_all();
    }
}

/// An open file.
struct File<M: Machine> {
    device: Arc<Complete<M>>,
}

impl<M: Machine> FileOperations<M> for File<M> {
    /// Sleeps until a task has written for this reader, and is the end of file then. [`Errno::ERESTARTSYS`]
    /// when a signal came first, which uses up no write; [`Errno::ENODEV`].
    fn read(&self, _into: &mut [u8]) -> Result<usize, Errno> {
        let device = &*self.device;
        device.is_there()?;
        device.say(Said::Sleeps);
        match device.is_interruptible {
            true => device.written.wait_interruptible().map_err(|_| Errno::ERESTARTSYS)?,
            false => device.written.wait(),
        }
        device.is_there()?;
        device.say(Said::Awoken);
        Ok(0)
    }

    /// Wakes one reader, or lets the next one pass. All bytes are taken, and forgotten. [`Errno::ENODEV`].
    fn write(&self, from: &[u8]) -> Result<usize, Errno> {
        let device = &*self.device;
        device.is_there()?;
        device.say(Said::Awakens);
        device.written.complete();
        Ok(from.len())
    }
}

impl<M: Machine> fmt::Debug for Complete<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Complete").field("written", &self.written).finish_non_exhaustive()
    }
}
