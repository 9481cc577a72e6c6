//! What the search asks the scheduler.

use crate::machine::{CpuId, TaskId};

/// Where a task is. Tasks do not change CPUs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Where {
    /// It has this CPU, though a handler may be on top of it.
    OnCpu(CpuId),
    /// It waits for this CPU.
    Runnable(CpuId),
    /// It sleeps, and needs this CPU when it is woken.
    Asleep(CpuId),
    /// It has returned from its body.
    Ended,
}

/// Every task has a CPU of its own, and is on it until it ends: where all orders are made.
#[derive(Clone, Copy, Debug)]
pub struct Apart;

impl Tasks for Apart {
    fn whereabouts(&self, task: TaskId) -> Where {
        Where::OnCpu(CpuId(task.0))
    }
}

/// The scheduler, as the search sees it. It is asked with the graph locked and interrupts off, so it must not
/// take a lock under which lock events are told, nor allocate.
pub trait Tasks {
    /// Where `task` is. The answer may be out of date by the time it is used, except in one respect: an actor
    /// that spins and keeps its CPU is on it.
    fn whereabouts(&self, task: TaskId) -> Where;

    /// Whether the wait that `task` is in ends without anybody's help: after a time, or by a signal that has
    /// arrived. Then it is no part of a deadlock.
    fn gives_up(&self, _task: TaskId) -> bool {
        false
    }
}
