//! Tasks that are signalled together: those of a job.

use core::sync::atomic::{AtomicU8, Ordering::SeqCst};

use kcore::machine::TaskId;

use crate::machine::SpinLock;
use crate::task::{Signal, signal};

/// Most tasks of a group; more are not signalled.
pub const MEMBERS: usize = 32;

/// The tasks of a job.
pub struct Group {
    members: SpinLock<heapless::Vec<TaskId, MEMBERS>>,
    /// The strongest signal that was sent: who comes later gets it, too. 0 for none.
    sent: AtomicU8,
}

impl Default for Group {
    fn default() -> Self {
        Group { members: SpinLock::new(heapless::Vec::new()), sent: AtomicU8::new(0) }
    }
}

impl Group {
    /// Adds a task.
    pub fn add(&self, task: TaskId) {
        // Nobody is told when it does not fit: the shell makes no longer pipelines.
        let _ = self.members.lock_irqsave().push(task);
        match self.sent.load(SeqCst) {
            0 => {}
            1 => signal::send(task, Signal::Interrupt),
            _ => signal::send(task, Signal::Kill),
        }
    }

    /// Takes a task out.
    pub fn remove(&self, task: TaskId) {
        self.members.lock_irqsave().retain(|member| *member != task);
    }

    /// Sends a signal to all.
    pub fn send(&self, signal: Signal) {
        self.sent.fetch_max(signal as u8, SeqCst);
        self.members.lock_irqsave().iter().for_each(|member| signal::send(*member, signal));
    }

    /// Whether anything was sent.
    pub fn was_signalled(&self) -> bool {
        self.sent.load(SeqCst) != 0
    }
}
