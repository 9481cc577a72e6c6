//! Tasks that are signalled together: those of a job.

use alloc::vec::Vec;
use core::sync::atomic::{AtomicU8, Ordering::SeqCst};

use kcore::machine::TaskId;

use crate::machine::SpinLock;
use crate::task::{Signal, signal};

/// The tasks of a job.
pub struct Group {
    /// However many there are: it grows when one comes, which is never in the handler that signals them.
    members: SpinLock<Vec<TaskId>>,
    /// The strongest signal that was sent: who comes later gets it, too. 0 for none.
    sent: AtomicU8,
}

impl Default for Group {
    fn default() -> Self {
        Group { members: SpinLock::new(Vec::new()), sent: AtomicU8::new(0) }
    }
}

impl Group {
    /// Adds a task.
    pub fn add(&self, task: TaskId) {
        self.members.lock_irqsave().push(task);
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

    /// Sends a signal to all: one by one, as to wake a task may mean an interrupt for another CPU, which is not sent with the
    /// members locked. Who comes meanwhile sees to itself.
    pub fn send(&self, signal: Signal) {
        self.sent.fetch_max(signal as u8, SeqCst);
        let mut next = self.after(None);
        while let Some(member) = next {
            signal::send(member, signal);
            next = self.after(Some(member));
        }
    }

    /// The member with the lowest number above that of `task`: numbers only grow, so nobody is passed over who stays.
    fn after(&self, task: Option<TaskId>) -> Option<TaskId> {
        self.members.lock_irqsave().iter().copied().filter(|member| Some(*member) > task).min()
    }

    /// Whether anything was sent.
    pub fn was_signalled(&self) -> bool {
        self.sent.load(SeqCst) != 0
    }
}
