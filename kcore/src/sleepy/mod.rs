//! sleepy, the smallest use of a wait queue (LDD3 ch. 6, "Simple Sleeping"; misc-modules): a reader sleeps
//! until a task writes.
//!
//! A write sets a flag and wakes all sleepers; a reader that finds the flag set clears it and has read the
//! end of file. How many pass for one write? As the book prints it, to test the flag and to clear it are two
//! steps, and two readers may come between them (R20). Repaired, they are one step: one reader passes, and
//! the others go back to sleep. Writes that come before a reader are one: a flag does not count.
//!
//! Not as in the book: there a signal ends the sleep as if a task had written, since the driver does not look
//! at what the wait returned. Here both editions return `-ERESTARTSYS`.

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
use crate::event::{Class, Site};
use crate::machine::{AtomicFlag, Machine};
use crate::scull::Edition;
use crate::shared::Shared;
use crate::sync::WaitQueue;

/// What the readers wait for: points `flag.load` and `flag.store`.
pub static FLAG: Site = Site::new("flag");

/// The device.
pub struct Sleepy<M: Machine> {
    edition: Edition,
    /// 1 when a task has written and none has read since, else 0.
    flag: Shared<usize>,
    queue: WaitQueue<M>,
    /// The device is unplugged. Set once, before all sleepers are woken for that.
    gone: AtomicBool,
    printk: Printk,
}

impl<M: Machine> Sleepy<M> {
    /// A device to which no task has written. It says what it does to `printk`.
    pub fn new(edition: Edition, printk: Printk) -> Arc<Self> {
        Arc::new(Sleepy {
            edition,
            flag: Shared::new(0),
            queue: WaitQueue::from_flag(M::Flag::new(false), Class::EVENT),
            gone: AtomicBool::new(false),
            printk,
        })
    }

    /// Tasks that sleep in a read at this moment.
    pub fn sleepers(&self) -> usize {
        self.queue.waiters()
    }

    fn is_gone(&self) -> bool {
        self.gone.load(Acquire)
    }

    /// [`Errno::ENODEV`] when the device is gone.
    fn is_there(&self) -> Result<(), Errno> {
        if self.is_gone() { Err(Errno::ENODEV) } else { Ok(()) }
    }

    fn say(&self, said: Said) {
        (self.printk)(said, M::task());
    }

    /// The book's: the flag is tested until it is set, and then it is cleared.
    fn test_then_clear(&self) -> Result<(), Errno> {
        self.queue.wait_event_interruptible(|| self.flag.load::<M>(&FLAG) != 0 || self.is_gone())?;
        self.is_there()?;
        self.flag.store::<M>(&FLAG, 0);
        Ok(())
    }

    /// What is waited for is to have cleared it.
    fn test_and_clear(&self) -> Result<(), Errno> {
        let clears = || self.flag.compare_exchange::<M>(&FLAG, 1, 0).is_ok();
        self.queue.wait_event_interruptible(|| self.is_gone() || clears())?;
        self.is_there()
    }
}

impl<M: Machine> CharDevice<M> for Sleepy<M> {
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
        self.queue.wake_up_all();
    }
}

/// An open file.
struct File<M: Machine> {
    device: Arc<Sleepy<M>>,
}

impl<M: Machine> FileOperations<M> for File<M> {
    /// Sleeps until a task has written, and is the end of file then. [`Errno::ERESTARTSYS`] when a signal
    /// came first; [`Errno::ENODEV`].
    fn read(&self, _into: &mut [u8]) -> Result<usize, Errno> {
        let device = &*self.device;
        device.is_there()?;
        device.say(Said::Sleeps);
        match device.edition {
            Edition::Book => device.test_then_clear()?,
            Edition::Repaired => device.test_and_clear()?,
        }
        device.say(Said::Awoken);
        Ok(0)
    }

    /// Sets the flag and wakes all sleepers. All bytes are taken, and forgotten. [`Errno::ENODEV`].
    fn write(&self, from: &[u8]) -> Result<usize, Errno> {
        let device = &*self.device;
        device.is_there()?;
        device.say(Said::Awakens);
        device.flag.put::<M>(&FLAG, 1);
        device.queue.wake_up_all();
        Ok(from.len())
    }
}

impl<M: Machine> fmt::Debug for Sleepy<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sleepy")
            .field("edition", &self.edition)
            .field("sleepers", &self.sleepers())
            .finish_non_exhaustive()
    }
}
