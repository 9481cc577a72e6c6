//! All tasks, as `ps` shows them, and where one is that does not run.

use core::sync::atomic::Ordering::Relaxed;

use kcore::machine::TaskId;

use crate::arch::{cpu, switch};
use crate::mm::backtrace;

use super::queue::{self, QueueGuard, current};
use super::table::{self, State};

/// A task in the list.
#[derive(Clone, Copy, Debug)]
pub struct Listed {
    /// Its id.
    pub id: TaskId,
    /// Its CPU.
    pub cpu: u32,
    /// What it is doing.
    pub state: State,
    /// Whether it has its CPU.
    pub runs: bool,
    /// Cycles for which it has run up to now.
    pub run_time: u64,
}

/// All tasks that live, in no order. They go on living meanwhile, each entry is true of a moment of its own.
pub fn list() -> impl Iterator<Item = Listed> {
    table::all().filter_map(|task| entry(task.id()))
}

/// A task's entry. [`None`] when it has ended and been joined.
pub fn entry(id: TaskId) -> Option<Listed> {
    let task = table::find(id)?;
    let mut queue = QueueGuard::lock(task.cpu());
    if task.id() != id {
        return None;
    }
    let runs = is_running(id);
    // What it has run since it was switched to is added when it is switched away from.
    let of_this_turn = if runs { cpu::cycles().saturating_sub(queue.since) } else { 0 };
    let run_time = task.run_time.load(Relaxed) + of_this_turn;
    Some(Listed { id, cpu: task.cpu(), state: task.inner(&mut queue).state, runs, run_time })
}

/// What a task is doing, and its CPU. [`None`] when it has ended and been joined.
pub fn state_and_cpu(id: TaskId) -> Option<(State, u32)> {
    let task = table::find(id)?;
    let mut queue = QueueGuard::lock(task.cpu());
    (task.id() == id).then(|| (task.inner(&mut queue).state, task.cpu()))
}

/// What a task is doing. [`None`] when it has ended and been joined.
pub fn state_of(id: TaskId) -> Option<State> {
    state_and_cpu(id).map(|(state, _)| state)
}

/// Whether a sleep of `id` ends without a waker: at a moment, or by a signal that has arrived.
pub fn wakes_by_itself(id: TaskId) -> bool {
    let signalled = table::find(id).is_some_and(|task| task.signal.load(Relaxed) != 0);
    signalled || queue::sleeps_until_a_moment(id)
}

/// Whether `id` runs at this moment.
#[inline]
pub fn is_running(id: TaskId) -> bool {
    table::find(id).is_some_and(|task| queue::current_of(task.cpu()) == id)
}

/// What is known of where a task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trace {
    /// It runs, on this CPU, and only that CPU knows where.
    Runs(u32),
    /// So many return addresses were written.
    Frames(usize),
}

/// The return addresses of task `id`, innermost first. [`None`] when there is no such task.
pub fn trace(id: TaskId, into: &mut [usize]) -> Option<Trace> {
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
    // SAFETY: a task that does not run has its registers where the switch has left them, and its stack until
    // it is joined, which takes the lock that is held.
    let (address, frame_pointer) = unsafe { switch::saved(stack_pointer) };
    *first = address as usize;
    Some(Trace::Frames(1 + backtrace::walk(frame_pointer, rest)))
}
