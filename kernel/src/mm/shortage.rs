//! On what terms each task has memory, above all one for which there was none.
//!
//! What could not fail has got some of the [reserve](super::heap). The task learns of it at its next system
//! call, which answers [`Errno::ENOMEM`], once: like a signal, it stays until its task [takes](take) it. An
//! experiment asks between its rounds, the shell before it starts anything that stays.

use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

use kcore::errno::Errno;
use kcore::machine::{Context, Cpu, Sched, TaskId};

use crate::machine::Kernel;
use crate::param::MAX_TASKS;

/// The terms of a task, which alone writes them.
struct Terms {
    /// There was no memory for it.
    is_short: AtomicBool,
    /// It can be refused memory now.
    goes_without: AtomicBool,
    /// It has claimed memory.
    is_sure: AtomicBool,
    /// Its blocks are a library's that keeps them.
    keeps: AtomicBool,
}

/// By the slot of the task in the table of tasks.
static TERMS: [Terms; MAX_TASKS] = [const {
    Terms {
        is_short: AtomicBool::new(false),
        goes_without: AtomicBool::new(false),
        is_sure: AtomicBool::new(false),
        keeps: AtomicBool::new(false),
    }
}; MAX_TASKS];

/// A new task, `task`, has memory as all have.
pub(crate) fn begin(task: TaskId) {
    let Terms { is_short, goes_without, is_sure, keeps } = &TERMS[task.0 as usize % MAX_TASKS];
    [is_short, goes_without, is_sure, keeps].into_iter().for_each(|term| term.store(false, Relaxed));
}

/// The running task has got memory that is for callers alone that cannot do without.
pub(crate) fn note() {
    mine(|terms| terms.is_short.store(true, Relaxed));
}

/// Whether the running task was short of memory since it was asked last.
pub fn take() -> bool {
    mine(|terms| terms.is_short.swap(false, Relaxed)).unwrap_or(false)
}

/// [`take`] as a result: [`Errno::ENOMEM`] if it was.
pub fn check() -> Result<(), Errno> {
    if take() { Err(Errno::ENOMEM) } else { Ok(()) }
}

/// Whether it was, and goes on not knowing.
pub fn is_noted() -> bool {
    mine(|terms| terms.is_short.load(Relaxed)).unwrap_or(false)
}

/// Does some `work` that can be refused memory: none of the reserve is for it.
pub fn without<R>(work: impl FnOnce() -> R) -> R {
    let before = mine(|terms| terms.goes_without.swap(true, Relaxed)).unwrap_or(false);
    let result = work();
    mine(|terms| terms.goes_without.store(before, Relaxed));
    result
}

/// Room for exactly `count` more in `vector`. [`Errno::ENOMEM`] when there is no memory.
pub fn room_for<T>(vector: &mut Vec<T>, count: usize) -> Result<(), Errno> {
    without(|| vector.try_reserve_exact(count)).map_err(|_| Errno::ENOMEM)
}

/// An empty vector with room for `count`. [`Errno::ENOMEM`] when there is no memory.
pub fn with_room_for<T>(count: usize) -> Result<Vec<T>, Errno> {
    let mut vector = Vec::new();
    room_for(&mut vector, count)?;
    Ok(vector)
}

/// Whether the running task does such work.
pub(crate) fn goes_without() -> bool {
    mine(|terms| terms.goes_without.load(Relaxed)).unwrap_or(false)
}

/// The running task has memory for sure from now on, or has not any more.
pub(crate) fn has_claim(is_sure: bool) {
    mine(|terms| terms.is_sure.store(is_sure, Relaxed));
}

/// Whether it has.
pub(crate) fn is_sure() -> bool {
    mine(|terms| terms.is_sure.load(Relaxed)).unwrap_or(false)
}

/// The running task's blocks are a library's that keeps them from now on, or not any more; whether they were.
/// [`None`] without a task.
pub(super) fn keep(on: bool) -> Option<bool> {
    mine(|terms| terms.keeps.swap(on, Relaxed))
}

/// Whether they are: not those of a handler or softirq on top of it, which are no library's.
pub(super) fn keeps() -> bool {
    mine(|terms| terms.keeps.load(Relaxed)).unwrap_or(false) && Kernel::context() == Context::Task
}

/// While the machine boots there is no task yet.
#[inline]
fn mine<R>(ask: impl FnOnce(&Terms) -> R) -> Option<R> {
    let task = Kernel::task();
    (task.0 != 0).then(|| ask(&TERMS[task.0 as usize % MAX_TASKS]))
}
