//! An open file: what user space does with a pipe.
#![forbid(unsafe_code)]

use alloc::sync::Arc;

use crate::dev::{Caller, Events, FileOperations, OpenFlags, PollTable};
use crate::errno::Errno;
use crate::machine::Machine;
use crate::pipe::device::{Held, Pipe, Side};
use crate::pipe::sites;
use crate::scull::Edition;
use crate::shared::probe;

/// An open file. To drop it is to release it.
pub(super) struct File<M: Machine> {
    pipe: Arc<Pipe<M>>,
    flags: OpenFlags,
}

impl<M: Machine> File<M> {
    /// The pipe counts it already.
    pub(super) fn new(pipe: Arc<Pipe<M>>, flags: OpenFlags) -> Self {
        File { pipe, flags }
    }

    /// Takes the lock, and waits until the file's side of the pipe need not wait: then `must_wait(size)` is
    /// false.
    fn enter<'p>(
        &'p self,
        side: &'p Side<M>,
        must_wait: impl Fn(usize) -> bool,
    ) -> Result<Held<'p, M>, Errno> {
        let mut held = self.pipe.enter()?;
        probe::<M>(&sites::ENTER);
        match self.pipe.edition() {
            // A waiter that is woken goes on, whatever has happened before it had the lock again (R16).
            Edition::Book => {
                if must_wait(held.size()) {
                    held = self.wait(side, held, &must_wait)?;
                }
            }
            Edition::Repaired => {
                while must_wait(held.size()) {
                    held = self.wait(side, held, &must_wait)?;
                }
            }
        }
        Ok(held)
    }

    /// Gives the lock back, sleeps once, and takes it again. What was so when the sleep was over may be so no
    /// more.
    fn wait<'p>(
        &'p self,
        side: &'p Side<M>,
        held: Held<'p, M>,
        must_wait: &impl Fn(usize) -> bool,
    ) -> Result<Held<'p, M>, Errno> {
        let (pipe, size) = (&*self.pipe, held.size());
        drop(held);
        if self.flags.contains(OpenFlags::NONBLOCK) {
            return Err(Errno::EAGAIN);
        }
        probe::<M>(side.blocked);
        let is_over = || !must_wait(size) || pipe.is_gone();
        match pipe.edition() {
            Edition::Book => side.queue.wait_event_interruptible(is_over)?,
            Edition::Repaired => side.queue.wait_event_interruptible_exclusive(is_over)?,
        }
        probe::<M>(side.woken);
        // A signal that comes now finds this task with a wake-up that was for one of them: it is for the next
        // one then.
        let held = pipe.enter().inspect_err(|_| {
            side.queue.wake_up();
        })?;
        probe::<M>(&sites::AGAIN);
        Ok(held)
    }

    /// Gives the lock back and wakes one of the `other` side, for which there is something now, and one of
    /// the `own` if there is still something for it. (In the book's edition all of a side wake up, each time,
    /// so no waiter is forgotten.)
    fn leave(&self, held: Held<'_, M>, other: &Side<M>, own: Option<&Side<M>>) {
        drop(held);
        probe::<M>(&sites::WAKE);
        other.queue.wake_up();
        if let Some(own) = own.filter(|_| self.pipe.edition() == Edition::Repaired) {
            own.queue.wake_up();
        }
    }
}

impl<M: Machine> FileOperations<M> for File<M> {
    /// Reads what is there: at most what was written last, or up to the end of the buffer (LDD3's
    /// `scull_p_read`). It sleeps while there is nothing; there is no end of file, whether a task has it open
    /// for writing or not.
    ///
    /// [`Errno::EAGAIN`] instead of a sleep, [`Errno::ERESTARTSYS`] when a signal ended it,
    /// [`Errno::ENODEV`].
    fn read(&self, into: &mut [u8]) -> Result<usize, Errno> {
        let pipe = &*self.pipe;
        let mut held = self.enter(&pipe.readers, |_| pipe.is_empty())?;
        let count = pipe.take(&mut held, into);
        let is_left = !pipe.is_empty();
        self.leave(held, &pipe.writers, is_left.then_some(&pipe.readers));
        Ok(count)
    }

    /// Writes what there is room for: at most up to the end of the buffer, or to one byte before what is read
    /// next (LDD3's `scull_p_write`). It sleeps while there is no room.
    ///
    /// [`Errno::EAGAIN`] instead of a sleep, [`Errno::ERESTARTSYS`] when a signal ended it,
    /// [`Errno::ENODEV`].
    fn write(&self, from: &[u8]) -> Result<usize, Errno> {
        let pipe = &*self.pipe;
        let mut held = self.enter(&pipe.writers, |size| pipe.is_full(size))?;
        let count = pipe.put(&mut held, from);
        let is_left = !pipe.is_full(held.size());
        self.leave(held, &pipe.readers, is_left.then_some(&pipe.writers));
        Ok(count)
    }

    /// The commands of the whole family ([`scull::ioctl`](crate::scull::ioctl)): two are about pipes.
    fn ioctl(&self, command: u32, argument: usize, caller: &Caller<'_>) -> Result<usize, Errno> {
        self.pipe.parameters().ioctl::<M>(self.pipe.edition(), command, argument, caller)
    }

    /// [`Events::IN`] when there is something, [`Events::OUT`] when there is room (LDD3's `scull_p_poll`);
    /// everything when the device is gone.
    fn poll<'a>(&'a self, table: &mut PollTable<'a, M>) -> Events {
        let pipe = &*self.pipe;
        table.wait(&pipe.readers.queue);
        table.wait(&pipe.writers.queue);
        let held = pipe.enter_in_any_case();
        if pipe.is_gone() {
            return Events::all();
        }
        let mut events = Events::empty();
        events.set(Events::IN, !pipe.is_empty());
        events.set(Events::OUT, !pipe.is_full(held.size()));
        events
    }
}

impl<M: Machine> Drop for File<M> {
    fn drop(&mut self) {
        self.pipe.remove_file(self.flags);
    }
}
