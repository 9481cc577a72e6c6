//! Which observed locks a task holds, for the log of stores.

use heapless::Vec;
use kcore::leak::Hidden;
use kcore::machine::{LockEvent, LockName, TaskId, Waiting};

use crate::machine::SpinLock;
use crate::param::MAX_TASKS;

/// Locks of a task that are remembered; those that it takes while it holds so many are not.
const DEPTH: usize = 4;

/// The locks of the task whose id it is, outermost first.
struct Locks {
    task: TaskId,
    locks: Vec<(Hidden, &'static str), DEPTH>,
}

static HELD: [SpinLock<Locks>; MAX_TASKS] =
    [const { SpinLock::new(Locks { task: TaskId(0), locks: Vec::new() }) }; MAX_TASKS];

/// Something happens to the lock at `address` in `task`, which is running and in no interrupt handler.
pub(crate) fn lock(task: TaskId, event: LockEvent, lock: &LockName, address: usize) {
    if lock.waiting == Waiting::Event {
        return;
    }
    let mut held = HELD[task.0 as usize % MAX_TASKS].lock_irqsave();
    if held.task != task {
        held.task = task;
        held.locks.clear();
    }
    match event {
        LockEvent::Acquired => _ = held.locks.push((Hidden::new(address), lock.name)),
        LockEvent::Release => held.locks.retain(|(of, _)| of.address() != address),
        LockEvent::Wait | LockEvent::GaveUp => {}
    }
}

/// The two locks that `task` has taken last and still holds, the last one first; empty names for none.
pub(crate) fn innermost(task: TaskId) -> [&'static str; 2] {
    let held = HELD[task.0 as usize % MAX_TASKS].lock_irqsave();
    let mut names = held.locks.iter().rev().filter(|_| held.task == task).map(|(_, name)| *name);
    [names.next().unwrap_or_default(), names.next().unwrap_or_default()]
}
