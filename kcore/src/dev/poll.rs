//! Waiting for several files at once (LDD3 ch. 6, "poll and select").

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::errno::Errno;
use crate::machine::{Sched, Sleep};
use crate::sync::WaitQueue;
use crate::sync::wait_queue::Standing;
use crate::sync::watch::Watch;

/// The wait queues in which the running task stands while it asks its files what they are ready for. It
/// leaves them when this is dropped.
///
/// ```text
/// loop {
///     let mut table = PollTable::new();
///     stand in the queues of all files, and ask them        wake_up after this is not lost:
///     if one is ready: done                                 its place remembers it
///     table.sleep_interruptible()?
/// }
/// ```
///
/// A file that is asked may sleep for a lock, and that sleep may use up the wake-up which the machine has
/// kept for an event of another file. So what counts is what the places remember.
pub struct PollTable<'a, M: Sched> {
    places: Vec<Box<dyn Place + 'a>>,
    /// Whether the caller is going to sleep at all.
    sleeps: bool,
    machine: core::marker::PhantomData<fn(M)>,
}

/// A place in a queue, whatever the queue.
trait Place {
    /// Whether the task was woken from there.
    fn is_woken(&self) -> bool;
}

impl<M: Sched, W: Watch<M>> Place for Standing<'_, M, W> {
    fn is_woken(&self) -> bool {
        Standing::is_woken(self)
    }
}

impl<'a, M: Sched> PollTable<'a, M> {
    /// For a caller that sleeps when nothing is ready.
    pub fn new() -> Self {
        PollTable { places: Vec::new(), sleeps: true, machine: core::marker::PhantomData }
    }

    /// For a caller that only asks.
    pub fn asking() -> Self {
        PollTable { sleeps: false, ..PollTable::new() }
    }

    /// A wake-up of `queue` wakes the running task, too (Linux: `poll_wait`).
    pub fn wait<W: Watch<M>>(&mut self, queue: &'a WaitQueue<M, W>) {
        if self.sleeps {
            self.places.push(Box::new(queue.stand()));
        }
    }

    /// Whether the task was woken from one of the queues since it stands there. Its files are to be asked
    /// again.
    pub fn is_woken(&self) -> bool {
        self.places.iter().any(|place| place.is_woken())
    }

    /// Sleeps until the task was woken from one of the queues, which may have been before.
    ///
    /// # Errors
    /// [`Errno::EINTR`]: a signal came first. (`poll(2)` is not restarted.)
    pub fn sleep_interruptible(&self) -> Result<(), Errno> {
        while !self.is_woken() {
            if M::interrupted(Sleep::Interruptible) {
                return Err(Errno::EINTR);
            }
            M::block();
        }
        Ok(())
    }
}

impl<M: Sched> Default for PollTable<'_, M> {
    fn default() -> Self {
        PollTable::new()
    }
}
