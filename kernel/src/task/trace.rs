//! Where a task is: the backtrace of one that does not run.

use kcore::machine::TaskId;

use super::queue::{self, QueueGuard, current};
use super::table;
use crate::arch::switch;
use crate::mm::backtrace;

/// What is known of where a task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trace {
    /// It runs, on this CPU, and only that CPU knows where.
    Runs(u32),
    /// So many return addresses were written.
    Frames(usize),
}

/// The return addresses of task `id`, innermost first. [`None`] when there is no such task.
pub fn of(id: TaskId, into: &mut [usize]) -> Option<Trace> {
    if id == current() {
        return Some(Trace::Frames(backtrace::capture(into)));
    }
    let task = table::find(id)?;
    // While its queue is locked, a task that does not run stays off its CPU, and its stack as it is (I6).
    let mut queue = QueueGuard::lock(task.cpu());
    if task.id() != id {
        return None;
    }
    if queue::current_of(queue.cpu()) == id {
        return Some(Trace::Runs(queue.cpu()));
    }
    let stack_pointer = task.inner(&mut queue).stack_pointer;
    if !task.has_on_its_stack(stack_pointer) {
        return Some(Trace::Frames(0));
    }
    let (first, rest) = into.split_first_mut()?;
    // SAFETY: a task that does not run has its registers where the switch has left them, and its stack until it is joined,
    // which takes the lock that is held.
    let (address, frame_pointer) = unsafe { switch::saved(stack_pointer) };
    *first = address as usize;
    Some(Trace::Frames(1 + backtrace::walk(frame_pointer, rest)))
}
