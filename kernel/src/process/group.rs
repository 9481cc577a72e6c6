//! Tasks that are signalled together: those of a job.

use core::sync::atomic::{AtomicU8, AtomicU64, Ordering::SeqCst};

use kcore::machine::TaskId;

use crate::task::{Signal, signal, table};

/// The tasks of a job.
///
/// Each task has the number of its group in the table of tasks, as it is in one at most. So there is no list
/// that would have to grow when one comes, or that one would be left in that has died.
pub struct Group {
    /// No other group has ever had it.
    number: u64,
    /// The strongest signal that was sent: a task that comes later gets it, too. 0 for none.
    sent: AtomicU8,
}

/// How many groups there were.
static GROUPS: AtomicU64 = AtomicU64::new(0);

impl Default for Group {
    fn default() -> Self {
        Group { number: 1 + GROUPS.fetch_add(1, SeqCst), sent: AtomicU8::new(0) }
    }
}

impl Group {
    /// Adds a task, which is in no other group from now on.
    pub fn add(&self, task: TaskId) {
        let Some(found) = table::find(task) else { return };
        // Before it is asked what was sent: the sender does it the other way round.
        found.group.store(self.number, SeqCst);
        match self.sent.load(SeqCst) {
            0 => {}
            1 => signal::send(task, Signal::Interrupt),
            _ => signal::send(task, Signal::Kill),
        }
    }

    /// Takes a task out.
    pub fn remove(&self, task: TaskId) {
        if let Some(found) = table::find(task) {
            let _ = found.group.compare_exchange(self.number, 0, SeqCst, SeqCst);
        }
    }

    /// Sends a signal to all. A process that comes meanwhile sees to itself.
    pub fn send(&self, signal: Signal) {
        self.sent.fetch_max(signal as u8, SeqCst);
        for task in table::all() {
            // In this order: when the slot has got another task meanwhile, the signal is for no task.
            let id = task.id();
            if task.group.load(SeqCst) == self.number {
                signal::send(id, signal);
            }
        }
    }

    /// Whether anything was sent.
    pub fn was_signalled(&self) -> bool {
        self.sent.load(SeqCst) != 0
    }
}
