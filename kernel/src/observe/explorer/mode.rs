//! Where the parts of an execution run, and what keeps them from going on besides what they wait for.

use core::sync::atomic::{AtomicU8, Ordering::Relaxed};

/// The [`Mode`] of what is explored.
static MODE: AtomicU8 = AtomicU8::new(Mode::Apart as u8);

/// What keeps a part from going on besides what it waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Mode {
    /// Nothing: each task has a CPU of its own, as far as it knows.
    Apart,
    /// The interrupt on top of it, which comes where interrupts are on.
    Interrupted,
    /// Another that has the CPU, which all share, until it sleeps or is through.
    Shared,
    /// Another that has the CPU, and may lose it wherever it can be preempted.
    Preempted,
    /// Nothing: the same, and they are workers of queues, which take part by themselves.
    Works,
    /// Nothing: each has a CPU of its own in truth, with the softirqs that it raises there.
    Spread,
    /// Nothing: the same, and the last part is what interrupts another CPU than those of the tasks.
    Elsewhere,
}

impl Mode {
    /// It is that of what is explored from now on.
    pub(super) fn set(self) {
        MODE.store(self as u8, Relaxed);
    }

    /// That of what is explored.
    #[inline]
    pub(super) fn now() -> Self {
        match MODE.load(Relaxed) {
            1 => Mode::Interrupted,
            2 => Mode::Shared,
            3 => Mode::Preempted,
            4 => Mode::Works,
            5 => Mode::Spread,
            6 => Mode::Elsewhere,
            _ => Mode::Apart,
        }
    }

    /// Whether tasks wait for the CPU.
    pub fn is_shared(self) -> bool {
        matches!(self, Mode::Shared | Mode::Preempted)
    }

    /// Whether each task has a CPU of its own, as far as it knows.
    pub fn is_apart(self) -> bool {
        matches!(self, Mode::Apart | Mode::Works)
    }

    /// Whether each part has a CPU of the machine to itself.
    pub fn is_spread(self) -> bool {
        matches!(self, Mode::Spread | Mode::Elsewhere)
    }

    /// Whether other CPUs can make executions of the same at the same time: all that takes part is the CPU's
    /// own, and nothing else than a task.
    pub fn is_for_each_cpu(self) -> bool {
        matches!(self, Mode::Apart | Mode::Shared | Mode::Preempted)
    }

    /// How many parts there are with so many `tasks`.
    pub fn parts(self, tasks: usize) -> usize {
        tasks + usize::from(matches!(self, Mode::Interrupted | Mode::Elsewhere))
    }
}
