//! Who waits and who holds.

use crate::machine::{Context, CpuId, TaskId};

/// A task, or a softirq or an interrupt handler on top of the task that it interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The task, or the one below the handler.
    pub task: TaskId,
    /// Which of the two.
    pub context: Context,
}

impl Actor {
    /// The task itself.
    pub const fn task(task: TaskId) -> Self {
        Actor { task, context: Context::Task }
    }

    /// Whether this actor keeps `other` from running for as long as it runs: it has interrupted it.
    pub fn is_on_top_of(self, other: Actor) -> bool {
        self.task == other.task && self.context > other.context
    }
}

/// How an actor sits on its CPU while it waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seat {
    /// The CPU.
    pub cpu: CpuId,
    /// Whether it keeps the CPU from other tasks for as long as it spins: preemption is off, or the kernel has none, or the
    /// actor is a handler. To be asked in the actor's own name: what the hook itself switches off does not count.
    /// Without meaning for an actor that sleeps.
    pub keeps_cpu: bool,
}
