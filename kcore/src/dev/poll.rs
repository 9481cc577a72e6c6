//! Waiting for several files at once (LDD3 ch. 6, "poll and select").

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::machine::Machine;
use crate::sync::WaitQueue;
use crate::sync::wait_queue::Standing;
use crate::sync::watch::Watch;

/// The wait queues in which the running task stands while it asks its files what they are ready for. It leaves them when this
/// is dropped.
///
/// ```text
/// loop {
///     let mut table = PollTable::new();
///     stand in the queues of all files, and ask them        wake_up after this is not lost:
///     if one is ready, or a signal came: done               the machine keeps it
///     M::block()
/// }
/// ```
pub struct PollTable<'a, M: Machine> {
    places: Vec<Box<dyn Place + 'a>>,
    /// Whether the caller is going to sleep at all.
    sleeps: bool,
    machine: core::marker::PhantomData<fn(M)>,
}

/// A place in a queue, whatever the queue.
trait Place {}

impl<M: Machine, W: Watch<M>> Place for Standing<'_, M, W> {}

impl<'a, M: Machine> PollTable<'a, M> {
    /// For a caller that sleeps when nothing is ready.
    pub fn new() -> Self {
        PollTable { places: Vec::new(), sleeps: true, machine: core::marker::PhantomData }
    }

    /// For a caller that only asks.
    pub fn asking() -> Self {
        PollTable { sleeps: false, ..PollTable::new() }
    }

    /// Whoever wakes `queue` wakes the running task (Linux: `poll_wait`).
    pub fn wait<W: Watch<M>>(&mut self, queue: &'a WaitQueue<M, W>) {
        if self.sleeps {
            self.places.push(Box::new(queue.stand()));
        }
    }
}

impl<M: Machine> Default for PollTable<'_, M> {
    fn default() -> Self {
        PollTable::new()
    }
}
